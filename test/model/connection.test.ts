import { beforeEach, describe, expect, it, vi } from 'vitest';
import { connectionMachine } from '../../machines/connection.ts';
import { startConnection } from '../../src/gateway/effects.ts';
import { connectionPaths, PLACES, placeOf } from './connection-cases.ts';
import { driveConnection, shownPath } from './connection-drive.ts';
import type { StageOptions } from './connection-stage.ts';
import { guardedOf, transitionsOf } from './transitions.ts';

// Spied on and otherwise as it is: nothing else gives a test the actor of a socket that is not let in.
vi.mock(import('../../src/gateway/effects.ts'), { spy: true });

/** A socket that has not sent its connect was let in by nothing, so that no change of a secret ends it. */
const NEVER_TAKEN = ['connection.challenged credential.ended [] connection.rejected'];

const paths = connectionPaths();
const started = vi.mocked(startConnection).mock;
const newestActor: StageOptions['newestActor'] = () => started.results.at(-1)?.value;

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
    const seen = { taken: new Set<string>(), passed: new Set<string>() };
    // Not returned: what a hook returns is called after the test.
    beforeEach(() => {
      vi.mocked(startConnection).mockClear();
    });

    for (const path of paths) it(shownPath(path), () => driveConnection(path, { store, newestActor }, seen));

    it('take every transition of the machine but the one that no gateway takes', () => {
      const all = transitionsOf(connectionMachine);
      expect(all.filter((name) => !seen.taken.has(name))).toEqual(NEVER_TAKEN);
      expect([...seen.taken].filter((name) => !all.includes(name))).toEqual([]);
    });

    it('pass over every transition that has a guard, too', () => {
      const guarded = guardedOf(connectionMachine);
      expect(guarded.length).toBeGreaterThan(20);
      expect(guarded.filter((name) => !seen.passed.has(name))).toEqual([]);
    });
  },
);
