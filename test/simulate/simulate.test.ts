import { describe, expect, it } from 'vitest';
import { type Result, simulate } from './simulation.ts';
import { SqliteShelf } from './sqlite-shelf.ts';

/** A run that finds nothing wrong; else what is wrong, the way to it, and the command that replays it. */
async function run(seed: number, hours: number): Promise<Result> {
  const result = await simulate({ seed, hours });
  const [first] = result.violations;
  if (!first) return result;
  const replay = `npm run simulate -- --seed ${seed} --hours ${hours} --trace`;
  throw new Error(`${first.invariant}: ${first.what}\n${result.suffix.join('\n')}\n${replay}`);
}

const SEEDS = [1, 2, 3];
const HOURS = 0.05;

describe('the product in a simulated world', () => {
  const digests = new Map<number, string>();

  it.each(SEEDS)('keeps its promises, seed %i', async (seed) => {
    const { census, digest } = await run(seed, HOURS);
    digests.set(seed, digest);
    expect(census.hellos).toBeGreaterThan(20);
    expect(census.decisions).toBeGreaterThan(5);
    expect(census.faults).toBeGreaterThan(10);
  });

  it('is the same for the same seed, on memory and on SQLite, and another one for another', async () => {
    const [seed = 0] = SEEDS;
    const again = await simulate({ seed, hours: HOURS, makeShelf: () => new SqliteShelf() });
    expect(again.digest).toBe(digests.get(seed));
    expect(new Set(digests.values()).size).toBe(SEEDS.length);
  });
});
