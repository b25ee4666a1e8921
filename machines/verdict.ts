/** What one connection is told, read off the record as it stands: level-triggered, repeatable, without memory. */
import type { Denial, PairingReason, Standing } from './denial.ts';
import { coveredPart, covers } from './policy.ts';
import { type AuthorizationRecord, joinsOpen, lacking, newestRef, quietUntil } from './record.ts';
import type { GrantedScopes, Outcome, RequestRef, Role } from './vocabulary.ts';

/** Whether the (device, role) stands approved; `removed` is an unpaired one with a tombstone. */
export type StandingState = 'paired' | 'unpaired' | 'revoked' | 'removed';

/** One (device, role) as one wish sees it. */
export interface View {
  readonly standing: StandingState;
  /** The grant covers all of the wish: the only way to a full hello. */
  readonly covered: boolean;
  /** The part of the wish that may be used now; empty without standing. */
  readonly live: GrantedScopes;
  /** The open request, if the wish is covered by it and by the grant together: then waiting makes sense. */
  readonly open: RequestRef | null;
  readonly openUntilMs: number | null;
  /** Until when all that is lacking stays declined; null if some of it may be asked for. */
  readonly quietUntilMs: number | null;
  readonly generation: number;
  readonly grantVersion: number;
}

export interface Asked {
  readonly role: Role;
  readonly wish: readonly string[];
  /** The device's other roles that stand approved. */
  readonly otherRoles: readonly Role[];
  /** The authorization machine answered `quiet`: some of it may be new, but the device asked too often (I13). */
  readonly declined: boolean;
}

export function standingOf(state: string, record: AuthorizationRecord): StandingState {
  if (state === 'paired' || state === 'upgradePending') return 'paired';
  if (state === 'revoked' || state === 'revokedPending') return 'revoked';
  return record.tombstone ? 'removed' : 'unpaired';
}

export function readRecord(
  state: string,
  record: AuthorizationRecord,
  wish: readonly string[],
  atMs: number,
): View {
  const standing = standingOf(state, record);
  const paired = standing === 'paired';
  const covered = paired && covers(record.grant, wish);
  const untilMs = quietUntil(record, lacking(record, wish, paired), atMs);
  // Quiet comes before joining, here as in the machine (R1): who was declined does not wait beside another's request.
  const joinable = !covered && untilMs === null && record.request !== null && joinsOpen(record, wish);
  return {
    standing,
    covered,
    live: coveredPart(record.grant, paired ? wish : []),
    open: joinable && record.request ? newestRef(record.request) : null,
    openUntilMs: joinable && record.request ? record.request.expiresAtMs : null,
    quietUntilMs: untilMs,
    generation: record.tokens.current,
    grantVersion: record.grantVersion,
  };
}

export function pairingReason(standing: StandingState, otherRoles: readonly Role[]): PairingReason {
  if (standing === 'paired') return 'scope-upgrade';
  return standing === 'revoked' || otherRoles.length > 0 ? 'role-upgrade' : 'not-paired';
}

/** How the request that a connection waited for settled, if it did; looked up by id in the history, never guessed. */
export interface Settled {
  readonly request: RequestRef;
  readonly outcome: Outcome;
  /** Only of a rejection: why, in the owner's words. */
  readonly note?: string;
}

/**
 * Why a wish that is not covered is not let in (R11): revoked, then how its own request ended, then quiet, then what
 * an owner would have to approve. `wait`: whether the client should come back by itself.
 */
export function denialFor(
  view: View,
  asked: Asked,
  record: AuthorizationRecord,
  settled: Settled | null,
  wait: boolean,
): Denial {
  const standing: Standing = {
    role: asked.role,
    wish: asked.wish,
    grant: record.grant,
    approvedRoles: view.standing === 'paired' ? [asked.role, ...asked.otherRoles] : asked.otherRoles,
  };
  const reason = pairingReason(view.standing, asked.otherRoles);
  if (view.open) return { code: 'PAIRING_REQUIRED', reason, request: view.open, wait, standing };
  const request = settled?.request ?? null;
  const quietUntilMs = view.quietUntilMs ?? Math.max(0, ...Object.values(record.quiet));
  if (view.standing === 'revoked' && view.quietUntilMs !== null) {
    return { code: 'REVOKED', quietUntilMs, standing };
  }
  if (settled?.outcome === 'rejected' || settled?.outcome === 'narrowed') {
    const { outcome, note } = settled;
    return { code: 'DECLINED', outcome, request, quietUntilMs, ...(note && { note }), standing };
  }
  if (settled && settled.outcome !== 'approved') {
    return { code: 'REQUEST_ENDED', outcome: settled.outcome, request: settled.request, standing };
  }
  if (view.quietUntilMs !== null || asked.declined) {
    return { code: 'DECLINED', outcome: 'rejected', request: null, quietUntilMs, standing };
  }
  // An open request that does not reach as far as this wish is named all the same: approving it is the next step.
  const nearest = record.request && newestRef(record.request);
  return { code: 'PAIRING_REQUIRED', reason, request: nearest, wait, standing };
}
