import { describe, expect, it } from 'vitest';
import { exploreCrowd } from './crowd.ts';
import { livenessOf } from './liveness.ts';
import { MUTANTS } from './mutants.ts';
import { type Explored, explore, untaken } from './search.ts';
import { replay, savedTraces, worldNamed } from './traces.ts';
import { walk } from './walks.ts';
import { IMPORTS, LIVING, LOCAL, QUICK, RINGS, STEPS, VERBS } from './worlds.ts';

/** What `npm run explore` has beside these only adds sockets and scopes (README.md). */
const SMALL = [QUICK, STEPS, VERBS, LOCAL, IMPORTS, RINGS];

describe('the joint model of the shipped machines', () => {
  const explored: Explored[] = [];

  it.each(SMALL)('$name: $about', { timeout: 120_000 }, (world) => {
    const found = explore(world);
    explored.push(found);
    expect(found.violations.map(({ invariant, story }) => [invariant, ...story].join('\n  '))).toEqual([]);
    expect(found.states.size).toBeGreaterThan(2_000);
  });

  it('takes every transition of both machines but those of several roles', () => {
    expect(untaken(explored)).toEqual([
      'authorization.unpaired | device.removed #0 [] | authorization.unpaired',
    ]);
  });

  it('I8a: lets a program in after an approval, in at most two connects', { timeout: 120_000 }, () => {
    const found = explore(LIVING[1] as (typeof LIVING)[number]);
    const { waiting, mostConnects, stopped, violations } = livenessOf(found);
    expect(found.violations).toEqual([]);
    expect(violations).toEqual([]);
    expect(waiting).toBeGreaterThan(1_000);
    expect(stopped).toBeGreaterThan(0);
    expect(mostConnects).toBeLessThanOrEqual(2);
  });
});

describe('several devices', () => {
  it('I9 I11 I15: share a store and nothing else', { timeout: 120_000 }, async () => {
    const { states, transitions, violations } = await exploreCrowd(2);
    expect(violations).toEqual([]);
    expect(states).toBeGreaterThan(100);
    expect(transitions).toBeGreaterThan(1_000);
  });
});

describe('beyond the bound', () => {
  it('a few seeded walks find nothing, and the same seed walks the same way', { timeout: 60_000 }, () => {
    const first = walk(3, 7);
    expect(first.violations).toEqual([]);
    expect(first.steps).toBe(600);
    expect(walk(3, 7).states).toBe(first.states);
  });
});

describe('a counterexample that was found once', () => {
  const traces = savedTraces();

  it.each(traces)('%s finds nothing in what ships', (_, trace) => {
    const { taken, wrong } = replay(trace);
    expect(wrong).toEqual([]);
    expect(worldNamed(trace.world).name).toBe(trace.world);
    expect(taken).toBeGreaterThan(0);
    if (trace.without.includes('found in what shipped')) expect(taken).toBe(trace.steps.length);
  });

  it.each(traces.filter(([, { without }]) => MUTANTS.some(({ rule }) => without.startsWith(`${rule}:`))))(
    '%s still breaks the copy that it was found in',
    (_, trace) => {
      const mutant = MUTANTS.find(({ rule }) => trace.without.startsWith(`${rule}:`));
      expect(replay(trace, mutant?.ship).wrong).not.toEqual([]);
    },
  );

  it('is there', () => {
    expect(traces.length).toBeGreaterThan(8);
  });
});
