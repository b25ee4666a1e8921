import type { NewEvent } from '../../src/store/store.ts';
import { beyond, PAIRING } from './rights.ts';

/** One (device, role) as its history tells it, and nothing else. */
export interface Standing {
  readonly is: 'unknown' | 'paired' | 'revoked' | 'removed';
  readonly grant: readonly string[];
  /** Everything that was ever approved and not taken away by a revocation or a removal. */
  readonly ceiling: readonly string[];
  readonly open: OpenRequest | null;
  /** Declined scope -> until when, in epoch ms. */
  readonly quiet: ReadonlyMap<string, number>;
  /** Until when something is declined, or an owner's no is fresh, in epoch ms. */
  readonly noUntilMs: number;
  /** Revocations, removals and rotations so far: each ends what a live session has. */
  readonly cuts: number;
  /** Revocations and removals so far: each ends every token of before. */
  readonly ends: number;
}

export interface OpenRequest {
  readonly id: string;
  /** What each revision asks for; revision k at k - 1. */
  readonly revisions: readonly (readonly string[])[];
}

/** A standing, from a moment on. */
export interface Moment extends Standing {
  /** The last event that it takes into account. */
  readonly seq: number;
  /** Simulated ms. */
  readonly atMs: number;
}

export const NOTHING_KNOWN: Standing = {
  is: 'unknown',
  grant: [],
  ceiling: [],
  open: null,
  quiet: new Map(),
  noUntilMs: 0,
  cuts: 0,
  ends: 0,
};

/** What the history says of one event (src/authority/audit.ts writes it; owners read it with `devices log`). */
export interface Told {
  readonly type: string;
  readonly role: string;
  readonly atMs: number;
  /** `<id>.r<revision>`, or null. */
  readonly request: string | null;
  readonly outcome: string | null;
  readonly stateTo: string;
  readonly scopesFrom: readonly string[];
  readonly scopesTo: readonly string[];
  readonly by: string | null;
  readonly connId: string | null;
}

export function toldOf({ type, role, atMs, detail }: NewEvent): Told {
  const { request, outcome, stateTo, scopesFrom, scopesTo, by, connId } = detail as unknown as Told;
  return { type, role: role ?? '', atMs, request, outcome, stateTo, scopesFrom, scopesTo, by, connId };
}

export const isAsking = ({ type }: Told): boolean => type === 'request.opened' || type === 'request.widened';
export const isSettling = ({ type }: Told): boolean => type === 'request.settled';
/** An owner gave something of a request. */
export const isApproval = ({ type, outcome }: Told): boolean =>
  type === 'request.approved' ||
  (type === 'request.settled' && (outcome === 'approved' || outcome === 'narrowed'));

export const idOf = (request: string): string => request.slice(0, request.lastIndexOf('.'));
export const revisionOf = (request: string): number => Number(request.slice(request.lastIndexOf('.r') + 2));

function asked(before: Standing, { type, request, scopesTo }: Told): Standing {
  const id = idOf(request ?? '');
  const earlier = type === 'request.widened' && before.open?.id === id ? before.open.revisions : [];
  return { ...before, open: { id, revisions: [...earlier, scopesTo] } };
}

function quietened(quiet: Standing['quiet'], scopes: readonly string[], until: number): Standing['quiet'] {
  return new Map([
    ...quiet,
    ...scopes.map((scope) => [scope, Math.max(until, quiet.get(scope) ?? 0)] as const),
  ]);
}

/** It came by something else than the approval of a request. */
function granted(before: Standing, { scopesTo }: Told): Standing {
  return {
    ...before,
    is: 'paired',
    grant: scopesTo,
    ceiling: [...new Set([...before.ceiling, ...scopesTo])],
    quiet: new Map([...before.quiet].filter(([scope]) => !scopesTo.includes(scope))),
  };
}

/** What has had its time stays over, also when the clock is set back after that. */
function ended(before: Standing, { atMs }: Told): Standing {
  return { ...before, quiet: new Map([...before.quiet].filter(([, until]) => until > atMs)) };
}

function approved(before: Standing, told: Told, quietMs: number): Standing {
  const revision = before.open?.revisions[revisionOf(told.request ?? '') - 1] ?? [];
  const given = new Set([PAIRING, ...told.scopesTo]);
  const declined = told.outcome === 'narrowed' ? beyond(revision, told.scopesTo) : [];
  const left = new Map([...before.quiet].filter(([scope]) => !given.has(scope)));
  return {
    ...before,
    is: 'paired',
    grant: told.scopesTo,
    ceiling: [...new Set([...before.ceiling, ...told.scopesTo])],
    open: told.type === 'request.settled' ? null : before.open,
    quiet: quietened(left, declined, told.atMs + quietMs),
    noUntilMs: Math.max(before.noUntilMs, told.outcome === 'narrowed' ? told.atMs + quietMs : 0),
  };
}

function rejected(before: Standing, told: Told, quietMs: number): Standing {
  const seen = before.open?.revisions[revisionOf(told.request ?? '') - 1] ?? [];
  const isNew = before.is !== 'paired';
  const quiet = quietened(before.quiet, isNew ? [...seen, PAIRING] : seen, told.atMs + quietMs);
  // A rejected pairing leaves a mark: no automatism lets the device in after it.
  const noUntilMs = told.atMs + quietMs;
  return { ...before, is: before.is === 'unknown' ? 'removed' : before.is, open: null, quiet, noUntilMs };
}

function revoked(before: Standing, told: Told, quietMs: number, wasOpen: OpenRequest | null): Standing {
  const all = [...before.ceiling, ...before.grant, ...(wasOpen?.revisions.at(-1) ?? []), PAIRING];
  const quiet = quietened(before.quiet, all, told.atMs + quietMs);
  const cut = { cuts: before.cuts + 1, ends: before.ends + 1 };
  const noUntilMs = told.atMs + quietMs;
  return { ...before, ...cut, is: 'revoked', grant: [], ceiling: [], open: null, quiet, noUntilMs };
}

/** The standing after one event. `wasOpen`: the request that was open before the step that this event is part of. */
export function after(
  before: Standing,
  told: Told,
  quietMs: number,
  wasOpen: OpenRequest | null = before.open,
  isRevocation = false,
): Standing {
  if (isAsking(told)) return asked(before, told);
  if (isApproval(told)) return approved(before, told, quietMs);
  if (isSettling(told)) {
    // A revocation settles the request as rejected by itself, and makes all of it quiet below.
    const isRejection = told.outcome === 'rejected' && !isRevocation;
    if (told.outcome === 'superseded') return { ...granted(before, told), open: null };
    if (told.outcome === 'expired') return { ...ended(before, told), open: null };
    return isRejection ? rejected(before, told, quietMs) : { ...before, open: null };
  }
  switch (told.type) {
    case 'access.granted':
    case 'device.imported':
      return granted(before, told);
    case 'token.rotated':
      return { ...before, grant: told.scopesTo, cuts: before.cuts + 1 };
    case 'grant.revoked':
      return revoked(before, told, quietMs, wasOpen);
    case 'device.removed':
      return {
        ...before,
        is: 'removed',
        grant: [],
        ceiling: [],
        open: null,
        cuts: before.cuts + 1,
        ends: before.ends + 1,
      };
    case 'deadline.passed':
      return ended(before, told);
    case 'quiet.forgiven':
      return { ...before, quiet: new Map(), noUntilMs: 0 };
    default:
      return before;
  }
}

export function keyOf(deviceId: string, role: string): string {
  return `${deviceId} ${role}`;
}
