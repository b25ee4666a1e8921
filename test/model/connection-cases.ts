import type { SnapshotFrom } from 'xstate';
import { connectionMachine } from '../../machines/connection.ts';
import type { ConnectionContext, ConnectionEvent, Manner } from '../../machines/connection-setup.ts';
import type { Denial } from '../../machines/denial.ts';
import type { View } from '../../machines/verdict.ts';
import type { GrantedScopes, RequestRef } from '../../machines/vocabulary.ts';
import { createTestModel } from '../machines/model.ts';
import { type Condition, READ, WISH } from './conditions.ts';

export type Snapshot = SnapshotFrom<typeof connectionMachine>;
/** An event of the machine, and the real cause that stands for it. */
export type Case = ConnectionEvent & { readonly condition?: Condition };

const granted = (scopes: readonly string[]): GrantedScopes => scopes as GrantedScopes;
const LIVE_NONE = granted([]);
const LIVE_READ = granted([READ]);
const LIVE_ALL = granted(WISH);
const revision = (number: number): RequestRef => ({ id: 'aaaaaaaaaaaaaaaa', revision: number });
const FIRST = revision(1);

const view = (live: GrantedScopes, open: RequestRef | null, more: Partial<View> = {}): View => ({
  standing: 'paired',
  covered: live === LIVE_ALL && open === null,
  live,
  open,
  openUntilMs: open && 0,
  quietUntilMs: null,
  generation: 1,
  grantVersion: 1,
  ...more,
});
const stranger = (open: RequestRef | null): View => view(LIVE_NONE, open, { standing: 'unpaired' });

/** What a record says to a connection that is not let in yet. */
const BEFORE_HELLO: Partial<Record<Condition, View>> = {
  covered: view(LIVE_ALL, null),
  partAndOpen: view(LIVE_READ, FIRST),
  partDeclined: view(LIVE_READ, null),
  open: stranger(FIRST),
  declined: stranger(null),
  revoked: view(LIVE_NONE, null, { standing: 'revoked' }),
  removed: view(LIVE_NONE, null, { standing: 'removed' }),
  emptied: view(LIVE_NONE, null),
};
const STANDING = { role: 'operator', wish: WISH, grant: [], approvedRoles: [] } as const;

/** Why it is not let in; the machine looks at no more than whether the client should come back. */
function denialFor(condition: Condition, { manner, request }: ConnectionContext): Denial {
  const quiet = { request, quietUntilMs: 0, standing: STANDING };
  if (condition === 'revoked') return { code: 'REVOKED', ...quiet };
  if (condition === 'declined' || condition === 'rejected' || condition === 'partDeclined') {
    return { code: 'DECLINED', outcome: 'rejected', ...quiet };
  }
  if (condition === 'removed' && request) {
    return { code: 'REQUEST_ENDED', outcome: 'removed', request, standing: STANDING };
  }
  const wait = manner !== 'refuse';
  return { code: 'PAIRING_REQUIRED', reason: 'not-paired', request, wait, standing: STANDING };
}

function read(condition: Condition, seen: View, context: ConnectionContext): Case {
  return { type: 'record.read', condition, view: seen, denial: denialFor(condition, context), outcome: null };
}

function readsBeforeHello(
  context: ConnectionContext,
  conditions = Object.keys(BEFORE_HELLO) as Condition[],
): readonly Case[] {
  return conditions.map((condition) => read(condition, BEFORE_HELLO[condition] as View, context));
}

function readsWhileHeld(context: ConnectionContext): readonly Case[] {
  const wider = read('wider', stranger(revision(2)), context);
  const same = read('same', stranger(context.request), context);
  const rejected = read('rejected', stranger(null), context);
  const others = readsBeforeHello(context).filter(
    ({ condition }) => condition !== 'open' && condition !== 'declined',
  );
  return [...others, same, rejected, ...(context.request?.revision === 1 ? [wider] : [])];
}

const letsIn = ({ manner }: ConnectionContext): readonly Condition[] =>
  manner === 'auto' || manner === 'serve' ? ['covered', 'partAndOpen', 'partDeclined'] : ['covered'];

/** How its request ended is told to whoever waited for it, so that what may follow depends on whether it did. */
function readsOnTheWayIn(context: ConnectionContext): readonly Case[] {
  return readsBeforeHello(context, context.request ? [...letsIn(context), 'revoked'] : undefined);
}

function flushes(context: ConnectionContext): readonly Case[] {
  return letsIn(context).map((condition) => ({
    type: 'delivery.flushed',
    condition,
    view: BEFORE_HELLO[condition] as View,
  }));
}

const endsOf = (live: GrantedScopes, open: RequestRef | null): Partial<Record<Condition, View>> => ({
  same: view(live, open),
  rotated: view(live, open, { generation: 2 }),
  revoked: view(LIVE_NONE, null, { standing: 'revoked', generation: 2 }),
  removed: view(LIVE_NONE, null, { standing: 'removed', generation: 2 }),
  mended: view(LIVE_NONE, open),
});

function readsWhileLive({ value, context }: Snapshot): readonly Case[] {
  const live = context.live.length === 1 ? LIVE_READ : LIVE_ALL;
  const views = endsOf(live, context.request);
  if (value !== 'paired') {
    views.approved = view(LIVE_ALL, null);
    views.rejected = view(live, null);
    if (context.request?.revision === 1) views.wider = view(live, revision(2));
  } else if (live === LIVE_READ) {
    views.approved = view(LIVE_ALL, null);
  }
  return Object.entries(views).map(([condition, seen]) => read(condition as Condition, seen, context));
}

