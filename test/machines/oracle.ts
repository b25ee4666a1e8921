/**
 * What is right, said a second time and in other words than in machines/: a test that asked the machine's own guards
 * would agree with every mistake in them.
 */
import type { AccessRequested, Verdict } from '../../machines/authorization-events.ts';
import type { AuthorizationRecord } from '../../machines/record.ts';
import type { RoleRecord } from '../../src/authority/device.ts';

export type Scopes = readonly string[];

export const READ = 'operator.read';
export const WRITE = 'operator.write';
export const PAIR = 'operator.pairing';
export const ADMIN = 'operator.admin';
/** The scopes that the explorations use, with all that a holder of one may do among them. */
const MEANS: Readonly<Record<string, Scopes>> = {
  [READ]: [READ],
  [WRITE]: [WRITE, READ],
  [PAIR]: [PAIR],
  [ADMIN]: [ADMIN, WRITE, READ, PAIR],
};
/** The pairing itself, as it stands among the things that an owner can decline. */
export const PAIRING_ITSELF = '@pairing';

/** All that a holder may do. */
export function meaning(scopes: Scopes): ReadonlySet<string> {
  return new Set(scopes.flatMap((scope) => MEANS[scope] ?? [`unknown ${scope}`]));
}

export function may(holder: Scopes, wanted: Scopes): boolean {
  const all = meaning(holder);
  return wanted.every((scope) => all.has(scope));
}

export const stands = (state: string): boolean => state === 'paired' || state === 'upgradePending';
export const waits = (state: string): boolean =>
  state === 'pairingPending' || state === 'upgradePending' || state === 'revokedPending';
export const isRevoked = (state: string): boolean => state === 'revoked' || state === 'revokedPending';

export function newest(record: AuthorizationRecord): Scopes {
  return record.request?.revisions.at(-1)?.scopes ?? [];
}

/** What the wish still lacks, the pairing itself included. */
export function missing({ state, record }: RoleRecord, wish: Scopes): Scopes {
  if (!stands(state)) return [PAIRING_ITSELF, ...wish];
  return wish.filter((scope) => !may(record.grant, [scope]));
}

export function quietNow(record: AuthorizationRecord, at: number): Scopes {
  return Object.keys(record.quiet).filter((scope) => (record.quiet[scope] ?? 0) > at);
}

/** Whether the gateway's own setting may let this in: it never gives back what an owner took or declined. */
export function autoMayGive(before: RoleRecord, { wish, at }: AccessRequested): boolean {
  const { state, record } = before;
  if (record.tombstone || isRevoked(state)) return false;
  const quiet = quietNow(record, at);
  if (!stands(state) && quiet.includes(PAIRING_ITSELF)) return false;
  const held = meaning(record.grant);
  const gained = [...meaning(wish)].filter((scope) => !held.has(scope));
  return gained.every((scope) => !may(record.ceiling, [scope]) && !quiet.includes(scope));
}

/** The answer to a wish, in the order of TABLES R1: covered, quiet, auto, join, and only then something new. */
export function expectedAnswer(before: RoleRecord, event: AccessRequested): Verdict {
  const { state, record } = before;
  const lacks = missing(before, event.wish);
  if (lacks.length === 0) return 'covered';
  const quiet = quietNow(record, event.at);
  if (lacks.every((scope) => quiet.includes(scope))) return 'quiet';
  if (event.auto && autoMayGive(before, event)) return 'covered';
  if (waits(state)) {
    if (may([...newest(record), ...record.grant], event.wish)) return 'joined';
    if (!event.mayOpen) return 'lacking';
    return (record.request?.revisions.length ?? 0) >= event.terms.revisions ? 'full' : 'widened';
  }
  if (!event.mayOpen) return 'lacking';
  const episodes = record.quietEpisodesMs.length + event.episodesElsewhere;
  return episodes >= event.terms.quietEpisodes ? 'quiet' : 'opened';
}
