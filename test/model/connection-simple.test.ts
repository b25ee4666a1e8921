import { beforeEach, describe, expect, it, vi } from 'vitest';
import { startConnection } from '../../src/gateway/effects.ts';
import { MANNERS, PLACES, placeOf, simpleConnectionPaths } from './connection-cases.ts';
import { driveConnection, shownPath } from './connection-drive.ts';
import type { StageOptions } from './connection-stage.ts';
import { atLeast } from './walk.ts';

// Spied on and otherwise as it is: nothing else gives a test the actor of a socket that is not let in.
vi.mock(import('../../src/gateway/effects.ts'), { spy: true });

/** Not fewer than these: as many as the bound leaves of each manner's paths. */
const FEWEST = { auto: 166, hold: 34, serve: 25, refuse: 6 } as const;

const paths = MANNERS.flatMap((manner) => atLeast(FEWEST[manner], simpleConnectionPaths(manner)));
const started = vi.mocked(startConnection).mock;
const newestActor: StageOptions['newestActor'] = () => started.results.at(-1)?.value;

describe('the simple paths through the connection machine, bounded to decisions and answers', () => {
  it('are told apart, and pass through every state but the one that only a lost socket leads to', () => {
    expect(new Set(paths.map(shownPath)).size).toBe(paths.length);
    const places = new Set(paths.flatMap(({ steps }) => steps.map(({ state }) => placeOf(state))));
    expect(PLACES.filter((place) => !places.has(place))).toEqual(['closed']);
  });
});

describe.each(['memory', 'sqlite'] as const)(
  'each order of decisions on a connection of a real gateway with the %s store',
  (store) => {
    const seen = { taken: new Set<string>(), passed: new Set<string>() };
    // Not returned: what a hook returns is called after the test.
    beforeEach(() => {
      vi.mocked(startConnection).mockClear();
    });

    for (const path of paths) it(shownPath(path), () => driveConnection(path, { store, newestActor }, seen));
  },
);