export const MANNERS: readonly Manner[] = ['auto', 'hold', 'serve', 'refuse'];
const NO_PROOF: Denial = { code: 'CREDENTIAL_INVALID', problem: 'embedder-refused' };
const UNSETTLED = [
  { type: 'credential.ended' },
  { type: 'gateway.draining' },
  { type: 'socket.closed' },
] as const satisfies readonly Case[];
const OUTSIDE = [...UNSETTLED, { type: 'frame.illegal' }] as const satisfies readonly Case[];
const DEADLINE = { type: 'deadline.reached' } as const;
const FAILURE = { type: 'authority.failed' } as const;
const NO_ENTRY = { type: 'proof.refused', denial: NO_PROOF } as const;

/** What can really happen to a socket in each state: everything that the machine knows, as far as a gateway has it. */
const CASES: Readonly<Record<string, (snapshot: Snapshot) => readonly Case[]>> = {
  challenged: () => [
    ...OUTSIDE.filter(({ type }) => type !== 'credential.ended'),
    DEADLINE,
    ...MANNERS.map((manner) => ({ type: 'connect.received', manner, commandLine: false }) as const),
  ],
  proving: () => [...OUTSIDE, DEADLINE, FAILURE, { type: 'proof.accepted' }, NO_ENTRY],
  authorizing: ({ context }) => [...OUTSIDE, DEADLINE, FAILURE, NO_ENTRY, ...readsBeforeHello(context)],
  'upgradePending.held': ({ context }) => [
    ...OUTSIDE,
    { type: 'slice.ended', denial: denialFor('open', context) },
    ...readsWhileHeld(context),
  ],
  approved: ({ context }) => [
    ...OUTSIDE,
    FAILURE,
    // A parked socket has a slice instead of a deadline.
    ...(context.request ? [] : [DEADLINE]),
    { type: 'delivery.failed' },
    ...flushes(context),
    ...readsOnTheWayIn(context),
  ],
  'upgradePending.serving': (snapshot) => [
    ...UNSETTLED,
    ...readsWhileLive(snapshot),
    ...(snapshot.context.request?.revision === 1
      ? [{ type: 'upgrade.asked', request: revision(2) } as const]
      : []),
  ],
  paired: (snapshot) => [
    ...UNSETTLED,
    ...readsWhileLive(snapshot),
    { type: 'upgrade.asked', request: FIRST },
  ],
  rejected: () => [{ type: 'socket.closed' }],
  deferred: () => [{ type: 'socket.closed' }],
  closed: () => [],
};

export function placeOf({ value }: Snapshot): string {
  return typeof value === 'string' ? value : `upgradePending.${value.upgradePending}`;
}

/** What of a connection makes a difference to what can follow. */
function label(snapshot: Snapshot): string {
  const { manner, request, live } = snapshot.context;
  const place = placeOf(snapshot);
  if (['rejected', 'deferred', 'closed', 'challenged'].includes(place)) return place;
  const isLive = place === 'paired' || place === 'upgradePending.serving';
  return [place, isLive ? live : manner, request?.revision ?? 0].join(' ');
}

export function caseName({ type, condition, ...event }: Case): string {
  const manner = 'manner' in event ? event.manner : condition;
  return manner === undefined ? type : `${type} ${manner}`;
}

function createModel(byCause: boolean) {
  return createTestModel(connectionMachine, {
    serializeState: (snapshot, event, before) =>
      byCause && event && before
        ? `${label(snapshot)} by ${caseName(event)} from ${label(before)}`
        : label(snapshot),
  });
}

export type ConnectionPath = ReturnType<ReturnType<typeof createModel>['getShortestPaths']>[number];

export const casesIn = (snapshot: Snapshot): readonly Case[] => CASES[placeOf(snapshot)]?.(snapshot) ?? [];

/** A path to every state by every event that leads there, self-loops included: each is one path's last step. */
export function connectionPaths(): readonly ConnectionPath[] {
  // Given here, because the model's own `events` would add an event without its fields for each type that has no case.
  return createModel(true).getShortestPaths({
    events: (snapshot) => [...casesIn(snapshot)],
    traversalLimit: 20_000,
  });
}

/** Every order in which these decisions and answers can follow one another without a state coming twice. */
const ORDERED = {
  types: [
    'connect.received',
    'proof.accepted',
    'record.read',
    'delivery.flushed',
    'upgrade.asked',
    'slice.ended',
  ],
  conditions: ['open', 'covered', 'partAndOpen', 'wider', 'approved', 'rejected'],
} as const satisfies { readonly types: readonly Case['type'][]; readonly conditions: readonly Condition[] };

/** The simple paths of one manner. All cases would be 7477 of them for `auto` alone: `ORDERED` is the bound. */
export function simpleConnectionPaths(manner: Manner): readonly ConnectionPath[] {
  const isOrdered = (event: Case): boolean => {
    if (event.type === 'connect.received') return event.manner === manner;
    const { conditions, types }: { conditions: readonly Condition[]; types: readonly string[] } = ORDERED;
    return (
      types.includes(event.type) && (event.condition === undefined || conditions.includes(event.condition))
    );
  };
  return createModel(false).getSimplePaths({
    events: (snapshot) => casesIn(snapshot).filter(isOrdered),
    traversalLimit: 20_000,
  });
}

export const PLACES = Object.keys(CASES);
