import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConnectionEvent } from '../../machines/connection-setup.ts';
import { startConnection } from '../../src/gateway/effects.ts';
import { EVENTS } from '../machines/socket.ts';
import { type Case, PLACES, placeOf } from './connection-cases.ts';
import { told } from './connection-drive.ts';
import { ConnectionStage, type StageOptions } from './connection-stage.ts';
import { DEEDS, type Deed, type Effect } from './outside.ts';
import { STANDS, type Stand } from './stands.ts';
import { Expectation, type Told } from './told.ts';

// Spied on and otherwise as it is: nothing else gives a test the actor of a socket that is not let in.
vi.mock(import('../../src/gateway/effects.ts'), { spy: true });

const started = vi.mocked(startConnection).mock;
const newestActor: StageOptions['newestActor'] = () => started.results.at(-1)?.value;

/** A connection that has come to stand there, and what has been told by then. */
async function standAt(
  stand: Stand,
  store: StageOptions['store'],
): Promise<{ readonly stage: ConnectionStage; readonly expectation: Expectation }> {
  const stage = await ConnectionStage.open({ store, newestActor, presentsToken: false });
  const expectation = new Expectation();
  for (const cause of stand.causes) {
    const isUnread = stand.where === 'turned away' && cause === stand.causes.at(-1);
    if (isUnread) await stage.causeUnread(cause);
    else await stage.cause(cause);
    expectation.after(cause);
  }
  expect(placeOf(stage.log.last.after)).toBe(stand.place);
  // What a connection waits for that is on its way stays held; nothing else is.
  if (stand.after.length === 0) stage.release();
  return { stage, expectation };
}

/** Until the client knows all that it is told so far. */
async function catchUp(stage: ConnectionStage, { where }: Stand, isOver: boolean): Promise<void> {
  if (where === 'turned away') stage.client.socket.resume();
  if (where === 'turned away' || isOver) await stage.over();
  else if (where !== 'gone') await stage.roundTrip();
}

function afterEffect(expectation: Expectation, effect: Effect): Told {
  const { close, frames = [], like, openRequests, others = 0 } = effect;
  if (like) expectation.after({ type: like } as Case);
  if (close) expectation.after({ type: 'socket.closed' });
  const seen = expectation.told;
  return {
    ...seen,
    frames: [...seen.frames, ...frames],
    close: close ?? seen.close,
    parked: seen.parked + others,
    audited: seen.audited + others,
    openRequests: openRequests ?? seen.openRequests,
  };
}

/** What follows once nothing holds it up any more. */
function inTheEnd(expectation: Expectation, { after }: Stand, { judged, later = [] }: Effect): Told {
  for (const cause of after) {
    const isRead = judged !== undefined && cause.type === 'record.read';
    expectation.after(isRead ? ({ ...cause, condition: judged.record } as Case) : cause);
  }
  if (judged?.record === 'covered' || judged?.record === 'partAndOpen') {
    expectation.after({ type: 'delivery.flushed', condition: judged.record } as Case);
  }
  const seen = expectation.told;
  const isLetIn = seen.live !== null;
  return {
    ...seen,
    frames: isLetIn ? [...seen.frames, ...later] : seen.frames,
    audited: judged && !judged.opens ? 0 : seen.audited,
  };
}

async function act(stand: Stand, deed: Deed, store: StageOptions['store']): Promise<void> {
  const { stage, expectation } = await standAt(stand, store);
  try {
    const head = await stage.house.store.head();
    await deed.does(stage, stand);
    const effect = deed.effect(stand);
    const isOver = effect.close !== undefined || effect.like !== undefined;
    await catchUp(stage, stand, isOver);
    expect(await told(stage)).toEqual(afterEffect(expectation, effect));
    expect((await stage.house.store.head()) !== head).toBe(effect.writes ?? false);
    if (isOver || stand.after.length === 0) return;
    await stage.finish();
    expect(await told(stage)).toEqual(inTheEnd(expectation, stand, effect));
  } finally {
    stage.release();
  }
}

const SETTLING = ['credential.ended', 'gateway.draining', 'socket.closed'] as const;
const OUTSIDE = [...SETTLING, 'frame.illegal'] as const;
const FALLING = ['authority.failed', 'deadline.reached'] as const;
/** What can be meant for a connection in each of its states; anything else has come too late, or to the wrong one. */
const MEANT: Readonly<Record<string, readonly ConnectionEvent['type'][]>> = {
  challenged: [...OUTSIDE, 'deadline.reached', 'connect.received'],
  proving: [...OUTSIDE, ...FALLING, 'proof.accepted', 'proof.refused'],
  authorizing: [...OUTSIDE, ...FALLING, 'proof.refused', 'record.read'],
  'upgradePending.held': [...OUTSIDE, 'record.read', 'slice.ended'],
  'upgradePending.serving': [...SETTLING, 'record.read', 'upgrade.asked'],
  approved: [...OUTSIDE, ...FALLING, 'record.read', 'delivery.flushed', 'delivery.failed'],
  paired: [...SETTLING, 'record.read', 'upgrade.asked'],
  rejected: ['socket.closed'],
  deferred: ['socket.closed'],
  closed: [],
};

/** Each says something else than what the connection remembers, so that whoever listens is noticed. */
const STRAYS: Readonly<Record<string, ConnectionEvent>> = {
  ...EVENTS,
  'connect.received: in another manner': { type: 'connect.received', manner: 'refuse', commandLine: true },
};

/** All that an event that is meant for nobody must leave as it was. */
async function everything(stage: ConnectionStage) {
  const { value, context, status } = stage.actor.getSnapshot();
  const { house, deeds } = stage;
  const seen = { ...(await told(stage)), log: house.log.length, head: await house.store.head() };
  return structuredClone({ value, context, status, seen, stored: await deeds.stored() });
}

async function missend(stand: Stand, store: StageOptions['store']): Promise<void> {
  const { stage, expectation } = await standAt(stand, store);
  try {
    const strays = Object.entries(STRAYS).filter(([, { type }]) => !MEANT[stand.place]?.includes(type));
    expect(strays.length).toBeGreaterThan(4);
    const before = await everything(stage);
    for (const [name, event] of strays) {
      stage.actor.send(event);
      if (stand.where !== 'turned away' && stand.where !== 'gone') await stage.roundTrip();
      expect(await everything(stage), name).toEqual(before);
    }
    // Only now does one that was turned away read what it was sent.
    await catchUp(stage, stand, false);
    expect(await told(stage)).toEqual(expectation.told);
  } finally {
    stage.release();
  }
}

describe('the states in which everything is done', () => {
  it('are all states of the machine', () => {
    expect(new Set(STANDS.map(({ place }) => place))).toEqual(new Set(PLACES));
    expect(Object.keys(MEANT).sort()).toEqual([...PLACES].sort());
    expect(new Set(DEEDS.map(({ name }) => name)).size).toBe(DEEDS.length);
  });
});

describe.each(['memory', 'sqlite'] as const)('a real gateway with the %s store', (store) => {
  // Not returned: what a hook returns is called after the test.
  beforeEach(() => {
    vi.mocked(startConnection).mockClear();
  });

  describe.each(STANDS)('to a connection that is $name', (stand) => {
    const deeds = DEEDS.filter(({ not }) => !not.includes(stand.where));

    it.each(deeds)('$name', (deed) => act(stand, deed, store));

    it('nothing happens by an event that is not meant for it', () => missend(stand, store));
  });
});
