import type { Case } from './case.ts';
import { SEED_CASES } from './case-seed.ts';
import { PROTOCOL_CASES } from './cases-protocol.ts';
import { RACE_CASES } from './cases-races.ts';
import { REQUEST_CASES } from './cases-requests.ts';
import { RIGHTS_CASES } from './cases-rights.ts';
import { SESSION_CASES } from './cases-sessions.ts';

const numberOf = ({ invariant }: Case): number => Number(/^I(\d+)$/.exec(invariant)?.[1] ?? 0);

/** What can be seen from outside, the seed first, then by invariant. */
export const CASES: readonly Case[] = [
  ...SEED_CASES,
  ...PROTOCOL_CASES.filter(({ invariant }) => invariant === 'protocol'),
  ...[...PROTOCOL_CASES, ...REQUEST_CASES, ...RIGHTS_CASES, ...SESSION_CASES, ...RACE_CASES]
    .filter(({ invariant }) => invariant !== 'protocol')
    .sort((left, right) => numberOf(left) - numberOf(right)),
];

/** What follows from the model and cannot be judged from outside, and why. */
export const NOT_JUDGED: Readonly<Record<string, string>> = {
  I9: "a flood of strangers is no test for somebody's running gateway",
  I10: 'it takes a crash of the gateway',
};

/** The cases that one of `words` names: an id, or an invariant. */
export function selected(words: readonly string[]): readonly Case[] {
  if (words.length === 0) return CASES;
  const wanted = words.map((word) => word.toLowerCase());
  return CASES.filter(({ id, invariant }) =>
    [id, invariant].some((name) => wanted.includes(name.toLowerCase())),
  );
}
