/** Devices and connects for these tests: keys are made here, or are the public vector of PROTOCOL Appendix A. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { OPENCLAW_VOCABULARY } from '../../machines/vocabulary.ts';
import { type ConnectRequest, parseConnect } from '../../src/protocol/connect.ts';
import { deviceIdOf } from '../../src/protocol/signature.ts';

export const NONCE = '11111111-2222-4333-8444-555555555555';
export const SIGNED_AT = 1771500000000;

export interface TestDevice {
  readonly id: string;
  readonly raw: Buffer;
  readonly publicKey: string;
  readonly key: KeyObject;
  sign(text: string): string;
}

/** The device whose private key this is. */
export function deviceOf(privateKey: KeyObject): TestDevice {
  const key = createPublicKey(privateKey);
  const raw = Buffer.from(key.export({ format: 'jwk' }).x as string, 'base64url');
  return {
    id: deviceIdOf(raw),
    raw,
    publicKey: raw.toString('base64url'),
    key,
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'),
  };
}

export function newDevice(): TestDevice {
  return deviceOf(generateKeyPairSync('ed25519').privateKey);
}

/** The device of PROTOCOL Appendix A: the seed is the bytes 0 to 31. */
export function vectorDevice(): TestDevice {
  const seed = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return deviceOf(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
}

type Params = Record<string, unknown>;

/** Params of a 2026.9 CLI without a device; `changes` replaces whole top-level fields. */
export function cliParams(changes: Params = {}): Params {
  return {
    minProtocol: 4,
    maxProtocol: 4,
    client: { id: 'cli', version: '2026.9.6', platform: 'linux', deviceFamily: 'Linux', mode: 'cli' },
    caps: [],
    auth: { token: 'secret-token' },
    role: 'operator',
    scopes: ['operator.read'],
    ...changes,
  };
}

/** The `device` of a connect, with a signature that is given rather than made. */
export function claim(device: TestDevice, signature: string, changes: Params = {}): Params {
  const { id, publicKey } = device;
  return { id, publicKey, signature, signedAt: SIGNED_AT, nonce: NONCE, ...changes };
}

/** Reads params that must be good. */
export function mustParse(params: unknown): ConnectRequest {
  const reading = parseConnect(params, OPENCLAW_VOCABULARY);
  if (!reading.ok) throw new Error(`refused: ${reading.fault.close.reason}`);
  return reading.connect;
}

/** A small seeded generator (mulberry32), so that a failure can be run again. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
