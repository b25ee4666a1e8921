/**
 * One device as a value of the exploration: its records with everything taken out that no rule looks at. Times are
 * either due or not due (which one falls due, and when, is a step of its own), so that any order of deadlines is
 * explored; generations are counted from the last one that was never revoked.
 */
import { type AuthorizationRecord, FRESH, type OpenRequest, type Terms } from '../../machines/record.ts';
import type { Role } from '../../machines/vocabulary.ts';
import type { DeviceRecord, RoleRecord } from '../../src/authority/device.ts';

/** The time at which everything happens. */
export const NOW = 1_000_000;
/** Of which every duration is a multiple. */
const LONG = 100_000;
export const FLOOR = 5;
/** The request that is open, whichever it is; one that opens in a step; and one that is settled. */
export const OPEN = 'aaaaaaaaaaaaaaaa';
export const NEXT = 'bbbbbbbbbbbbbbbb';
export const GONE = 'zzzzzzzzzzzzzzzz';

export function termsOf(revisions: number, quietEpisodes: number): Terms {
  return {
    lifetimeMs: LONG,
    longestLifeMs: 4 * LONG,
    quietMs: LONG,
    graceMs: LONG,
    retireMs: LONG,
    quietEpisodes,
    revisions,
  };
}

/** One role of a device, and whether a part of the request that is open was approved already (which only the history
 * says, src/authority/reading.ts). */
export interface Held {
  readonly kept: RoleRecord;
  readonly gave: boolean;
}
export type Device = { readonly [R in Role]?: Held };

export const UNKNOWN: Held = { kept: { state: 'unpaired', record: plain(FRESH) }, gave: false };

export function heldOf(device: Device, role: Role): Held {
  return device[role] ?? UNKNOWN;
}

/** The device as the product's own functions take it. */
export function documentOf(device: Device): DeviceRecord {
  const roles = Object.fromEntries(Object.entries(device).map(([role, { kept }]) => [role, kept]));
  return {
    deviceId: 'd',
    publicKey: 'k',
    label: null,
    pairingSalt: 's',
    createdAtMs: 0,
    profile: {},
    roles,
  };
}

/** The same record seen afresh: an equal one is the same state. */
export function plain(record: AuthorizationRecord): AuthorizationRecord {
  const { tokens, request, quiet } = record;
  const below = tokens.floor - FLOOR;
  return {
    ...record,
    request: request && plainRequest(request),
    quiet: Object.fromEntries(
      Object.keys(quiet)
        .sort()
        .map((scope) => [scope, NOW + LONG]),
    ),
    quietEpisodesMs: record.quietEpisodesMs.map(() => 0),
    imported: record.imported && {
      ...record.imported,
      // Whatever lies below the floor is dead, however far below.
      generation: Math.max(FLOOR - 1, record.imported.generation - below),
    },
    tokens: {
      current: tokens.current - below,
      oldest: tokens.oldest - below,
      floor: FLOOR,
      delivered: tokens.delivered,
      retireAtMs: tokens.retireAtMs === null ? null : NOW + LONG,
    },
    grantVersion: 0,
    approvedAtMs: null,
    rotatedAtMs: null,
    revokedAtMs: null,
  };
}

function plainRequest(request: OpenRequest): OpenRequest {
  const [first, ...rest] = request.revisions.map(({ scopes }) => ({ scopes, atMs: 0, from: {} }));
  if (!first) throw new Error('a request without a revision');
  const isAged = request.expiresAtMs < NOW + LONG;
  return {
    id: OPEN,
    revisions: [first, ...rest],
    askedBy: {},
    openedAtMs: 0,
    expiresAtMs: isAged ? NOW + LONG / 2 : NOW + LONG,
    endsAtMs: NOW + 4 * LONG,
    attempts: 1,
  };
}

/** What can fall due, one thing at a time; `age` is no deadline, but a request that could be renewed. */
export type Due = 'request' | 'quiet' | 'grace' | 'age';

/** The record in which `what` is due, or undefined where there is no such thing. */
export function dueNow(record: AuthorizationRecord, what: Due): AuthorizationRecord | undefined {
  const { request, tokens, quiet } = record;
  if (what === 'request')
    return request ? { ...record, request: { ...request, expiresAtMs: NOW } } : undefined;
  if (what === 'grace') {
    return tokens.retireAtMs === null ? undefined : { ...record, tokens: { ...tokens, retireAtMs: NOW } };
  }
  if (what === 'quiet') {
    const scopes = Object.keys(quiet);
    if (scopes.length === 0) return undefined;
    return { ...record, quiet: Object.fromEntries(scopes.map((scope) => [scope, NOW])) };
  }
  const isFresh = request !== null && request.expiresAtMs === NOW + LONG;
  return isFresh ? { ...record, request: { ...request, expiresAtMs: NOW + LONG / 2 } } : undefined;
}
