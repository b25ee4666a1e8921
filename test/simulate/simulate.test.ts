import { describe, expect, it } from 'vitest';
import { type Result, simulate } from './simulation.ts';

/** A run that finds nothing wrong; else what is wrong, the way to it, and the command that replays it. */
async function run(seed: number, hours: number): Promise<Result> {
  const result = await simulate({ seed, hours });
  const [first] = result.violations;
  if (!first) return result;
  const replay = `npm run simulate -- --seed ${seed} --hours ${hours} --trace`;
  throw new Error(`${first.invariant}: ${first.what}\n${result.suffix.join('\n')}\n${replay}`);
}

const SEEDS = [1, 2, 3];

describe('the product in a simulated world', () => {
  it.each(SEEDS)('keeps its promises, seed %i', async (seed) => {
    const { census } = await run(seed, 0.1);
    expect(census.hellos).toBeGreaterThan(20);
    expect(census.decisions).toBeGreaterThan(5);
    expect(census.faults).toBeGreaterThan(20);
  });

  it('is the same for the same seed, and another one for another', async () => {
    const [first, again, other] = [await simulate(at(5)), await simulate(at(5)), await simulate(at(6))];
    expect(first.violations).toEqual([]);
    expect(again.digest).toBe(first.digest);
    expect(again.census).toEqual(first.census);
    expect(other.digest).not.toBe(first.digest);
  });
});

const at = (seed: number) => ({ seed, hours: 0.02 });
