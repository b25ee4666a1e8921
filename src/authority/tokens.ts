import { createHmac, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { CredentialProblem } from '../../machines/denial.ts';
import type { Role } from '../../machines/vocabulary.ts';
import { type DeviceRecord, isPaired, type RoleRecord, roleOf } from './device.ts';

/** Marks a token as ours, for people and for secret scanners. */
const PREFIX = 'atk1';

/** A secret that tokens are derived from; kept outside the database, so that the database holds no bearer secret. */
export interface TokenKey {
  /** 8 hex characters; part of every token, so that an older key of the ring is found again. */
  readonly id: string;
  /** 32 bytes. A key object and not a buffer: every HMAC with a buffer imports it anew, at six times the cost. */
  readonly secret: KeyObject;
}

/** What every token of one store depends on besides the device. */
export interface TokenRealm {
  readonly storeId: string;
  readonly epoch: number;
  /** The first key signs, all keys verify; never empty. */
  readonly keys: readonly [TokenKey, ...TokenKey[]];
}

function mac(key: TokenKey, parts: readonly string[]): Buffer {
  // Length-prefixed: ("ab","c") and ("a","bc") must not meet in one MAC. One update, because each is a call into
  // native code that costs more than the hashing.
  const text = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  return createHmac('sha256', key.secret).update(text).digest();
}

interface TokenNumbers {
  readonly epoch: number;
  readonly generation: number;
  readonly grantVersion: number;
}

function tokenMac(
  key: TokenKey,
  storeId: string,
  device: DeviceRecord,
  role: Role,
  numbers: TokenNumbers,
): Buffer {
  const { epoch, generation, grantVersion } = numbers;
  const parts = [PREFIX, storeId, device.deviceId, role, device.pairingSalt];
  return mac(key, [...parts, String(epoch), String(generation), String(grantVersion)]);
}

function tokenText(
  key: TokenKey,
  storeId: string,
  device: DeviceRecord,
  role: Role,
  numbers: TokenNumbers,
): string {
  const { epoch, generation, grantVersion } = numbers;
  const digest = tokenMac(key, storeId, device, role, numbers).toString('base64url');
  return [PREFIX, key.id, epoch, generation, grantVersion, digest].join('_');
}

/**
 * The present token of a (device, role): the same record always gives the same token, so one that was lost on the way
 * is simply delivered again (DESIGN section 4, Tokens). A bearer of it without the device's key gets nowhere.
 */
export function deriveToken(realm: TokenRealm, device: DeviceRecord, role: Role): string {
  const { record } = roleOf(device, role);
  const [key] = realm.keys;
  const numbers = {
    epoch: realm.epoch,
    generation: record.tokens.current,
    grantVersion: record.grantVersion,
  };
  return tokenText(key, realm.storeId, device, role, numbers);
}

/** Whether a text has the shape of one of our tokens; says nothing about whether it is valid. */
export function looksLikeToken(text: string): boolean {
  return text.startsWith(`${PREFIX}_`);
}

export type TokenCheck =
  | { readonly ok: true; readonly generation: number }
  | { readonly ok: false; readonly problem: CredentialProblem };

const INVALID: TokenCheck = { ok: false, problem: 'device-token-invalid' };

/**
 * Checks a token that a device presented with its own signature. Its numbers choose the MAC, the MAC proves that we
 * made it, and only then the record decides whether that generation is still accepted (R9).
 */
export function checkToken(realm: TokenRealm, device: DeviceRecord, role: Role, token: string): TokenCheck {
  if (!looksLikeToken(token)) return checkImported(realm, device, role, token);
  const match = /^atk1_([0-9a-f]{8})_(\d{1,9})_(\d{1,9})_(\d{1,9})_[\w-]{43}$/.exec(token);
  const key = match && realm.keys.find(({ id }) => id === match[1]);
  if (!match || !key) return INVALID;
  const numbers = { epoch: Number(match[2]), generation: Number(match[3]), grantVersion: Number(match[4]) };
  // The whole text is compared: a token has one spelling only.
  const expected = Buffer.from(tokenText(key, realm.storeId, device, role, numbers));
  const presented = Buffer.from(token);
  if (presented.length !== expected.length || !timingSafeEqual(presented, expected)) return INVALID;
  return checkGeneration(realm, roleOf(device, role), numbers);
}

/** The hash of a token that another gateway gave, as a record keeps it: such a token is 256 random bits. */
export function hashOfToken(token: string): string {
  return hash('sha256', token, 'base64url');
}

/** Hashes are compared, in constant time: the token itself is in no record. */
function checkImported(realm: TokenRealm, device: DeviceRecord, role: Role, token: string): TokenCheck {
  const kept = roleOf(device, role);
  const { imported } = kept.record;
  if (!imported || imported.tokenHash === null) return INVALID;
  const expected = Buffer.from(imported.tokenHash);
  const presented = Buffer.from(hashOfToken(token));
  if (presented.length !== expected.length || !timingSafeEqual(presented, expected)) return INVALID;
  return checkGeneration(realm, kept, imported);
}

function checkGeneration(
  realm: TokenRealm,
  kept: RoleRecord,
  { epoch, generation }: Pick<TokenNumbers, 'epoch' | 'generation'>,
): TokenCheck {
  const { tokens } = kept.record;
  if (!isPaired(kept) || generation < tokens.floor) return { ok: false, problem: 'device-token-revoked' };
  if (epoch !== realm.epoch || generation < tokens.oldest)
    return { ok: false, problem: 'device-token-expired' };
  return { ok: true, generation };
}
