/** The proof that a peer holds its device's key (PROTOCOL section 2.3): the signed texts, and their check. */
import { createPublicKey, hash, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { ProofProblem } from '../../machines/denial.ts';
import type { ConnectRequest, DeviceClaim } from './connect.ts';
import { SPKI_PREFIX } from './device-key.ts';
import type { Protocol } from './version.ts';

export type ProofReading =
  | { readonly ok: true; readonly version: 2 | 3 }
  | { readonly ok: false; readonly problem: ProofProblem };

export interface ProofCheck {
  readonly connect: ConnectRequest;
  /** The nonce of this socket's challenge. */
  readonly nonce: string;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** The imported key of a device. It is the caller's to cache: an import costs about 25 us. May throw. */
  readonly keyFor: (deviceId: string, rawPublicKey: Buffer) => KeyObject;
}

/** How far `signedAt` may be from now, in milliseconds: 2026.2.19 signs its own clock, 2026.9 the challenge's. */
const WIDEST_SKEW_MS: Readonly<Record<Protocol, number>> = { 3: 600_000, 4: 120_000 };

/** The device id that belongs to a key: lower-case hex SHA-256 of its raw 32 bytes. */
export function deviceIdOf(rawPublicKey: Uint8Array): string {
  return hash('sha256', rawPublicKey, 'hex');
}

/** Makes a key object of raw 32 bytes. Throws on bytes that are no Ed25519 key. */
export function importPublicKey(rawPublicKey: Uint8Array): KeyObject {
  const key = Buffer.concat([SPKI_PREFIX, rawPublicKey]);
  return createPublicKey({ key, format: 'der', type: 'spki' });
}

/** The text of one version over the fields as sent. v1 has no nonce, so a recording of it would work twice: never
 * accepted. Without a device the text names none, and no key signs it. */
export function signedText(version: 2 | 3, connect: ConnectRequest, nonce: string): string {
  const { signed, auth, device } = connect;
  const token = auth.token ?? auth.deviceToken ?? auth.bootstrapToken ?? '';
  const common =
    `v${version}|${device?.id ?? ''}|${signed.clientId}|${signed.clientMode}|${signed.role}|${signed.scopes}` +
    `|${device?.signedAtMs ?? ''}|${token}|${nonce}`;
  if (version === 2) return common;
  return `${common}|${normalizedClaim(signed.platform)}|${normalizedClaim(signed.deviceFamily)}`;
}

/**
 * Checks the proof in the order of PROTOCOL section 2.3, cheap checks first. Never throws; a connect without a device
 * proves nothing and is an id mismatch.
 */
export function verifyDeviceProof({ connect, nonce, nowMs, keyFor }: ProofCheck): ProofReading {
  const { device, protocol } = connect;
  if (device === undefined || device.id !== deviceIdOf(device.publicKey)) return failed('id-mismatch');
  // Written so that a NaN fails.
  if (!(Math.abs(nowMs - device.signedAtMs) <= WIDEST_SKEW_MS[protocol])) return failed('signature-stale');
  if (!device.nonce) return failed('nonce-missing');
  if (!sameText(device.nonce, nonce)) return failed('nonce-mismatch');
  let key: KeyObject;
  try {
    key = keyFor(device.id, device.publicKey);
  } catch {
    return failed('key-invalid');
  }
  return checkSignature(connect, device, key, nonce);
}

/** Either generation may have signed either text: the 2026.9 Control UI signs v2, its Node clients v3. */
function checkSignature(
  connect: ConnectRequest,
  { signature }: DeviceClaim,
  key: KeyObject,
  nonce: string,
): ProofReading {
  if (key.asymmetricKeyType !== 'ed25519') return failed('key-invalid');
  for (const version of connect.protocol === 4 ? ([3, 2] as const) : ([2, 3] as const)) {
    if (verify(null, Buffer.from(signedText(version, connect, nonce)), key, signature)) {
      return { ok: true, version };
    }
  }
  return failed('signature-invalid');
}

function failed(problem: ProofProblem): ProofReading {
  return { ok: false, problem };
}

function sameText(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Trimmed, and lower-cased in ASCII only: other alphabets keep their case in the signed text. */
function normalizedClaim(claim: string): string {
  const trimmed = claim.trim();
  return /[A-Z]/.test(trimmed) ? trimmed.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : trimmed;
}
