/** Set up for every test file: a test that was sent a frame which is not of the protocol fails. */
import { afterAll, afterEach, beforeEach } from 'vitest';
import type { ClientJudge } from './frame-judge.ts';
import { beginTest, type Ledger, openLedgers } from './frame-ledger.ts';

const judges = new WeakMap<Ledger, ClientJudge>();

/** Throws when a frame that came since it was called last is not of the protocol. */
async function checkFrames(): Promise<void> {
  const fresh = openLedgers().flatMap((ledger) => {
    const entries = ledger.take();
    return entries.length > 0 ? [{ ledger, entries }] : [];
  });
  if (fresh.length === 0) return;
  const { ClientJudge } = await import('./frame-judge.ts');
  const problems = fresh.flatMap(({ ledger, entries }) => {
    const judge = judges.get(ledger) ?? new ClientJudge();
    judges.set(ledger, judge);
    return entries
      .flatMap(({ way, text }) => judge.judge(text, way))
      .map(({ problem, frame }) => `${problem}\n  first in the test: ${ledger.test}\n  frame: ${frame}`);
  });
  if (problems.length === 0) return;
  // The first of each kind is enough to read.
  const kinds = new Map(problems.toReversed().map((text) => [text.split('\n')[0], text]));
  throw new Error(
    `${problems.length} times a frame was not of the protocol:\n${[...kinds.values()].join('\n')}`,
  );
}

beforeEach(({ task }) => beginTest(task.name));
afterEach(checkFrames);
// What came while the last test was ended.
afterAll(checkFrames);
