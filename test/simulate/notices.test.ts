import { expect, it } from 'vitest';
import { MUTANTS } from './mutants.ts';
import { simulate } from './simulation.ts';

/** Seeds that are tried at most, of half an hour each. */
const MOST_SEEDS = 5;

it.each(MUTANTS)(`the simulation notices $name, within ${MOST_SEEDS} seeds`, async ({ parts, noticedBy }) => {
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const { violations } = await simulate({ seed, hours: 0.5, ...parts });
    const [first] = violations;
    if (!first) continue;
    expect(noticedBy).toContain(first.invariant);
    return;
  }
  expect.fail('it noticed nothing');
});
