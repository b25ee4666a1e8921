/**
 * The arithmetic of the steps of one (device, role). Pure: every function takes the record and the fact that came in,
 * and returns what changes. Which step may happen when is decided in authorization.ts alone.
 */
import { grantScopes, NOTHING, rotateWithin, uniteWishes } from './policy.ts';
import {
  type AuthorizationRecord,
  hasQuiet,
  type Imported,
  newestRevision,
  type OpenRequest,
  PAIRING,
  type Profile,
  type Revision,
  type Terms,
} from './record.ts';
import type { GrantedScopes, RequestedScopes } from './vocabulary.ts';

export interface Asking {
  readonly wish: RequestedScopes;
  /** The id that a new request would get. */
  readonly requestId: string;
  readonly from: Profile;
  /** Attempts since the record was last written, this one included. */
  readonly attempts: number;
  readonly at: number;
  readonly terms: Terms;
}

function asked(before: OpenRequest['askedBy'], { wish, from, at }: Asking): OpenRequest['askedBy'] {
  const client = `${from.clientId ?? ''}/${from.clientMode ?? ''}`;
  const fresh = wish.filter((scope) => !(scope in before)).map((scope) => [scope, { client, atMs: at }]);
  return { ...before, ...Object.fromEntries(fresh) };
}

export function openRequest(record: AuthorizationRecord, asking: Asking): Partial<AuthorizationRecord> {
  const { wish, requestId, from, attempts, at, terms } = asking;
  const endsAtMs = at + terms.longestLifeMs;
  return {
    request: {
      id: requestId,
      revisions: [{ scopes: wish, atMs: at, from }],
      askedBy: asked({}, asking),
      openedAtMs: at,
      expiresAtMs: Math.min(at + terms.lifetimeMs, endsAtMs),
      endsAtMs,
      attempts,
    },
    quietEpisodesMs: hasQuiet(record) ? [...record.quietEpisodesMs, at] : [],
  };
}

export function widenRequest(record: AuthorizationRecord, asking: Asking): Partial<AuthorizationRecord> {
  const { request } = record;
  if (!request) return {};
  const scopes = uniteWishes(newestRevision(request).scopes, asking.wish);
  const revision: Revision = { scopes, atMs: asking.at, from: asking.from };
  return {
    request: {
      ...request,
      revisions: [...request.revisions, revision],
      askedBy: asked(request.askedBy, asking),
      attempts: request.attempts + asking.attempts,
      expiresAtMs: renewedExpiry(request, asking),
    },
  };
}

function renewedExpiry(request: OpenRequest, { at, terms }: { at: number; terms: Terms }): number {
  return Math.min(at + terms.lifetimeMs, request.endsAtMs);
}

/** R16: a lifetime slides, but is written only when it moved by a quarter. */
export function renewalIsDue(request: OpenRequest, when: { at: number; terms: Terms }): boolean {
  return renewedExpiry(request, when) - request.expiresAtMs >= when.terms.lifetimeMs / 4;
}

export function renewRequest(
  record: AuthorizationRecord,
  when: { readonly attempts: number; readonly at: number; readonly terms: Terms },
): Partial<AuthorizationRecord> {
  const { request } = record;
  if (!request) return {};
  const attempts = request.attempts + when.attempts;
  return { request: { ...request, attempts, expiresAtMs: renewedExpiry(request, when) } };
}

/** What an approval gives: exactly `scopes`, on top of what was given before; it ends their quiet, and the tombstone. */
export function approve(
  record: AuthorizationRecord,
  scopes: readonly string[],
  at: number,
): Partial<AuthorizationRecord> {
  const given = new Set([PAIRING, ...scopes]);
  return {
    ceiling: grantScopes(record.ceiling, scopes),
    grant: grantScopes(record.grant, scopes),
    quiet: Object.fromEntries(Object.entries(record.quiet).filter(([scope]) => !given.has(scope))),
    quietEpisodesMs: [],
    tombstone: false,
    grantVersion: record.grantVersion + 1,
    approvedAtMs: at,
    imported: touched(record.imported),
  };
}

/** Something was decided here, which no later import undoes. */
export function touched(imported: Imported | null): Imported | null {
  return imported && { ...imported, isUntouched: false };
}

