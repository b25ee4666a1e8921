/** What waits for a viewer is bounded, whatever it does; and what it is told in the end is true. */
import { describe, expect, it } from 'vitest';
import { type Actor, createActor } from 'xstate';
import type { AuthorizationEvent } from '../../machines/authorization-events.ts';
import { connectionMachine } from '../../machines/connection.ts';
import { FRESH } from '../../machines/record.ts';
import { Inspector } from '../../src/inspect/inspector.ts';
import type { Viewer } from '../../src/inspect/viewer.ts';

interface Read {
  readonly type: string;
  readonly sessionId: string;
  readonly event?: { readonly type: string; readonly count?: number };
  readonly snapshot?: { readonly value: unknown; readonly status: string };
}

interface Reader {
  readonly viewer: Viewer;
  readonly frames: Read[];
  isFull: boolean;
}

function reader(inspector: Inspector, isFull = false): Reader {
  const frames: Read[] = [];
  const made: { isFull: boolean; frames: Read[] } = { isFull, frames };
  const { viewer } = inspector.watch({
    isFull: () => made.isFull,
    send: (texts) => frames.push(...texts.map((text) => JSON.parse(text) as Read)),
  });
  return Object.assign(made, { viewer });
}

interface Connection {
  readonly actor: Actor<typeof connectionMachine>;
  end(): void;
}

function connect(inspector: Inspector, connId: string): Connection {
  const client = { id: 'cli', mode: 'cli' };
  const first = createActor(connectionMachine).getSnapshot();
  const watcher = inspector.opened({ connId, deviceId: 'd'.repeat(64), role: 'operator', client }, first);
  const actor = createActor(connectionMachine, { inspect: (event) => watcher.seen(event) }).start();
  return { actor, end: () => watcher.gone() };
}

function receive({ actor }: Connection): void {
  actor.send({ type: 'connect.received', manner: 'auto', commandLine: false });
}

/** A socket from its opening to its end: 6 frames. */
function wholeLife(inspector: Inspector, connId: string): void {
  const connection = connect(inspector, connId);
  receive(connection);
  connection.actor.send({ type: 'socket.closed' });
  connection.end();
}

/** A step of the device of this letter; one without an event was another process's. */
function step(
  inspector: Inspector,
  letter: string,
  state: string,
  revision = 1,
  event: AuthorizationEvent | null = { type: 'deadline.reached', at: 1 },
): void {
  const next = { state, record: FRESH };
  const deviceId = letter.repeat(64);
  inspector.stepped({ deviceId, role: 'operator', event, next, revision, connId: null });
}

const LIFE_FRAMES = 6;
const droppedIn = ({ frames }: Reader): number =>
  frames.reduce((sum, { event }) => sum + (event?.type === 'frames.dropped' ? (event.count ?? 0) : 0), 0);

describe('a late viewer', () => {
  it('gets each live actor with its definition and as it stands', () => {
    const inspector = new Inspector();
    receive(connect(inspector, 'one'));
    connect(inspector, 'two');
    wholeLife(inspector, 'over');
    const late = reader(inspector);
    late.viewer.flush();
    expect(late.frames.map(({ type, sessionId, snapshot }) => [type, sessionId, snapshot?.value])).toEqual([
      ['@xstate.actor', 'one', 'proving'],
      ['@xstate.actor', 'two', 'challenged'],
    ]);
    expect(late.frames[0]).toHaveProperty('definition');
  });

  it('gets what happens while it is still being told as one state, or as a frame after it', () => {
    const inspector = new Inspector();
    const connections = Array.from({ length: 40 }, (_, index) => connect(inspector, `c${index}`));
    const late = reader(inspector, true);
    for (const connection of connections) receive(connection);
    late.isFull = false;
    late.viewer.flush();
    expect(late.frames.map(({ type }) => type)).toEqual(connections.map(() => '@xstate.actor'));
    expect(new Set(late.frames.map(({ snapshot }) => snapshot?.value))).toEqual(new Set(['proving']));
    expect(droppedIn(late)).toBe(0);
  });
});

