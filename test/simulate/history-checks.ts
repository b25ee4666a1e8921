import type { AuthorizationRecord } from '../../machines/record.ts';
import type { RequestStory, Turn } from './chronicle.ts';
import { idOf, isApproval, isAsking, isSettling, type Moment, revisionOf, type Told } from './fold.ts';
import { beyond, isWithin, PAIRING } from './rights.ts';

/** What a check of one step may look at besides the step. */
export interface Known {
  readonly wallMs: number;
  /** Since the clock was last set ahead. */
  readonly sinceJumpMs: number;
  readonly lifetimeMs: number;
  story(id: string): RequestStory | undefined;
  /** Who waits for an answer to a connect of this (device, role). */
  asking(key: string): readonly Asking[];
  /** The device of a connection that was let in; empty without one, undefined when it is none of ours. */
  deviceOf(connId: string | null): string | undefined;
}

/** A connect that is not answered yet. */
export interface Asking {
  readonly isLocal: boolean;
  readonly knowsSecret: boolean;
}

/** Answers what is wrong with a step; undefined when nothing is. */
export type HistoryCheck = (turn: Turn, known: Known) => string | undefined;

const text = (scopes: readonly string[]): string => scopes.join(',') || '<none>';

/** I1: no second request is opened beside an open one, and revisions follow one another. */
const oneOpenRequest: HistoryCheck = ({ before, told }) => {
  let open = before.open;
  for (const one of told) {
    if (one.request === null) continue;
    const problem = wrongOrder(open, one, one.request);
    if (problem) return problem;
    if (isSettling(one)) open = null;
    if (!isAsking(one)) continue;
    open = { id: idOf(one.request), revisions: [...(open?.revisions ?? []), one.scopesTo] };
  }
  return undefined;
};

function wrongOrder(open: Moment['open'], told: Told, request: string): string | undefined {
  if (told.type === 'request.opened') return open ? `opened ${request} beside ${open.id}` : undefined;
  if (open?.id !== idOf(request)) return `${told.type} ${request}, which is not open`;
  const next = open.revisions.length + 1;
  return told.type === 'request.widened' && revisionOf(request) !== next
    ? `widened ${request}, not r${next}`
    : undefined;
}

/** I2: an approval gives what its revision asks for and nothing else; only one that covers the newest revision settles. */
const givesWhatWasNamed: HistoryCheck = ({ before, told }) => {
  for (const one of told.filter(isApproval)) {
    const revisions = before.open?.revisions ?? [];
    const named = revisions[revisionOf(one.request ?? '') - 1];
    if (!named) return `approved ${one.request}, which nobody was shown`;
    const extra = beyond(one.scopesTo, [...one.scopesFrom, ...named]);
    if (extra.length > 0) return `approving ${one.request} gave ${text(extra)}`;
    const isWhole = isWithin(revisions.at(-1) ?? [], one.scopesTo);
    if (one.outcome === 'approved' && !isWhole) return `${one.request} settled as approved without all of it`;
    if (one.type === 'request.approved' && isWhole) return `${one.request} is covered and was left open`;
  }
  return undefined;
};

/** I4, I11: nothing but an owner's decision, or the automatism for local devices, makes a grant larger. */
const onlyDecisionsWiden: HistoryCheck = (turn, known) => {
  for (const one of turn.told.filter((told) => !isAsking(told))) {
    const gained = beyond(one.scopesTo, turn.before.grant);
    const isGain = gained.length > 0 || (turn.before.is !== 'paired' && turn.after.is === 'paired');
    const problem = isGain ? wrongGain(turn, one, gained, known) : undefined;
    if (problem) return problem;
  }
  return undefined;
};

function wrongGain(
  { before, deviceId, key }: Turn,
  told: Told,
  gained: readonly string[],
  { asking, deviceOf }: Known,
): string | undefined {
  if (told.by === null) return wrongByItself(told, before, gained, asking(key));
  if (!isApproval(told) && !MAY_WIDEN.has(told.type)) return `${told.type} gave ${text(gained)}`;
  return deviceOf(told.connId) === deviceId ? `the device widened itself by ${told.type} (I11)` : undefined;
}

const MAY_WIDEN = new Set(['token.rotated', 'device.imported', 'request.settled']);

/** I14, I16: what a gain that no owner decided has to fulfil. */
function wrongByItself(
  { type, outcome }: Told,
  before: Moment,
  gained: readonly string[],
  asking: readonly Asking[],
): string | undefined {
  if (type !== 'access.granted' && outcome !== 'superseded') return `nobody decided ${type}`;
  const isMeant = asking.some(({ isLocal, knowsSecret }) => isLocal && knowsSecret);
  if (!isMeant) return `${text(gained)} came by itself to a peer that is not local`;
  if (before.is === 'revoked' || before.is === 'removed') return `${before.is}, and back by itself`;
  const taken = gained.filter((scope) => isWithin([scope], before.ceiling));
  return taken.length > 0 ? `${text(taken)} was taken by an owner and came back by itself` : undefined;
}

