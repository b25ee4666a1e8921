/** What must hold of requests after every step: DESIGN section 3 and TABLES, in the oracle's words. */
import { step } from '../../src/authority/step.ts';
import { isSame } from './explore.ts';
import {
  expectedAnswer,
  isRevoked,
  may,
  missing,
  newest,
  PAIRING_ITSELF,
  quietNow,
  stands,
  waits,
} from './oracle.ts';
import { always, type Case, on, type Rule } from './rules.ts';

const unchanged = ({ before, taken }: Case): boolean => isSame(before, taken.next);
/** The second time, the same event finds everything done. */
const isIdempotent = ({ taken, event }: Case): boolean => isSame(taken.next, step(taken.next, event).next);
const names = (step: Case, { request }: { request: { id: string; revision: number } }): boolean =>
  step.was.request?.id === request.id && request.revision <= step.was.request.revisions.length;

const shape: readonly Rule[] = [
  always(
    'a step announces something exactly when it changes something',
    (step) => unchanged(step) === (step.taken.announcements.length === 0),
  ),
  always(
    'I1 a request is open exactly in the states that say so',
    ({ taken, is }) => waits(taken.next.state) === (is.request !== null),
  ),
  always(
    'I1 no step puts another request in the place of an open one',
    ({ was, is }) => is.request === null || is.request.id === was.request?.id,
    ({ was }) => was.request !== null,
  ),
  always(
    'I2 within an episode revisions only grow, and none that was shown ever changes',
    ({ was, is }) =>
      (was.request?.revisions ?? []).every(
        (shown, index) => JSON.stringify(shown) === JSON.stringify(is.request?.revisions[index]),
      ),
    ({ was, is }) => was.request !== null && is.request !== null,
  ),
  always(
    'R3 I17 no request stays open for what is granted already',
    ({ is }) => !may(is.grant, newest(is)),
    ({ taken }) => taken.next.state === 'upgradePending',
  ),
  always(
    'R16 an episode has one absolute end, and its lifetime never reaches beyond it',
    ({ was, is }) =>
      (was.request === null || was.request.endsAtMs === is.request?.endsAtMs) &&
      (is.request?.expiresAtMs ?? 0) <= (is.request?.endsAtMs ?? 0),
    ({ is }) => is.request !== null,
  ),
];

const ENDED_BY: Readonly<Record<string, readonly string[]>> = {
  approved: ['request.approved'],
  narrowed: ['request.approved'],
  rejected: ['request.rejected', 'grant.revoked'],
  superseded: ['access.requested', 'token.rotated', 'device.imported'],
  expired: ['deadline.reached'],
  withdrawn: ['request.withdrawn'],
  removed: ['device.removed'],
};

const settling: readonly Rule[] = [
  always('I6 a request that ends is settled once, and only then', ({ taken, was, is }) => {
    const settled = taken.announcements.filter(({ fact }) => fact === 'request.settled').length;
    return settled === (was.request !== null && is.request === null ? 1 : 0);
  }),
  always(
    'I6 each outcome has its own causes',
    ({ outcome, event }) => ENDED_BY[outcome ?? '']?.includes(event.type) === true,
    ({ outcome }) => outcome !== null,
  ),
  always(
    'I6 superseded and approved mean that everything asked for is granted now',
    ({ was, is, taken }) => stands(taken.next.state) && may(is.grant, newest(was)),
    ({ outcome }) => outcome === 'superseded' || outcome === 'approved',
  ),
  always(
    'I6 narrowed means that a part of what the owner named is not granted, and is quiet',
    ({ was, is, event }) => {
      if (event.type !== 'request.approved') return false;
      const named = was.request?.revisions[event.request.revision - 1]?.scopes ?? [];
      const declined = named.filter((scope) => !may(is.grant, [scope]));
      return declined.length > 0 && declined.every((scope) => (is.quiet[scope] ?? 0) > event.at);
    },
    ({ outcome }) => outcome === 'narrowed',
  ),
  on(
    'deadline.reached',
    'I6 R14 a request expires when its own time has come, whoever woke the machine',
    ({ was, outcome }, { at }) => (outcome === 'expired') === (was.request?.expiresAtMs ?? Infinity) <= at,
  ),
  on(
    'deadline.reached',
    'R14 one step handles all that is due, and a second one finds nothing',
    (step, { at }) => {
      const { quiet, request, tokens } = step.is;
      const times = [
        ...Object.values(quiet),
        request?.expiresAtMs ?? Infinity,
        tokens.retireAtMs ?? Infinity,
      ];
      return times.every((time) => time > at) && isIdempotent(step);
    },
  ),
  on(
    'request.rejected',
    'R5 I13 a rejection ends the whole request, and what the owner saw is quiet, the pairing too if it is not paired',
    ({ was, taken, before }, { request, at, terms }) => {
      const saw = [...(was.request?.revisions[request.revision - 1]?.scopes ?? [])];
      if (!stands(before.state)) saw.push(PAIRING_ITSELF);
      const { state, record } = taken.next;
      return !waits(state) && saw.every((scope) => (record.quiet[scope] ?? 0) >= at + terms.quietMs);
    },
    ({ taken }) => taken.verdict === 'rejected',
  ),
  on(
    'request.rejected',
    'R5 a revision that is granted already cannot be rejected any more',
    (step) => step.taken.verdict === 'alreadyGranted' && unchanged(step),
    (step, event) =>
      stands(step.before.state) &&
      names(step, event) &&
      may(step.was.grant, step.was.request?.revisions[event.request.revision - 1]?.scopes ?? []),
  ),
  on('request.withdrawn', 'I7 withdrawing is idempotent', isIdempotent),
  on('request.rejected', 'I7 rejecting is idempotent', isIdempotent),
  on('request.approved', 'I7 approving is idempotent', isIdempotent),
  on(
    'request.approved',
    'R4 an approval of what is not shown changes nothing',
    (step) => step.taken.verdict === 'notOpen' && unchanged(step),
    (step, event) => !names(step, event),
  ),
  on(
    'request.approved',
    'I2 R15 after an approval nothing stays open but what was asked for later',
    ({ was, is }, { request }) =>
      is.request === null || request.revision < (was.request?.revisions.length ?? 0),
    (step) => step.taken.verdict === 'approved' && !unchanged(step),
  ),
  on(
    'request.rejected',
    'R4 a rejection of what is not shown changes nothing',
    (step) => step.taken.verdict === 'notOpen' && unchanged(step),
    (step, event) => !names(step, event),
  ),
];

