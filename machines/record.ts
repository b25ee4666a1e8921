/** What is durable about one (device, role), and what can be read off it. The steps from one to the next: steps.ts. */
import { covers, NOTHING, uncovered } from './policy.ts';
import type { GrantedScopes, RequestedScopes, RequestRef } from './vocabulary.ts';

/** What a device says of itself, escaped at parse: shown to owners, never a ground for or against authority. */
export type Profile = Readonly<Record<string, string>>;

/** Durations in ms and counts; settings of the gateway, the same for every event of one step. */
export interface Terms {
  /** A request lives this long after its last attempt. */
  readonly lifetimeMs: number;
  /** ... and never longer than this after it opened. */
  readonly longestLifeMs: number;
  /** How long what an owner declined stays declined (I13). */
  readonly quietMs: number;
  /** How long superseded token generations are accepted once the new one was used (R9). */
  readonly graceMs: number;
  /** ... and at most, when the new one is never used. */
  readonly retireMs: number;
  /** New episodes that a device may open while something it asked for is quiet (I13). */
  readonly quietEpisodes: number;
  /** Revisions that one request may reach. */
  readonly revisions: number;
}

export const DEFAULT_TERMS: Terms = {
  lifetimeMs: 15 * 60_000,
  longestLifeMs: 7 * 24 * 3_600_000,
  quietMs: 60 * 60_000,
  graceMs: 10 * 60_000,
  retireMs: 30 * 24 * 3_600_000,
  quietEpisodes: 3,
  revisions: 8,
};

/** What an owner was shown under one revision: the FULL wish (R15), frozen. */
export interface Revision {
  readonly scopes: RequestedScopes;
  readonly atMs: number;
  readonly from: Profile;
}

export interface OpenRequest {
  readonly id: string;
  /** Revision k is at index k - 1. */
  readonly revisions: readonly [Revision, ...Revision[]];
  /** Which client first asked for a scope, and when. */
  readonly askedBy: Readonly<Record<string, { readonly client: string; readonly atMs: number }>>;
  readonly openedAtMs: number;
  readonly expiresAtMs: number;
  /** The absolute end of the episode. */
  readonly endsAtMs: number;
  /** Attempts known when the record was last written; counted lazily. */
  readonly attempts: number;
}

export interface TokenGenerations {
  /** The generation that hellos deliver. */
  readonly current: number;
  /** The oldest generation still accepted. */
  readonly oldest: number;
  /** The oldest generation that was never revoked: a reissue may accept from here on again. */
  readonly floor: number;
  /** Whether the current generation was used in a connect, which is the only proof that it arrived (R9). */
  readonly delivered: boolean;
  /** When the generations before the current one end; null when there are none. */
  readonly retireAtMs: number | null;
}

/** What an import brought from another gateway. */
export interface Imported {
  /** SHA-256 of the token that the device has from there, base64url; null when it has none that counts. */
  readonly tokenHash: string | null;
  /** The generation of that token, one before our first. */
  readonly generation: number;
  /** The token epoch in which it was brought: a token of another epoch does not count any more. */
  readonly epoch: number;
  /** Of all that the other gateway said, so that the same is known again. */
  readonly fingerprint: string;
  /** Nothing was decided here since: what changed there meanwhile may still be taken over. */
  readonly isUntouched: boolean;
}

export interface AuthorizationRecord {
  readonly ceiling: GrantedScopes;
  readonly grant: GrantedScopes;
  readonly request: OpenRequest | null;
  /** Declined scope (or PAIRING) -> until when it stays declined, in epoch ms. */
  readonly quiet: Readonly<Record<string, number>>;
  /** When requests were opened although something was quiet; empty again when nothing is. */
  readonly quietEpisodesMs: readonly number[];
  /** An owner removed the device, or rejected its pairing: only an owner brings it in (R8). */
  readonly tombstone: boolean;
  readonly tokens: TokenGenerations;
  /** Raised by every approval: part of the token, so that the next full hello delivers a new value. */
  readonly grantVersion: number;
  readonly approvedAtMs: number | null;
  readonly rotatedAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** Null when it did not come from another gateway; missing in a record from before there were imports. */
  readonly imported: Imported | null;
}

export const FRESH: AuthorizationRecord = {
  ceiling: NOTHING,
  grant: NOTHING,
  request: null,
  quiet: {},
  quietEpisodesMs: [],
  tombstone: false,
  tokens: { current: 1, oldest: 1, floor: 1, delivered: false, retireAtMs: null },
  grantVersion: 0,
  approvedAtMs: null,
  rotatedAtMs: null,
  revokedAtMs: null,
  imported: null,
};

/** Stands for the pairing itself among the things that can be declined: a node asks for no scope at all (R1b). */
export const PAIRING = '@pairing';

/** Everything a wish lacks. Without standing the pairing itself is lacking, too (R1b). */
export function lacking(
  record: AuthorizationRecord,
  wish: readonly string[],
  hasStanding: boolean,
): readonly string[] {
  return hasStanding ? uncovered(record.grant, wish) : [PAIRING, ...wish];
}

/** Until when all that is lacking is declined; null if some of it may be asked for (R6). */
export function quietUntil(
  record: AuthorizationRecord,
  delta: readonly string[],
  atMs: number,
): number | null {
  if (delta.length === 0) return null;
  const untils = delta.map((scope) => record.quiet[scope] ?? 0);
  return untils.every((until) => until > atMs) ? Math.min(...untils) : null;
}

/** What is declined at `atMs`, PAIRING included. */
export function quietScopes(record: AuthorizationRecord, atMs: number): readonly string[] {
  return Object.keys(record.quiet).filter((scope) => (record.quiet[scope] ?? 0) > atMs);
}

export function hasQuiet(record: AuthorizationRecord): boolean {
  return Object.keys(record.quiet).length > 0;
}

/** Whether something was decided here that an import must leave alone. */
export function isDecidedHere(record: AuthorizationRecord, hasStanding: boolean): boolean {
  return record.tombstone || hasQuiet(record) || (hasStanding && record.imported?.isUntouched !== true);
}

export function newestRevision(request: OpenRequest): Revision {
  return request.revisions[request.revisions.length - 1] ?? request.revisions[0];
}

export function newestRef(request: OpenRequest): RequestRef {
  return { id: request.id, revision: request.revisions.length };
}

/** The revision that an owner names, if this request is the one and the revision exists (R4). */
export function namedRevision(record: AuthorizationRecord, ref: RequestRef): Revision | undefined {
  return record.request?.id === ref.id ? record.request.revisions[ref.revision - 1] : undefined;
}

/** Whether a wish adds nothing to the open request: it joins instead of opening another (R15). */
export function joinsOpen(record: AuthorizationRecord, wish: readonly string[]): boolean {
  return record.request !== null && covers([...newestRevision(record.request).scopes, ...record.grant], wish);
}

/** The next time at which something of the record falls due; null for never. */
export function nextDeadline(record: AuthorizationRecord): number | null {
  const times = [...Object.values(record.quiet)];
  if (record.request) times.push(record.request.expiresAtMs);
  if (record.tokens.retireAtMs !== null) times.push(record.tokens.retireAtMs);
  return times.length > 0 ? Math.min(...times) : null;
}
