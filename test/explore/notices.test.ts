import { describe, expect, it } from 'vitest';
import { livenessOf } from './liveness.ts';
import { MUTANTS } from './mutants.ts';
import { explore } from './search.ts';

/** What an explorer would say of a machine without the rule; a rule that nobody misses is not explored. */
describe('the explorer notices', () => {
  it.each(MUTANTS)('$rule: $what', { timeout: 60_000 }, ({ breaks, world, ship }) => {
    const explored = explore(world, { ship, until: breaks });
    const live = world.keeps ? livenessOf(explored).violations : [];
    const found = [...explored.violations, ...live].find(({ invariant }) => invariant.startsWith(breaks));
    expect(found?.invariant).toContain(breaks);
    expect(found?.story.length).toBeGreaterThan(0);
  });

  it('nothing in what ships', { timeout: 60_000 }, () => {
    const worlds = new Map(MUTANTS.map(({ world }) => [JSON.stringify(world), world]));
    expect(worlds.size).toBeGreaterThan(4);
    for (const world of worlds.values()) {
      expect(explore(world).violations, world.name).toEqual([]);
    }
  });
});
