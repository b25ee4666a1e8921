import { expect, it } from 'vitest';
import { MUTANTS } from './mutants.ts';
import { simulate } from './simulation.ts';

/** Seeds that are tried at most, of so many hours each. */
const MOST_SEEDS = 5;
const HOURS = 0.1;

it.each(MUTANTS)(`the simulation notices $name`, async ({ parts, noticedBy, from }) => {
  const noticed: string[] = [];
  for (let seed = from; seed < from + MOST_SEEDS; seed++) {
    const { violations } = await simulate({ seed, hours: HOURS, ...parts });
    const [first] = violations;
    if (first) noticed.push(first.invariant);
    if (first && noticedBy.includes(first.invariant)) return;
  }
  expect.fail(`in ${MOST_SEEDS} seeds it noticed ${noticed.join(' ') || 'nothing'}`);
});
