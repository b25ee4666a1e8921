import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { initialTransition } from 'xstate';
import { connectionMachine } from '../../machines/connection.ts';
import type { ConnectionEvent, Manner, RecordRead } from '../../machines/connection-setup.ts';
import type { Denial } from '../../machines/denial.ts';
import type { View } from '../../machines/verdict.ts';
import type { GrantedScopes } from '../../machines/vocabulary.ts';
import { deepFreeze } from './explore.ts';
import { EVENTS, inState, lineOf, REQUEST, type Snapshot, STATES, stateOf, take } from './socket.ts';

const table = readFileSync(new URL('./connection-table.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');
const LIVE = ['upgradePending.serving', 'paired'];
const SETTLED = ['rejected', 'deferred', 'closed'];
/** Where a socket has no rights yet, and a record that gives none turns it away. */
const WAITING_ROOM = ['authorizing', 'upgradePending.held', 'approved'] as const;
const UNSETTLED = STATES.filter((state) => !SETTLED.includes(state));
const [fresh] = initialTransition(connectionMachine);
const start = (): Snapshot => fresh;
deepFreeze(fresh.context);

describe('every event in every state', () => {
  const said = new Map(table.map((line) => [line.split(' | ').slice(0, 2).join(' | '), line]));

  it.each(STATES)('does in %s what the table says, and nothing where the table says nothing', (state) => {
    for (const name of Object.keys(EVENTS)) {
      expect(lineOf(state, name)).toBe(said.get(`${state} | ${name}`) ?? null);
    }
  });

  it('is what the table is about', () => {
    expect(said.size).toBe(table.length);
    expect(table.length).toBeGreaterThan(80);
    const names = new Set(table.flatMap((line) => line.split(' | ')[1] ?? []));
    expect([...names].sort()).toEqual(Object.keys(EVENTS).sort());
  });
});

const MANNERS: readonly Manner[] = ['auto', 'hold', 'serve', 'refuse'];
const CONNECTS = MANNERS.flatMap((manner) =>
  [false, true].map((commandLine) => ({ type: 'connect.received', manner, commandLine }) as const),
);
const SENT = Object.entries(EVENTS).flatMap(([name, event]) => {
  const sent: readonly ConnectionEvent[] = event.type === 'connect.received' ? CONNECTS : [event];
  return sent.map((one) => ({ name, event: one }));
});

interface Place {
  readonly snapshot: Snapshot;
  /** How many of the steps of a regular way in are done. */
  readonly done: number;
}
/** The only regular way in, in this order. */
const WAY_IN = ['connect.received', 'proof.accepted', 'record.read', 'delivery.flushed'];
const placeKey = ({ snapshot, done }: Place): string =>
  JSON.stringify([snapshot.value, snapshot.context, done]);

function after({ snapshot, done }: Place, event: ConnectionEvent): Place {
  const taken = take(snapshot, event);
  deepFreeze(taken.snapshot.context);
  const isRead = event.type === 'record.read' && taken.state !== 'approved';
  return { snapshot: taken.snapshot, done: done + (WAY_IN[done] === event.type && !isRead ? 1 : 0) };
}

/** Everything that a connection can become when only some of the events happen. */
function reachable(allowed: (name: string) => boolean = () => true): readonly Place[] {
  const sent = SENT.filter(({ name }) => allowed(name));
  const first: Place = { snapshot: start(), done: 0 };
  const found = new Map([[placeKey(first), first]]);
  for (const [, place] of found) {
    for (const { event } of sent) {
      const next = after(place, event);
      if (!found.has(placeKey(next))) found.set(placeKey(next), next);
    }
  }
  return [...found.values()];
}
const places = reachable();
const everything = places.map(({ snapshot }) => snapshot);

describe('everything that a connection can become', () => {
  it('is every state of the machine, and never an error', () => {
    expect([...new Set(everything.map(stateOf))].sort()).toEqual([...STATES].sort());
    expect(everything.length).toBeGreaterThan(30);
    for (const snapshot of everything) expect(snapshot.status).toBe('active');
  });

  it('is JSON, so that a sleeping connection is its text', () => {
    for (const { context } of everything) expect(JSON.parse(JSON.stringify(context))).toEqual(context);
  });

  it('once settled only loses its socket', () => {
    const settled = everything.filter((snapshot) => snapshot.hasTag('settled'));
    expect(new Set(settled.map(stateOf))).toEqual(new Set(SETTLED));
    for (const snapshot of settled) {
      for (const event of Object.values(EVENTS)) {
        const after = take(snapshot, event);
        const isHangUp = event.type === 'socket.closed';
        expect(after.state).toBe(isHangUp ? 'closed' : stateOf(snapshot));
        expect(after.effects).toEqual([]);
      }
    }
  });

  it('has rights exactly in the states that are live', () => {
    for (const snapshot of everything) {
      expect(snapshot.hasTag('authorized')).toBe(LIVE.includes(stateOf(snapshot)));
    }
  });

  it.each(['connect.received', 'proof.accepted', 'read:', 'flushed:'])(
    'is not let in without %s',
    (needed) => {
      const without = reachable((name) => !name.startsWith(needed)).map(({ snapshot }) => snapshot);
      expect(without.length).toBeGreaterThan(3);
      expect(without.filter((snapshot) => snapshot.hasTag('authorized'))).toEqual([]);
    },
  );

  it('is not let in by a record that gives nothing', () => {
    const giving = ['read: all covered', 'read: part covered', 'read: rotated'];
    const given = (name: string): boolean => giving.some((one) => name.startsWith(one));
    const without = reachable((name) => !given(name)).map(({ snapshot }) => snapshot);
    expect(without.map(stateOf)).toContain('upgradePending.held');
    expect(without.filter((snapshot) => snapshot.hasTag('authorized'))).toEqual([]);
  });
});

describe('every way into a live session', () => {
  it('goes through connect, proof, a record that lets it in, and a delivered hello, in this order', () => {
    const live = places.filter(({ snapshot }) => snapshot.hasTag('authorized'));
    expect(live.length).toBeGreaterThan(5);
    for (const { done } of live) expect(done).toBe(WAY_IN.length);
    expect(places.filter(({ done }) => done < WAY_IN.length).length).toBeGreaterThan(5);
  });
});

describe('what ends a session (I18)', () => {
  it.each(
    LIVE.flatMap((state) =>
      [
        ['read: revoked', 'revoked'],
        ['read: removed', 'removed'],
        ['read: rotated', 'rotated'],
        ['read: nothing covered, declined', 'narrowed'],
        ['credential.ended', 'auth-changed'],
        ['gateway.draining', 'restart'],
      ].map(([name = '', reason = '']) => ({ state, name, reason })),
    ),
  )('$state: $name closes it and says $reason', ({ state, name, reason }) => {
    const event = EVENTS[name];
    if (!event) throw new Error(name);
    expect(take(inState(state), event)).toMatchObject({
      state: 'closed',
      effects: [`endSession(${reason})`],
    });
  });

  it.each(['socket.closed', 'credential.ended', 'gateway.draining'])(
    '%s is never ignored before the end',
    (name) => {
      const event = EVENTS[name];
      if (!event) throw new Error(name);
      for (const state of UNSETTLED) expect(SETTLED).toContain(take(inState(state), event).state);
      expect(UNSETTLED.length).toBe(7);
    },
  );
});

/** A record that covers `live` of the wish. */
function view(live: readonly string[], more: Partial<View> = {}): RecordRead {
  const read = EVENTS['read: part covered, rest declined'];
  if (read?.type !== 'record.read') throw new Error('the event table changed');
  return { ...read, view: { ...read.view, live: live as GrantedScopes, ...more } };
}

describe('how it waits', () => {
  const answer = (manner: Manner, name: string): string => {
    const event = EVENTS[name];
    if (!event) throw new Error(name);
    return take(inState('authorizing', manner), event).state;
  };

  it.each<readonly [string, string, string, string, string]>([
    ['read: all covered', 'approved', 'approved', 'approved', 'approved'],
    ['read: part covered, rest open', 'approved', 'upgradePending.held', 'approved', 'deferred'],
    ['read: part covered, rest declined', 'approved', 'rejected', 'approved', 'rejected'],
    ['read: nothing covered, open', 'upgradePending.held', 'upgradePending.held', 'deferred', 'deferred'],
    ['read: nothing covered, declined', 'rejected', 'rejected', 'rejected', 'rejected'],
  ])('%s: auto %s, hold %s, serve %s, refuse %s', (name, ...expected) => {
    expect(MANNERS.map((manner) => answer(manner, name))).toEqual(expected);
  });

  it.each(MANNERS)('a command line that may manage devices is let in to approve: %s', (manner) => {
    const partly = view(['operator.pairing', 'operator.read'], { open: REQUEST });
    expect(take(inState('authorizing', manner, true), partly).state).toBe('approved');
    const reader = view(['operator.read'], { open: REQUEST });
    const letsIn = manner === 'auto' || manner === 'serve';
    expect(take(inState('authorizing', manner, true), reader).state === 'approved').toBe(letsIn);
    expect(take(inState('authorizing', manner, false), partly).state === 'approved').toBe(letsIn);
  });

  it('remembers the manner of its connect, and the request that it waits for', () => {
    const asked = take(start(), { type: 'connect.received', manner: 'hold', commandLine: true });
    expect(asked.snapshot.context).toEqual({
      manner: 'hold',
      commandLine: true,
      request: null,
      live: [],
      generation: 0,
    });
    const held = everything.filter((snapshot) => stateOf(snapshot) === 'upgradePending.held');
    expect(held.length).toBeGreaterThan(1);
    for (const { context } of held) expect(context).toMatchObject({ request: REQUEST, live: [] });
  });
});

describe('how it is turned away', () => {
  const invited: Denial = {
    code: 'PAIRING_REQUIRED',
    reason: 'scope-upgrade',
    request: REQUEST,
    wait: true,
    standing: { role: 'operator', wish: [], grant: [], approvedRoles: [] },
  };
  const answers = (['deferred', 'rejected'] as const).flatMap((state) =>
    WAITING_ROOM.map((from) => ({ from, state, denial: { ...invited, wait: state === 'deferred' } })),
  );

  it.each(answers)('$from: $state is who is told $denial.wait to come back', ({ from, state, denial }) => {
    // In the waiting room nothing is open any more: its request has ended, and the answer says what to do next.
    const read = { ...view([], { covered: false }), denial };
    const turnedAway = take(inState(from, 'hold'), read);
    expect(turnedAway.state).toBe(state);
    expect(turnedAway.effects).toEqual(['refuse(PAIRING_REQUIRED)']);
  });
});

describe('what a session may use', () => {
  it('is what its hello said, from the record as it stood then', () => {
    const flushed = {
      type: 'delivery.flushed',
      view: view(['operator.talk'], { generation: 7 }).view,
    } as const;
    const { context } = take(inState('approved'), flushed).snapshot;
    expect(context).toMatchObject({ request: null, live: ['operator.talk'], generation: 7 });
  });

  it('shrinks with the grant while it is paired, and never grows uninvited', () => {
    const { state, snapshot } = take(inState('paired'), view(['operator.admin', 'operator.read']));
    expect(state).toBe('paired');
    expect(snapshot.context.live).toEqual(['operator.read']);
    const two = take(inState('approved'), {
      type: 'delivery.flushed',
      view: view(['a.x', 'a.y']).view,
    }).snapshot;
    expect(take(two, view(['a.y'])).snapshot.context.live).toEqual(['a.y']);
  });

  it('stays what it is under a wider grant in other words, and shrinks to what is left of admin', () => {
    const using = (live: string[]): Snapshot =>
      take(inState('approved'), { type: 'delivery.flushed', view: view(live).view }).snapshot;
    const kept = take(using(['operator.read']), view(['operator.admin']));
    expect([kept.state, kept.snapshot.context.live]).toEqual(['paired', ['operator.read']]);
    const left = take(using(['operator.admin']), view(['operator.read']));
    expect([left.state, left.snapshot.context.live]).toEqual(['paired', ['operator.read']]);
  });

  it('grows in place when the request that it waits for is approved, and only then', () => {
    const { state, snapshot, effects } = take(
      inState('upgradePending.serving'),
      view(['operator.read', 'operator.talk']),
    );
    expect(state).toBe('paired');
    expect(snapshot.context).toMatchObject({ live: ['operator.read', 'operator.talk'], request: null });
    expect(effects).toEqual(['applyGrant', 'tellResolved(rejected)']);
  });

  it('becomes all that is granted at once, also while the rest of its request is open', () => {
    const granted = view(['operator.read', 'operator.talk'], { open: REQUEST });
    const { state, snapshot, effects } = take(inState('upgradePending.serving'), granted);
    expect([state, snapshot.context.live]).toEqual([
      'upgradePending.serving',
      ['operator.read', 'operator.talk'],
    ]);
    expect(effects).toEqual(['applyGrant']);
  });

  it('follows the newest revision of its request while it waits', () => {
    const r2 = { ...REQUEST, revision: 2 };
    const { state, snapshot } = take(
      inState('upgradePending.serving'),
      view(['operator.read'], { open: r2 }),
    );
    expect(state).toBe('upgradePending.serving');
    expect(snapshot.context.request).toEqual(r2);
    const asked = take(inState('paired'), { type: 'upgrade.asked', request: r2 });
    expect(asked.snapshot.context.request).toEqual(r2);
  });
});