/** I4: a rotation stays inside what was approved. */
const rotatesInside: HistoryCheck = ({ before, told }) => {
  const one = told.find(({ type }) => type === 'token.rotated');
  if (!one) return undefined;
  const extra = beyond(one.scopesTo, before.ceiling);
  return extra.length > 0 ? `rotated to ${text(extra)}, which nobody ever approved` : undefined;
};

/** I7: a request settles once. */
const settlesOnce: HistoryCheck = ({ told }, { story }) => {
  const again = told.filter(isSettling).find(({ request }) => story(idOf(request ?? ''))?.settled);
  return again && `${again.request} settled again, as ${again.outcome}`;
};

/** I13: nothing is asked for while all of it is declined, and at most three times while anything is. */
const declinedStaysDeclined: HistoryCheck = ({ before, told }) => {
  const opened = told.find(({ type }) => type === 'request.opened');
  if (!opened) return undefined;
  const lacking = [...beyond(opened.scopesTo, before.grant), ...(before.is === 'paired' ? [] : [PAIRING])];
  const isQuiet = lacking.every((scope) => (before.quiet.get(scope) ?? 0) > opened.atMs);
  return isQuiet && lacking.length > 0
    ? `${opened.request} asks for what is declined: ${text(lacking)}`
    : undefined;
};

/** I16: only an owner's approval ends a revocation or a removal. */
const revokedStaysRevoked: HistoryCheck = ({ before, after, told }) => {
  const wasOut = before.is === 'revoked' || before.is === 'removed';
  if (!wasOut || after.is !== 'paired') return undefined;
  const isMeant = told.some((one) => (isApproval(one) || one.type === 'device.imported') && one.by !== null);
  return isMeant ? undefined : `${before.is} became paired by ${told.map(({ type }) => type).join(' ')}`;
};

/** I17: what is open asks for something that is not granted. */
const noPhantom: HistoryCheck = ({ after }) => {
  const newest = after.open?.revisions.at(-1);
  if (!newest || after.is !== 'paired') return undefined;
  return isWithin(newest, after.grant) ? `${after.open?.id} is open for what is granted` : undefined;
};

/** I9, R16: a request lives its time from the last sign of whoever wants it. */
const expiresLate: HistoryCheck = ({ told }, { story, wallMs, sinceJumpMs, lifetimeMs }) => {
  const one = told.find(({ outcome }) => outcome === 'expired');
  const asked = one && story(idOf(one.request ?? ''))?.lastAskedMs;
  // A lifetime is written when it has moved by a quarter; a minute passes between two looks at those who wait.
  const least = Math.max(0, lifetimeMs * 0.75 - 70_000);
  return asked !== undefined && sinceJumpMs > lifetimeMs && wallMs - asked < least
    ? `${one?.request} expired ${wallMs - asked} ms after somebody wanted it`
    : undefined;
};

/** I15, I10: what the events tell is what the record says. */
const recordIsItsHistory: HistoryCheck = ({ after, role, document }) => {
  if (document === null) {
    return after.is === 'paired' || after.is === 'revoked'
      ? `the record of a ${after.is} device is gone`
      : undefined;
  }
  const { roles } = document as {
    readonly roles: Readonly<Record<string, { readonly record: AuthorizationRecord }>>;
  };
  const record = roles[role]?.record;
  if (!record) return 'the role is gone from the record';
  if (text([...record.grant].sort()) !== text([...after.grant].sort())) {
    return `the record grants ${text(record.grant)}, the events ${text(after.grant)}`;
  }
  const open = record.request?.id ?? null;
  return open === (after.open?.id ?? null)
    ? undefined
    : `the record has ${open} open, the events ${after.open?.id}`;
};

/** I6: nobody decides what only a deadline can do, and the other way round. */
const outcomeHasItsAuthor: HistoryCheck = ({ told }) => {
  const byOwner = new Set<Told['outcome']>(['approved', 'narrowed', 'rejected', 'removed']);
  const wrong = told
    .filter(({ outcome }) => outcome === 'expired' || byOwner.has(outcome))
    .find(({ outcome, by }) => byOwner.has(outcome) !== (by !== null));
  return wrong && `${wrong.request} is ${wrong.outcome} by ${wrong.by}`;
};

export const HISTORY_CHECKS: readonly (readonly [string, HistoryCheck])[] = [
  ['I1', oneOpenRequest],
  ['I2', givesWhatWasNamed],
  ['I4', onlyDecisionsWiden],
  ['I4', rotatesInside],
  ['I6', outcomeHasItsAuthor],
  ['I7', settlesOnce],
  ['I9', expiresLate],
  ['I13', declinedStaysDeclined],
  ['I15', recordIsItsHistory],
  ['I16', revokedStaysRevoked],
  ['I17', noPhantom],
];
