import type { GatewayBrowserDeviceIdentity } from '@openclaw/gateway-client/browser';
import { keep, kept } from './vault.ts';

/** Why this browser cannot be a device, in words for its person. */
export class NoIdentityError extends Error {}

function base64url(bytes: ArrayBuffer): string {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function hex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The private half can be used and never read, also not by this page. */
async function keyPair(): Promise<CryptoKeyPair> {
  const known = await kept<CryptoKeyPair>('key');
  if (known) return known;
  const made = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  await keep('key', made);
  return made;
}

/** This browser as a device; made at the first visit. Rejects with a NoIdentityError. */
export async function loadIdentity(): Promise<GatewayBrowserDeviceIdentity> {
  if (!isSecureContext) {
    throw new NoIdentityError(
      'A browser keeps no key for a page without TLS. Open it with https, or as localhost.',
    );
  }
  let pair: CryptoKeyPair;
  try {
    pair = await keyPair();
  } catch (cause) {
    const message = `This browser made no Ed25519 key for the page (${(cause as Error).message}). A newer one does.`;
    throw new NoIdentityError(message, { cause });
  }
  const raw = await crypto.subtle.exportKey('raw', pair.publicKey);
  return {
    deviceId: hex(await crypto.subtle.digest('SHA-256', raw)),
    publicKey: base64url(raw),
    sign: async (text) =>
      base64url(await crypto.subtle.sign('Ed25519', pair.privateKey, new TextEncoder().encode(text))),
  };
}
