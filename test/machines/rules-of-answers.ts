/** What must be said of every step, to whoever caused it and in the history: one answer, and one line for each change. */
import type { AuthorizationEvent, Verdict } from '../../machines/authorization-events.ts';
import { isRevoked, may, stands } from './oracle.ts';
import { always, type Case, on, type Rule } from './rules.ts';

type Type = AuthorizationEvent['type'];

/** What a step that ends a request adds to the history, and the line of what it did besides. */
const SAID_BY: Readonly<Partial<Record<Type, string>>> = {
  'token.rotated': 'token.rotated',
  'token.used': 'token.delivered',
  'token.reissued': 'token.reissued',
  'quiet.forgiven': 'quiet.forgiven',
  'device.imported': 'device.imported',
  'grant.revoked': 'grant.revoked',
  'device.removed': 'device.removed',
};

function newsOfAsking({ was, is }: Case): string {
  if (was.request === null || is.request === null) return is.request ? 'request.opened' : 'access.granted';
  if (is.request.revisions.length > was.request.revisions.length) return 'request.widened';
  return is.request.expiresAtMs > was.request.expiresAtMs ? 'request.renewed' : 'access.granted';
}

/** The lines that a step which changed something has to write, sorted. */
function expectedFacts(step: Case): readonly string[] {
  const { event, was, is } = step;
  const own = SAID_BY[event.type];
  if (was.request !== null && is.request === null) {
    return ['request.settled', ...(own ? [own] : [])].sort();
  }
  if (own) return [own];
  if (event.type === 'access.requested') return [newsOfAsking(step)];
  if (event.type === 'request.attended') return ['request.renewed'];
  return [event.type === 'deadline.reached' ? 'deadline.passed' : 'request.approved'];
}

const did = ({ taken }: Case): boolean => taken.announcements.length > 0;
const revisionOf = ({ was }: Case, { id, revision }: { id: string; revision: number }) =>
  was.request?.id === id ? was.request.revisions[revision - 1]?.scopes : undefined;

/** What a rotation, a reissue, a revocation and the like answer: what they did, or why not. */
const OWNERS_ANSWERS: readonly Rule[] = [
  on('token.rotated', 'who rotates hears that it was done, or what stands against it', (step) => {
    const refused: Verdict = stands(step.before.state) ? 'beyondCeiling' : 'notPaired';
    return step.taken.verdict === (did(step) ? 'rotated' : refused);
  }),
  on('token.reissued', 'who reissues hears that it stands, also when nothing was left to do', (step) => {
    return step.taken.verdict === (stands(step.before.state) ? 'reissued' : 'notPaired');
  }),
  on('quiet.forgiven', 'who forgives hears whether there was anything to forgive', (step) => {
    const { quiet, quietEpisodesMs } = step.was;
    const had = Object.keys(quiet).length > 0 || quietEpisodesMs.length > 0;
    return step.taken.verdict === (had ? 'forgiven' : 'nothing') && did(step) === had;
  }),
  on('grant.revoked', 'who revokes hears that it is so, and of nobody who was never approved', (step) => {
    const { state } = step.before;
    const isOver = stands(state) || isRevoked(state);
    return step.taken.verdict === (isOver ? 'revoked' : 'notPaired');
  }),
  on('device.removed', 'who removes hears that it is so', ({ taken }) => taken.verdict === 'removed'),
  on('device.imported', 'an import is done, known, or kept out by what was decided here', (step, event) => {
    const { state, record } = step.before;
    if (did(step)) return step.taken.verdict === 'imported';
    const isKnown = record.imported?.fingerprint === event.fingerprint;
    const hasStood = stands(state) || isRevoked(state);
    return step.taken.verdict === (isKnown && hasStood ? 'alreadyImported' : 'kept');
  }),
];

const REQUESTS_ANSWERS: readonly Rule[] = [
  on('request.approved', 'who approves hears what came of it', (step, { request, scopes }) => {
    const revision = revisionOf(step, request);
    const verdict = (): Verdict => {
      if (!revision) return 'notOpen';
      if (!may(revision, scopes ?? [])) return 'beyondRequest';
      const isGranted = stands(step.before.state) && may(step.was.grant, revision);
      if (isGranted || scopes === null || !stands(step.before.state)) return 'approved';
      return may(step.was.grant, scopes) ? 'givesNothing' : 'approved';
    };
    return step.taken.verdict === verdict();
  }),
  on('request.rejected', 'who rejects hears what came of it', (step, { request }) => {
    const revision = revisionOf(step, request);
    if (!revision) return step.taken.verdict === 'notOpen';
    const isGranted = stands(step.before.state) && may(step.was.grant, revision);
    return step.taken.verdict === (isGranted ? 'alreadyGranted' : 'rejected');
  }),
  on('request.withdrawn', 'who withdraws hears whether it was open', (step, { request }) => {
    const isIts = step.was.request?.id === request.id;
    return step.taken.verdict === (isIts ? 'withdrawn' : 'notOpen') && did(step) === isIts;
  }),
];

const NOBODY_ASKED: readonly Type[] = ['deadline.reached', 'request.attended', 'token.used'];

export const RULES_OF_ANSWERS: readonly Rule[] = [
  always(
    'I6 the history has one line for each change, and each says what it was',
    (step) => {
      const facts = step.taken.announcements.map(({ fact }) => fact).sort();
      return facts.join() === expectedFacts(step).join();
    },
    did,
  ),
  always(
    'what nobody waits for is answered to nobody',
    ({ taken }) => taken.verdict === 'nothing',
    ({ event }) => NOBODY_ASKED.includes(event.type),
  ),
  ...OWNERS_ANSWERS,
  ...REQUESTS_ANSWERS,
];
