import { assign, setup } from 'xstate';
import type {
  AccessRequested,
  Announcement,
  Approved,
  Attended,
  AuthorizationEvent,
  DeadlineReached,
  DeviceImported,
  Fact,
  Reissued,
  Rejected,
  Revoked,
  Rotated,
  TokenUsed,
  Verdict,
  Withdrawn,
} from './authorization-events.ts';
import { importDevice, importedGrant } from './import-steps.ts';
import { covers, uncovered } from './policy.ts';
import type { AuthorizationRecord } from './record.ts';
import * as record from './record.ts';
import * as steps from './steps.ts';
import type { Outcome, RequestRef } from './vocabulary.ts';

export const reply = <V extends Verdict>(verdict: V) => ({ type: 'reply', params: { verdict } }) as const;
export const announce = <F extends Fact>(fact: F) =>
  ({ type: 'announce', params: { fact, outcome: null } }) as const;
export const settle = <O extends Outcome>(outcome: O) =>
  ({ type: 'announce', params: { fact: 'request.settled', outcome } }) as const;
export const its = <E>({ event }: { event: E }): E => event;

/**
 * Auto-approval never brings a removed device back (R8), and gives nothing that an owner withholds: taken by a rotation
 * (then it lies inside the ceiling, I4) or declined (then it is quiet, I13), be it part of a wish or implied by one.
 */
const mayAutoApprove = (context: AuthorizationRecord, e: AccessRequested): boolean => {
  if (!e.auto || context.tombstone) return false;
  const declined = record.quietScopes(context, e.at);
  if (declined.includes(record.PAIRING)) return false;
  const withheld = uncovered(context.grant, [...context.ceiling, ...declined]);
  return (
    uncovered(context.grant, e.wish).every((scope) => !covers(context.ceiling, [scope])) &&
    withheld.every((scope) => !covers(e.wish, [scope]))
  );
};

const approvedScopes = (context: AuthorizationRecord, e: Approved): readonly string[] =>
  e.scopes ?? record.namedRevision(context, e.request)?.scopes ?? [];
/** What an approval of a part declines by not naming it. */
const declinedPart = (context: AuthorizationRecord, e: Approved): readonly string[] =>
  uncovered(
    [...context.grant, ...approvedScopes(context, e)],
    record.namedRevision(context, e.request)?.scopes ?? [],
  );
const grantCoversNewest = (context: AuthorizationRecord, added: readonly string[]): boolean =>
  context.request !== null &&
  covers([...context.grant, ...added], record.newestRevision(context.request).scopes);