/** Makes scopes quiet; a longer quiet that already holds stays. */
export function quieten(
  record: AuthorizationRecord,
  scopes: readonly string[],
  untilMs: number,
): Partial<AuthorizationRecord> {
  const added = scopes.map((scope) => [scope, Math.max(untilMs, record.quiet[scope] ?? 0)]);
  return { quiet: { ...record.quiet, ...Object.fromEntries(added) } };
}

/** Without scopes the grant stays; with scopes it becomes them, inside the ceiling (I4). Undefined: beyond it. */
export function rotatedGrant(
  record: AuthorizationRecord,
  scopes: readonly string[] | null,
): GrantedScopes | undefined {
  return scopes === null ? record.grant : rotateWithin(record.ceiling, scopes);
}

export function rotate(
  record: AuthorizationRecord,
  {
    scopes,
    at,
    terms,
  }: { readonly scopes: readonly string[] | null; readonly at: number; readonly terms: Terms },
): Partial<AuthorizationRecord> {
  const { tokens } = record;
  // The clock of the old generations starts at the FIRST rotation that was not used yet: rotating again and again
  // must not keep them alive for ever (R9).
  const running = tokens.retireAtMs !== null && !tokens.delivered;
  return {
    grant: rotatedGrant(record, scopes) ?? record.grant,
    rotatedAtMs: at,
    imported: touched(record.imported),
    tokens: {
      ...tokens,
      // The present generation has arrived: what was still accepted beside it has had its use, and must not get the
      // new generation's long wait on top of its grace.
      oldest: tokens.delivered ? tokens.current : tokens.oldest,
      current: tokens.current + 1,
      delivered: false,
      retireAtMs: running ? tokens.retireAtMs : at + terms.retireMs,
    },
  };
}

/** The old generations end a grace period after the new one was used, and never later than they would have. */
export function noteTokenUse(
  record: AuthorizationRecord,
  { at, terms }: { readonly at: number; readonly terms: Terms },
): Partial<AuthorizationRecord> {
  const retireAtMs = Math.min(at + terms.graceMs, record.tokens.retireAtMs ?? Infinity);
  return { tokens: { ...record.tokens, delivered: true, retireAtMs } };
}

/** Accepts the superseded, never revoked generations for one more grace period: the device comes back and is given
 * the current token. */
export function reissue(
  record: AuthorizationRecord,
  { at, terms }: { readonly at: number; readonly terms: Terms },
): Partial<AuthorizationRecord> {
  const { tokens } = record;
  return {
    tokens: { ...tokens, oldest: tokens.floor, delivered: false, retireAtMs: at + terms.graceMs },
    imported: touched(record.imported),
  };
}

/** All tokens and rights end; what was granted and asked for becomes quiet (R7). */
export function revoke(
  record: AuthorizationRecord,
  { at, terms }: { readonly at: number; readonly terms: Terms },
): Partial<AuthorizationRecord> {
  const asked = record.request ? newestRevision(record.request).scopes : [];
  const next = record.tokens.current + 1;
  return {
    ...quieten(record, [PAIRING, ...record.ceiling, ...record.grant, ...asked], at + terms.quietMs),
    ceiling: NOTHING,
    grant: NOTHING,
    request: null,
    tokens: { current: next, oldest: next, floor: next, delivered: false, retireAtMs: null },
    imported: touched(record.imported),
    revokedAtMs: at,
  };
}

/** Leaves a tombstone: the generations go on from where they were, so that no old token is valid again (R8). */
export function remove(record: AuthorizationRecord): Partial<AuthorizationRecord> {
  const next = record.tokens.current + 1;
  return {
    ceiling: NOTHING,
    grant: NOTHING,
    request: null,
    tombstone: true,
    tokens: { current: next, oldest: next, floor: next, delivered: false, retireAtMs: null },
    imported: null,
  };
}

/** Everything that is due, in one step; the record's own times decide, never the timer that woke us (R14). */
export function passDeadlines(record: AuthorizationRecord, at: number): Partial<AuthorizationRecord> {
  const quiet = Object.fromEntries(Object.entries(record.quiet).filter(([, until]) => until > at));
  const { tokens } = record;
  const retired = tokens.retireAtMs !== null && tokens.retireAtMs <= at;
  return {
    request: record.request && record.request.expiresAtMs > at ? record.request : null,
    quiet,
    quietEpisodesMs: Object.keys(quiet).length > 0 ? record.quietEpisodesMs : [],
    tokens: retired ? { ...tokens, oldest: tokens.current, retireAtMs: null } : tokens,
  };
}
