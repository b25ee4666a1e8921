/** What the authorization machine hears, answers and writes down. */
import type { Bringing } from './import-steps.ts';
import type { Terms } from './record.ts';
import type { Asking } from './steps.ts';
import type { Outcome, RequestRef } from './vocabulary.ts';

type At = { readonly at: number };
type ByOwner = At & { readonly by: string; readonly terms: Terms };

export interface AccessRequested extends Asking {
  readonly type: 'access.requested';
  /** False for a probe and for a client that came to manage devices: it is answered, and opens nothing. */
  readonly mayOpen: boolean;
  /** The gateway's auto-approval would let this one in without an owner. */
  readonly auto: boolean;
  /** Episodes that the device's other roles opened while something was quiet: the limit is per device (I13). */
  readonly episodesElsewhere: number;
}
export type Attended = At & {
  readonly type: 'request.attended';
  readonly attempts: number;
  readonly terms: Terms;
};
export type Approved = ByOwner & {
  readonly type: 'request.approved';
  readonly request: RequestRef;
  /** The part that is given; null for the whole revision. */
  readonly scopes: readonly string[] | null;
};
export type Rejected = ByOwner & { readonly type: 'request.rejected'; readonly request: RequestRef };
export type Withdrawn = At & { readonly type: 'request.withdrawn'; readonly request: RequestRef };
export type DeadlineReached = At & { readonly type: 'deadline.reached' };
export type Rotated = ByOwner & { readonly type: 'token.rotated'; readonly scopes: readonly string[] | null };
export type TokenUsed = At & {
  readonly type: 'token.used';
  readonly generation: number;
  readonly terms: Terms;
};
export type Reissued = ByOwner & { readonly type: 'token.reissued' };
export type Forgiven = ByOwner & { readonly type: 'quiet.forgiven' };
export type DeviceImported = ByOwner & Bringing & { readonly type: 'device.imported' };
export type Revoked = ByOwner & { readonly type: 'grant.revoked' };
export type Removed = ByOwner & { readonly type: 'device.removed' };

export type AuthorizationEvent =
  | AccessRequested
  | Attended
  | Approved
  | Rejected
  | Withdrawn
  | DeadlineReached
  | Rotated
  | TokenUsed
  | Reissued
  | Forgiven
  | DeviceImported
  | Revoked
  | Removed;

/** What is told to whoever sent the event. */
export type Verdict =
  | 'covered'
  | 'quiet'
  | 'lacking'
  | 'opened'
  | 'joined'
  | 'widened'
  | 'full'
  | 'approved'
  | 'rejected'
  | 'withdrawn'
  | 'notOpen'
  | 'beyondRequest'
  | 'givesNothing'
  | 'alreadyGranted'
  | 'rotated'
  | 'beyondCeiling'
  | 'reissued'
  | 'forgiven'
  | 'imported'
  | 'alreadyImported'
  | 'kept'
  | 'revoked'
  | 'removed'
  | 'notPaired'
  | 'nothing';

/** What is written to the history, one line a state change. */
export type Fact =
  | 'request.opened'
  | 'request.widened'
  | 'request.renewed'
  | 'request.approved'
  | 'request.settled'
  | 'access.granted'
  | 'token.rotated'
  | 'token.delivered'
  | 'token.reissued'
  | 'quiet.forgiven'
  | 'device.imported'
  | 'grant.revoked'
  | 'device.removed'
  | 'deadline.passed';

/** One line of a device's history; `outcome` only with `request.settled`. */
export interface Announcement {
  readonly fact: Fact;
  readonly outcome: Outcome | null;
}