/** The guards and effects that the authorization machine is written in. */
export const authorizationSetup = setup({
  types: { context: {} as AuthorizationRecord, events: {} as AuthorizationEvent },
  guards: {
    covered: ({ context }, e: AccessRequested) => covers(context.grant, e.wish),
    quietUnpaired: ({ context }, e: AccessRequested) =>
      record.quietUntil(context, record.lacking(context, e.wish, false), e.at) !== null,
    quietPaired: ({ context }, e: AccessRequested) =>
      record.quietUntil(context, record.lacking(context, e.wish, true), e.at) !== null,
    auto: ({ context }, e: AccessRequested) => mayAutoApprove(context, e),
    autoCoversNewest: ({ context }, e: AccessRequested) =>
      mayAutoApprove(context, e) && grantCoversNewest(context, e.wish),
    joinsAndRenews: ({ context }, e: AccessRequested) =>
      e.mayOpen &&
      record.joinsOpen(context, e.wish) &&
      context.request !== null &&
      steps.renewalIsDue(context.request, e),
    joins: ({ context }, e: AccessRequested) => record.joinsOpen(context, e.wish),
    mayNotOpen: (_, e: AccessRequested) => !e.mayOpen,
    tooManyEpisodes: ({ context }, e: AccessRequested) =>
      context.quietEpisodesMs.length + e.episodesElsewhere >= e.terms.quietEpisodes,
    noMoreRevisions: ({ context }, e: AccessRequested) =>
      (context.request?.revisions.length ?? 0) >= e.terms.revisions,
    renewalIsDue: ({ context }, e: Attended) =>
      context.request !== null && steps.renewalIsDue(context.request, e),
    namesNoRevision: ({ context }, e: { request: RequestRef }) =>
      record.namedRevision(context, e.request) === undefined,
    namesAnother: ({ context }, e: Withdrawn) => context.request?.id !== e.request.id,
    revisionIsGranted: ({ context }, e: Approved | Rejected) =>
      covers(context.grant, record.namedRevision(context, e.request)?.scopes ?? []),
    beyondRevision: ({ context }, e: Approved) =>
      e.scopes !== null && !covers(record.namedRevision(context, e.request)?.scopes ?? [], e.scopes),
    // A part that gives nothing would be a rejection under another name (I6).
    givesNothing: ({ context }, e: Approved) => e.scopes !== null && covers(context.grant, e.scopes),
    narrows: ({ context }, e: Approved) => declinedPart(context, e).length > 0,
    approvalCoversNewest: ({ context }, e: Approved) =>
      grantCoversNewest(context, approvedScopes(context, e)),
    requestIsDue: ({ context }, e: DeadlineReached) =>
      context.request !== null && context.request.expiresAtMs <= e.at,
    somethingIsDue: ({ context }, e: DeadlineReached) => (record.nextDeadline(context) ?? Infinity) <= e.at,
    beyondCeiling: ({ context }, e: Rotated) => steps.rotatedGrant(context, e.scopes) === undefined,
    rotationCoversNewest: ({ context }, e: Rotated) =>
      context.request !== null &&
      covers(steps.rotatedGrant(context, e.scopes) ?? [], record.newestRevision(context.request).scopes),
    // Only where older generations are still accepted does it matter that the new one has arrived (R9).
    firstUse: ({ context: { tokens } }, e: TokenUsed) =>
      e.generation === tokens.current && !tokens.delivered && tokens.oldest < tokens.current,
    // The same owner, twice in one millisecond: nothing would change, so nothing is written.
    isReissued: ({ context: { tokens } }, e: Reissued) =>
      tokens.oldest === tokens.floor && !tokens.delivered && tokens.retireAtMs === e.at + e.terms.graceMs,
    hasQuiet: ({ context }) => record.hasQuiet(context),
    isDeclinedHere: ({ context }) => record.isDecidedHere(context, false),
    isDecidedHere: ({ context }) => record.isDecidedHere(context, true),
    isKnownImport: ({ context }, e: DeviceImported) => context.imported?.fingerprint === e.fingerprint,
    importCoversNewest: ({ context }, e: DeviceImported) =>
      context.request !== null &&
      covers(importedGrant(e).grant, record.newestRevision(context.request).scopes),
  },
  actions: {
    reply: (_, _params: { readonly verdict: Verdict }) => {},
    announce: (_, _params: Announcement) => {},
    openRequest: assign(({ context }, e: AccessRequested) => steps.openRequest(context, e)),
    widenRequest: assign(({ context }, e: AccessRequested) => steps.widenRequest(context, e)),
    renewRequest: assign(({ context }, e: AccessRequested | Attended) => steps.renewRequest(context, e)),
    closeRequest: assign({ request: null }),
    grantWish: assign(({ context }, e: AccessRequested) => steps.approve(context, e.wish, e.at)),
    grantRevision: assign(({ context }, e: Approved) =>
      steps.approve(context, approvedScopes(context, e), e.at),
    ),
    quietenDeclined: assign(({ context }, e: Approved) =>
      steps.quieten(context, declinedPart(context, e), e.at + e.terms.quietMs),
    ),
    quietenRevision: assign(({ context }, e: Rejected) => ({
      ...steps.quieten(
        context,
        record.namedRevision(context, e.request)?.scopes ?? [],
        e.at + e.terms.quietMs,
      ),
      imported: steps.touched(context.imported),
    })),
    // An owner said no to the device itself: after the quiet period it may ask again, but no automatism answers.
    declinePairing: assign(({ context }, e: Rejected) => ({
      ...steps.quieten(context, [record.PAIRING], e.at + e.terms.quietMs),
      tombstone: true,
    })),
    rotateToken: assign(({ context }, e: Rotated) => steps.rotate(context, e)),
    noteTokenUse: assign(({ context }, e: TokenUsed) => steps.noteTokenUse(context, e)),
    reissueToken: assign(({ context }, e: Reissued) => steps.reissue(context, e)),
    importDevice: assign(({ context }, e: DeviceImported) => importDevice(context, e)),
    endQuiet: assign({ quiet: {}, quietEpisodesMs: [] }),
    revokeGrant: assign(({ context }, e: Revoked) => steps.revoke(context, e)),
    removeDevice: assign(({ context }) => steps.remove(context)),
    passDeadlines: assign(({ context }, e: DeadlineReached) => steps.passDeadlines(context, e.at)),
  },
});
