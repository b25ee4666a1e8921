import type { Profile } from '../../machines/record.ts';
import { type RequestedScopes, ROLES, type Role } from '../../machines/vocabulary.ts';
import type { ForeignDevice, ForeignRequest, ForeignRole } from '../authority/importing.ts';
import { hashOfToken } from '../authority/tokens.ts';
import { readPublicKey } from '../protocol/device-key.ts';
import { displayText } from '../protocol/display.ts';
import { deviceIdOf } from '../protocol/signature.ts';
import type { LeftOut } from './damage.ts';
import { type Dialect, grantOf, knownScopes, unknownScopes } from './foreign-scopes.ts';
import type { RawPaired, RawPending, RawToken } from './raw-record.ts';

/** What came of one record; what is left out of it is named. */
export type ForeignReading<T> =
  | { readonly ok: true; readonly value: T; readonly leftOut: readonly LeftOut[] }
  | { readonly ok: false; readonly problem: string };

/** A pending request of either generation ends so long after it was last asked for, in ms. */
const PENDING_MS = 300_000;
const LONGEST_TEXT = 128;
const LONGEST_LABEL = 64;

/** One paired device. `nowMs` stands for times that its record does not have. */
export function foreignDevice(
  raw: RawPaired,
  dialect: Dialect,
  nowMs: number,
): ForeignReading<ForeignDevice> {
  const key = provedKey(raw);
  if (!key) return { ok: false, problem: WRONG_ID };
  const { deviceId } = raw;
  const tokens = tokensOf(raw);
  const named = rolesOf(raw, [...tokens.keys()]);
  const roles = ROLES.filter((role) => named.includes(role));
  const baseline =
    raw.approvedScopes ?? raw.scopes ?? [...tokens.values()].flatMap(({ scopes }) => scopes ?? []);
  const read = roles.map((role) => foreignRole(role, baseline, tokens.get(role), dialect));
  const value: ForeignDevice = {
    deviceId,
    publicKey: key,
    label: labelOf(raw),
    profile: profileOf(raw),
    createdAtMs: raw.createdAtMs ?? raw.approvedAtMs ?? nowMs,
    approvedAtMs: raw.approvedAtMs ?? raw.createdAtMs ?? nowMs,
    approvedVia: raw.approvedVia == null ? null : displayText(raw.approvedVia, LONGEST_LABEL),
    roles: read.flatMap((role) => (typeof role === 'string' ? [] : [role])),
  };
  const reasons = [
    ...(named.length === 0 ? ['it names no role'] : strangeRoles(named)),
    ...[...tokens.keys()]
      .filter((role) => !named.includes(role))
      .map((role) => `${UNAPPROVED} ${word(role)}`),
    ...read.filter((role) => typeof role === 'string'),
    ...boundTokens(roles, tokens),
    ...strangeScopes(roles, baseline),
  ];
  return { ok: true, value, leftOut: reasons.map((reason) => ({ deviceId, reason })) };
}

/** What waits for an owner: one request for each role that is asked for. */
export function foreignRequests(raw: RawPending): ForeignReading<readonly ForeignRequest[]> {
  const key = provedKey(raw);
  if (!key) return { ok: false, problem: WRONG_ID };
  const { deviceId, requestId, ts, refreshedAtMs } = raw;
  // A pending record without a role comes from a client that named none, and then it is an operator.
  const named = rolesOf(raw, ['operator']);
  const roles = ROLES.filter((role) => named.includes(role));
  const scopes = raw.scopes ?? [];
  const value = roles.map((role) => ({
    requestId: displayText(requestId, LONGEST_LABEL),
    deviceId,
    publicKey: key,
    role,
    wish: knownScopes(role, scopes) as readonly string[] as RequestedScopes,
    profile: profileOf(raw),
    endsAtMs: (refreshedAtMs ?? ts) + PENDING_MS,
  }));
  const reasons = [...strangeRoles(named), ...strangeScopes(roles, scopes)];
  return { ok: true, value, leftOut: reasons.map((reason) => ({ deviceId, reason })) };
}

const WRONG_ID = 'its id does not belong to its public key';
const UNAPPROVED = 'a token for a role that is not approved there:';

function provedKey({ deviceId, publicKey }: RawPaired | RawPending): string | undefined {
  const key = readPublicKey(publicKey);
  return key && deviceIdOf(key) === deviceId ? key.toString('base64url') : undefined;
}

function tokensOf({ tokens }: RawPaired): ReadonlyMap<string, RawToken> {
  const entries = Array.isArray(tokens)
    ? tokens.map((token) => [token.role ?? '', token] as const)
    : Object.entries(tokens ?? {});
  return new Map(entries.map(([role, token]) => [role.trim(), token]));
}

/** Records of before 2026.2 have no list of roles (openclaw/openclaw#21236): then what they have tokens for. */
function rolesOf({ role, roles }: RawPaired | RawPending, otherwise: readonly string[]): readonly string[] {
  const named = [...(roles ?? []), role ?? ''].map((one) => one.trim()).filter((one) => one !== '');
  return [...new Set(named.length > 0 ? named : otherwise)];
}

function foreignRole(
  role: Role,
  baseline: readonly string[],
  token: RawToken | undefined,
  dialect: Dialect,
): ForeignRole | string {
  // A 2026.9 gateway lets nobody in as a role without a token.
  if (!token && dialect === 'expanded') return `the role ${role}, which has no token there and is not let in`;
  const ceiling = knownScopes(role, baseline);
  const text = token?.token?.trim() ?? '';
  return {
    role,
    ceiling,
    grant: grantOf(dialect, ceiling, token ? knownScopes(role, token.scopes ?? []) : null),
    tokenHash: text === '' || isBound(token) ? null : hashOfToken(text),
    revokedAtMs: token?.revokedAtMs ?? null,
  };
}

/** Such a token ends when that gateway's shared secret changes, of which nothing can be known here. */
function isBound(token: RawToken | undefined): boolean {
  return token?.issuer != null;
}

function boundTokens(roles: readonly Role[], tokens: ReadonlyMap<string, RawToken>): readonly string[] {
  return roles
    .filter((role) => isBound(tokens.get(role)))
    .map((role) => `the token of ${role}, which ends with the shared secret there`);
}

function strangeRoles(named: readonly string[]): readonly string[] {
  return named
    .filter((role) => !ROLES.some((known) => known === role))
    .map((role) => `the unknown role ${word(role)}`);
}

function strangeScopes(roles: readonly Role[], scopes: readonly string[]): readonly string[] {
  const unknown = roles.length === 0 ? [] : unknownScopes(roles, scopes);
  return unknown.length === 0 ? [] : [`unknown scopes: ${unknown.map(word).join(', ')}`];
}

const word = (text: string): string => displayText(text, LONGEST_LABEL);

function labelOf({ operatorLabel }: RawPaired): string | null {
  const label = displayText((operatorLabel ?? '').trim(), LONGEST_LABEL);
  return label === '' ? null : label;
}

function profileOf(raw: RawPaired | RawPending): Profile {
  const { displayName, platform, deviceFamily, clientId, clientMode, remoteIp } = raw;
  const said = { displayName, platform, deviceFamily, clientId, clientMode, remoteIp };
  return Object.fromEntries(
    Object.entries(said).flatMap(([name, text]) => (text ? [[name, displayText(text, LONGEST_TEXT)]] : [])),
  );
}