describe('a viewer that does not read', () => {
  it('is kept no more than a bounded number of frames for, and is told how many it missed', () => {
    const inspector = new Inspector();
    const slow = reader(inspector);
    slow.isFull = true;
    for (let life = 0; life < 5000; life++) {
      wholeLife(inspector, `c${life}`);
      expect(slow.viewer.waiting).toBeLessThanOrEqual(2000);
    }
    slow.isFull = false;
    slow.viewer.flush();
    expect(slow.viewer.waiting).toBe(0);
    const others = slow.frames.filter(({ sessionId }) => sessionId !== 'inspector');
    expect(droppedIn(slow)).toBeGreaterThan(20_000);
    expect(droppedIn(slow) + others.length).toBe(5000 * LIFE_FRAMES);
  });

  it('knows in the end how each actor stands, and which are gone', () => {
    const inspector = new Inspector();
    const slow = reader(inspector);
    const [stays, goes] = [connect(inspector, 'stays'), connect(inspector, 'goes')];
    slow.viewer.flush();
    slow.isFull = true;
    receive(stays);
    goes.end();
    for (let life = 0; life < 1000; life++) wholeLife(inspector, `c${life}`);
    const comes = connect(inspector, 'comes');
    receive(comes);
    slow.isFull = false;
    slow.viewer.flush();
    const last = new Map(slow.frames.map(({ sessionId, snapshot }) => [sessionId, snapshot]));
    expect(last.get('stays')).toMatchObject({ value: 'proving', status: 'active' });
    expect(last.get('goes')).toMatchObject({ status: 'stopped' });
    expect(last.get('comes')).toMatchObject({ value: 'proving', status: 'active' });
    const known = new Set(
      slow.frames.filter(({ type }) => type === '@xstate.actor').map((frame) => frame.sessionId),
    );
    for (const { sessionId } of slow.frames) expect(known).toContain(sessionId);
  });
});

describe('the inspector', () => {
  it('keeps known devices before strangers, however many of those come', () => {
    const inspector = new Inspector(3);
    const viewer = reader(inspector);
    step(inspector, 'a', 'paired');
    step(inspector, 'b', 'upgradePending');
    for (const name of ['c', 'd', 'e']) step(inspector, name, 'pairingPending');
    step(inspector, 'f', 'unpaired');
    step(inspector, 'd', 'revoked');
    step(inspector, 'e', 'paired');
    viewer.viewer.flush();
    const live = new Map(viewer.frames.map(({ sessionId, snapshot }) => [sessionId, snapshot?.status]));
    const shown = [...live].flatMap(([sessionId, status]) => (status === 'active' ? [sessionId] : []));
    // The oldest goes only where all of them are known.
    expect(shown.map((sessionId) => sessionId.slice(7, 8))).toEqual(['b', 'd', 'e']);
  });

  it('shows no step that another process has already gone beyond', () => {
    const inspector = new Inspector();
    const viewer = reader(inspector);
    step(inspector, 'a', 'pairingPending', 3);
    step(inspector, 'a', 'paired', 5, null);
    step(inspector, 'a', 'pairingPending', 4);
    viewer.viewer.flush();
    expect(viewer.frames.at(-1)?.snapshot).toMatchObject({ value: 'paired' });
    // Where the record is gone there is none to be older than.
    step(inspector, 'a', 'unpaired', 0);
    viewer.viewer.flush();
    expect(viewer.frames.at(-1)?.snapshot).toMatchObject({ value: 'unpaired' });
    step(inspector, 'a', 'pairingPending', 4);
    viewer.viewer.flush();
    expect(viewer.frames.at(-1)?.snapshot).toMatchObject({ value: 'unpaired' });
  });

  it('keeps the devices that moved last, and no more', () => {
    const inspector = new Inspector(3);
    const record = { state: 'unpaired', record: {} as never };
    for (const name of ['a', 'b', 'c', 'd', 'b', 'e']) {
      const deviceId = name.repeat(64);
      const event = { type: 'deadline.reached', at: 1 } as const;
      inspector.stepped({ deviceId, role: 'operator', event, next: record, revision: 1, connId: null });
    }
    expect(inspector.size).toBe(3);
  });

  it('leaves out what it cannot show, counts it, and shows the rest', () => {
    const inspector = new Inspector();
    const viewer = reader(inspector);
    const event = { type: 'deadline.reached', at: 1 } as const;
    const next = { state: 'unpaired', record: {} as never };
    const deviceId = 'a'.repeat(64);
    inspector.stepped({ deviceId, role: 'operator', event, next, revision: 1, connId: null });
    connect(inspector, 'one');
    viewer.viewer.flush();
    expect(viewer.frames.map(({ type, sessionId }) => `${type} ${sessionId}`)).toEqual([
      `@xstate.event device-${'a'.repeat(12)}-operator`,
      '@xstate.actor one',
      '@xstate.actor inspector',
      '@xstate.event inspector',
    ]);
    // Of the device: that it is there, and how it stands.
    expect(droppedIn(viewer)).toBe(2);
  });

  it('keeps nothing of a viewer that left', () => {
    const inspector = new Inspector();
    const frames: string[] = [];
    const { viewer, leave } = inspector.watch({
      isFull: () => false,
      send: (texts) => frames.push(...texts),
    });
    leave();
    wholeLife(inspector, 'one');
    viewer.flush();
    expect(frames).toEqual([]);
    expect(viewer.waiting).toBe(0);
  });
});
