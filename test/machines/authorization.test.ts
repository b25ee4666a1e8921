import { describe, expect, it } from 'vitest';
import { allTransitions, type Exploration, explore, type World } from './explore.ts';
import { PAIR, READ, WRITE } from './oracle.ts';
import { Judge } from './rules.ts';
import { RULES_OF_ANSWERS } from './rules-of-answers.ts';
import { RULES_OF_REQUESTS } from './rules-of-requests.ts';
import { RULES_OF_RIGHTS } from './rules-of-rights.ts';
import { worldOfRights, worldOfTokens } from './worlds.ts';

const RULES = [...RULES_OF_ANSWERS, ...RULES_OF_REQUESTS, ...RULES_OF_RIGHTS];
const WORLDS: readonly (readonly [name: string, world: World])[] = [
  ['tokens', worldOfTokens()],
  ['rights, one scope inside the other', worldOfRights([READ, WRITE])],
  ['rights, two scopes apart', worldOfRights([READ, PAIR])],
];

describe('everything that can happen to one device in one role', () => {
  const judge = new Judge(RULES);
  const explored: Exploration[] = [];

  it.each(WORLDS)('keeps every rule on every step: %s', { timeout: 120_000 }, (name, world) => {
    const found = explore(world, judge.check);
    explored.push(found);
    expect(found.violations.join('\n\n')).toBe('');
    expect(found.steps).toBeGreaterThan(10_000);
    expect([...found.values].sort(), name).toEqual([
      'paired',
      'pairingPending',
      'revoked',
      'revokedPending',
      'unpaired',
      'upgradePending',
    ]);
  });

  it('takes every transition that the machine has', () => {
    const taken = new Set(explored.flatMap((found) => [...found.taken]));
    const missing = [...allTransitions()].filter(([transition]) => !taken.has(transition));
    expect(allTransitions().size).toBeGreaterThan(100);
    expect(missing.map(([, name]) => name)).toEqual([]);
  });

  it('gives every rule something to judge', () => {
    const idle = [...judge.seen].filter(([, count]) => count === 0).map(([name]) => name);
    expect(idle).toEqual([]);
    expect(judge.seen.size).toBe(RULES.length);
  });
});