const asking: readonly Rule[] = [
  on(
    'access.requested',
    'R1 the answer to a wish: covered, quiet, auto, joined, and only then something new',
    ({ before, taken }, event) => taken.verdict === expectedAnswer(before, event),
  ),
  on(
    'access.requested',
    'I12 what is granted is let in, and nothing else matters',
    (step) => step.taken.verdict === 'covered' && unchanged(step),
    ({ before, was }, { wish }) => stands(before.state) && may(was.grant, wish),
  ),
  on(
    'access.requested',
    'I13 what is quiet is refused at once, and writes nothing',
    (step) => step.taken.verdict === 'quiet' && unchanged(step),
    ({ before, was }, { wish, at }) => {
      const lacks = missing(before, wish);
      return lacks.length > 0 && lacks.every((scope) => quietNow(was, at).includes(scope));
    },
  ),
  on(
    'access.requested',
    'I13 padding a wish opens only so many episodes while something is quiet',
    ({ was, is }, { episodesElsewhere, terms }) =>
      is.quietEpisodesMs.length === was.quietEpisodesMs.length + 1 &&
      is.quietEpisodesMs.length + episodesElsewhere <= terms.quietEpisodes,
    ({ taken, was }, { at }) => taken.verdict === 'opened' && quietNow(was, at).length > 0,
  ),
  on(
    'access.requested',
    'I8 a repeat joins: no new request, no revision, and a line only when its life is prolonged',
    ({ was, is, taken }) =>
      is.request?.id === was.request?.id &&
      is.request?.revisions.length === was.request?.revisions.length &&
      taken.announcements.every(({ fact }) => fact === 'request.renewed'),
    ({ taken }) => taken.verdict === 'joined',
  ),
  on(
    'access.requested',
    'R16 a lifetime is written only when it moves by a quarter',
    ({ was, is }, { terms }) =>
      (is.request?.expiresAtMs ?? 0) - (was.request?.expiresAtMs ?? 0) >= terms.lifetimeMs / 4,
    ({ taken }) => taken.announcements.some(({ fact }) => fact === 'request.renewed'),
  ),
  on(
    'access.requested',
    'R16 an episode ends at the latest when its longest life is over',
    ({ is }, { at, terms }) => is.request?.endsAtMs === at + terms.longestLifeMs,
    ({ taken }) => taken.verdict === 'opened',
  ),
  on(
    'access.requested',
    'R15 a wider wish makes one more revision, which is everything that was asked for',
    ({ was, is }, { wish }) =>
      is.request?.revisions.length === (was.request?.revisions.length ?? 0) + 1 &&
      JSON.stringify(newest(is)) === JSON.stringify([...new Set([...newest(was), ...wish])].sort()),
    ({ taken }) => taken.verdict === 'widened' || taken.verdict === 'opened',
  ),
  on(
    'access.requested',
    'a probe opens, widens and prolongs nothing',
    ({ taken, before }) =>
      isSame(before, taken.next) && !['opened', 'widened', 'full'].includes(taken.verdict),
    (_, { mayOpen, auto }) => !mayOpen && !auto,
  ),
  on(
    'access.requested',
    'R1b nobody is let in without standing, however little is asked',
    ({ taken }) => taken.verdict !== 'covered',
    ({ before }, { auto }) => !stands(before.state) && !auto,
  ),
  on(
    'access.requested',
    'I16 a revoked role is never let in by asking',
    ({ taken }) => taken.verdict !== 'covered' && isRevoked(taken.next.state),
    ({ before }) => isRevoked(before.state),
  ),
];

export const RULES_OF_REQUESTS: readonly Rule[] = [...shape, ...settling, ...asking];
