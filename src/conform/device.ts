import { generateKeyPairSync, sign } from 'node:crypto';
import { OPENCLAW_VOCABULARY, type Role } from '../../machines/vocabulary.ts';
import { parseConnect } from '../protocol/connect.ts';
import { deviceIdOf, signedText } from '../protocol/signature.ts';
import type { Protocol } from '../protocol/version.ts';

/** A device for one case: its key lives in memory only, and ends with the run. */
export interface Throwaway {
  /** What reports call it: `A`, `B`, ... */
  readonly name: string;
  readonly id: string;
  /** base64url of the raw 32 bytes. */
  readonly publicKey: string;
  /** base64url Ed25519 signature of the text. */
  sign(text: string): string;
}

export function makeDevice(name: string): Throwaway {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  const raw = Buffer.from(x as string, 'base64url');
  return {
    name,
    id: deviceIdOf(raw),
    publicKey: raw.toString('base64url'),
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'),
  };
}

/** The credentials of a connect, in the words of the wire. */
export type Credentials = { readonly [Kind in 'token' | 'password' | 'deviceToken']?: string };

export interface Ask {
  readonly device: Throwaway | null;
  readonly role: Role;
  readonly scopes: readonly string[];
  readonly auth: Credentials;
  /** What kind of program it says it is. */
  readonly program: { readonly id: string; readonly mode: string };
}

export interface Challenge {
  readonly nonce: string;
  /** Epoch ms by the gateway's clock, so that a wrong clock here spoils no case. */
  readonly ts: number;
}

export type ConnectParams = Readonly<Record<string, unknown>>;

const BLANK_SIGNATURE = Buffer.alloc(64).toString('base64url');

/** The params of a `connect`, signed over what a gateway will read in them. */
export function connectParams(ask: Ask, challenge: Challenge, protocol: Protocol): ConnectParams {
  const { device, role, scopes, auth, program } = ask;
  const bare = {
    minProtocol: protocol,
    maxProtocol: protocol,
    // Whoever finds a device that could not be cleaned up sees whose it was.
    client: {
      ...program,
      displayName: `conform ${device?.name ?? ''}`.trim(),
      version: 'conform',
      platform: 'linux',
    },
    caps: [],
    auth,
    role,
    scopes,
  };
  if (device === null) return bare;
  const { id, publicKey } = device;
  const claim = { id, publicKey, signature: BLANK_SIGNATURE, signedAt: challenge.ts, nonce: challenge.nonce };
  const reading = parseConnect({ ...bare, device: claim }, OPENCLAW_VOCABULARY);
  if (!reading.ok)
    throw new Error(`a connect that this gateway could not read: ${reading.fault.close.reason}`);
  const text = signedText(protocol === 3 ? 2 : 3, reading.connect, challenge.nonce);
  return { ...bare, device: { ...claim, signature: device.sign(text) } };
}
