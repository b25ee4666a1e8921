import { describe, expect, it } from 'vitest';
import { story, told } from './story.ts';

/** Each is named by the rule of the design that it tells, and says what goes wrong for people without it. */
const STORIES: readonly (readonly [rule: string, text: string])[] = [
  [
    'I4 I13 auto-approval gives nothing that an owner declined, not even inside a wider wish',
    `
    asks read           -> opened; pairingPending, r1 read; writes request.opened
    rejects r1          -> rejected; unpaired, quiet @pairing+read; writes request.settled rejected
    asks read+talk auto -> opened; pairingPending, r1 read+talk, quiet @pairing+read; writes request.opened
    `,
  ],
  [
    'I4 auto-approval gives nothing back that a rotation took, also when something asked for implies it',
    `
    asks read auto     -> covered; paired, grant read; writes access.granted
    rotates to nothing -> rotated; paired, of read, tokens 1..2; writes token.rotated
    asks write auto    -> opened; upgradePending, of read, r1 write, tokens 1..2; writes request.opened
    `,
  ],
  [
    'R5 what a rotation granted while the request was open cannot be rejected by its old revision',
    `
    asks read auto     -> covered; paired, grant read; writes access.granted
    rotates to nothing -> rotated; paired, of read, tokens 1..2; writes token.rotated
    asks read          -> opened; upgradePending, of read, r1 read, tokens 1..2; writes request.opened
    asks pairing       -> widened; upgradePending, of read, r2 pairing+read, tokens 1..2; writes request.widened
    rotates to read    -> rotated; upgradePending, grant read, r2 pairing+read, tokens 1..3; writes token.rotated
    rejects r1         -> alreadyGranted; upgradePending, grant read, r2 pairing+read, tokens 1..3
    `,
  ],
  [
    'R9 a reissue accepts older tokens for one grace period, and a second one at the same time writes nothing',
    `
    asks read auto -> covered; paired, grant read; writes access.granted
    rotates        -> rotated; paired, grant read, tokens 1..2; writes token.rotated
    later 30d      -> paired, grant read, tokens 2..2; writes deadline.passed
    reissues       -> reissued; paired, grant read, tokens 1..2; writes token.reissued
    reissues       -> reissued; paired, grant read, tokens 1..2
    later 1s       -> paired, grant read, tokens 1..2
    reissues       -> reissued; paired, grant read, tokens 1..2; writes token.reissued
    `,
  ],
  [
    'R9 the first use of a new token never prolongs the 30 days of the old ones',
    `
    asks read auto -> covered; paired, grant read; writes access.granted
    rotates        -> rotated; paired, grant read, tokens 1..2; writes token.rotated
    later 29d      -> paired, grant read, tokens 1..2
    later 23h      -> paired, grant read, tokens 1..2
    later 59m      -> paired, grant read, tokens 1..2
    uses g 2       -> paired, grant read, tokens 1..2; writes token.delivered
    later 1m       -> paired, grant read, tokens 2..2; writes deadline.passed
    `,
  ],
];

describe('stories', () => {
  it.each(STORIES)('%s', (_, text) => {
    expect(`\n${told(text)}\n`).toBe(`\n${story(text)}\n`);
  });
});
