import { describe, expect, it } from 'vitest';
import { authorizationMachine } from '../../machines/authorization.ts';
import { eventName } from './authorization-cases.ts';
import { driveAuthorization, shownStory } from './authorization-drive.ts';
import { ORDERS, simpleAuthorizationPaths } from './authorization-paths.ts';
import { atLeast } from './walk.ts';

/** Not fewer than these: as many as there are. */
const FEWEST: Readonly<Record<keyof typeof ORDERS, number>> = {
  'answers, a part, revocation and removal': 14,
  'a wish that widens while it is answered or withdrawn': 14,
  'answers and the clock': 20,
  'answers and a local secret': 30,
  'answers that are forgiven or not waited for': 44,
};

const families = (Object.keys(FEWEST) as (keyof typeof ORDERS)[]).map((order) => ({
  order,
  paths: atLeast(FEWEST[order], simpleAuthorizationPaths(order)),
}));

describe('the simple paths through the authorization machine, bounded to a few events at a time', () => {
  it('have every event of their bound, and together every state', () => {
    const steps = families.flatMap(({ paths }) => paths.flatMap((path) => path.steps));
    expect(new Set(steps.map(({ state }) => state.value))).toEqual(
      new Set(Object.keys(authorizationMachine.states)),
    );
    for (const { order, paths } of families) {
      const names = paths.flatMap((path) =>
        path.steps.slice(1).map(({ event }) => eventName(event as never)),
      );
      expect([...new Set(names)].sort(), order).toEqual([...ORDERS[order]].sort());
    }
  });
});

describe.each(['memory', 'sqlite'] as const)('the records of a real gateway in the %s store', (store) => {
  describe.each(families)('$order', ({ paths }) => {
    for (const path of paths) it(shownStory(path), () => driveAuthorization(path, store));
  });
});
