import { beforeEach, describe, expect, it, vi } from 'vitest';
import { connectionMachine } from '../../machines/connection.ts';
import { startConnection } from '../../src/gateway/effects.ts';
import { type Case, caseName, connectionPaths, PLACES, placeOf, type Snapshot } from './connection-cases.ts';
import { ConnectionStage, type StageOptions } from './connection-stage.ts';
import { Expectation, inShort, type Told } from './told.ts';
import { transitionsOf } from './transitions.ts';

// Spied on and otherwise as it is: nothing else gives a test the actor of a socket that is not let in.
vi.mock(import('../../src/gateway/effects.ts'), { spy: true });

/** A socket that has not sent its connect was let in by nothing, so that no change of a secret ends it. */
const NEVER_TAKEN = ['connection.challenged credential.ended [] connection.rejected'];

const paths = connectionPaths();
const started = vi.mocked(startConnection).mock;
const newestActor: StageOptions['newestActor'] = () => started.results.at(-1)?.value;

async function told({ client, house, deeds }: ConnectionStage): Promise<Told> {
  const [session] = house.gateway.sessions();
  const { request } = await deeds.record();
  const { close } = client;
  return {
    frames: client.frames.map(inShort),
    close: close === undefined || close.code === 1006 || close.code === 1000 ? null : endOf(close),
    parked: house.gateway.parked(),
    live: session?.scopes ?? null,
    openRequests: request ? 1 : 0,
    audited: house.audit.length,
  };
}

/** A refusal's reason repeats its message, which other tests read; any other close has a reason of its own. */
function endOf({ code, reason }: { readonly code: number; readonly reason: string }): string {
  return /unauthorized|pairing required|gateway restarting|cannot decide/.test(reason)
    ? `${code}`
    : `${code} ${reason}`;
}

/** What the machine remembers, without the ids and numbers that only the store knows. */
const remembered = ({ context: { live, manner, request } }: Snapshot) => ({
  live,
  manner,
  revision: request?.revision,
});

async function drive(path: (typeof paths)[number], store: StageOptions['store'], taken: Set<string>) {
  const types = path.steps.map(({ event }) => event.type);
  const refusedAt = types.indexOf('proof.refused');
  const stage = await ConnectionStage.open({
    store,
    newestActor,
    presentsToken: types[refusedAt - 1] === 'proof.accepted',
  });
  const expectation = new Expectation();
  let heard = stage.log.last;
  let visited = 0;
  const cause = async ({ event }: { readonly event: { readonly type: string } }) => {
    if (event.type === 'xstate.init') return;
    heard = await stage.cause(event as Case);
    expectation.after(event as Case);
  };
  const events = Object.fromEntries(types.map((type) => [type, cause]));
  const reached = async (state: Snapshot) => {
    visited += 1;
    expect(placeOf(heard.after)).toBe(placeOf(state));
    // Settled is settled: the model keeps one of those states for all that it may remember.
    if (!state.hasTag('settled')) expect(remembered(heard.after)).toEqual(remembered(state));
    expect(await told(stage)).toEqual(expectation.told);
  };
  try {
    await path.test({ states: { '*': reached }, events });
  } finally {
    stage.release();
  }
  expect(visited).toBe(path.steps.length);
  for (const name of stage.log.taken) taken.add(name);
}

describe('the paths through the connection machine', () => {
  it('lead to every state by every cause, and nothing else', () => {
    // 4 manners until hello, what can happen in each state, and the lines of a record that differ there.
    expect(paths).toHaveLength(303);
    expect(new Set(paths.flatMap(({ steps }) => steps.map(({ state }) => placeOf(state))))).toEqual(
      new Set(PLACES),
    );
  });
});

describe.each(['memory', 'sqlite'] as const)(
  'the connections of a real gateway with the %s store',
  (store) => {
    const taken = new Set<string>();
    beforeEach(() => vi.mocked(startConnection).mockClear());

    for (const path of paths) it(shown(path), () => drive(path, store, taken));

    it('take every transition of the machine but the one that no gateway takes', () => {
      const all = transitionsOf(connectionMachine);
      expect(all.filter((name) => !taken.has(name))).toEqual(NEVER_TAKEN);
      expect([...taken].filter((name) => !all.includes(name))).toEqual([]);
    });
  },
);

function shown({ steps }: (typeof paths)[number]): string {
  return steps
    .slice(1)
    .map(({ event }) => caseName(event as Case))
    .join(', ');
}
