/** Runs suites against the product with one mistake in it, in a process that keeps what they have in common. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Question } from './lane.ts';
import type { Suite } from './suites.ts';

const LANE = fileURLToPath(new URL('./lane.ts', import.meta.url));
/** A mistake that makes a test wait for ever is noticed by that. */
const PATIENCE_MS = 240_000;

/** One suite at a time; as many judges as should work beside each other. */
export class Judge {
  #lane: ChildProcess | undefined;

  /** The tests that noticed; rejects when the suite did not run at all. */
  async judge(mutant: string, suite: Suite): Promise<readonly string[]> {
    this.#lane ??= await openLane();
    this.#lane.send({ mutant, suite } satisfies Question);
    const answer = await this.#answer(this.#lane);
    if ('problem' in answer) throw new Error(`${suite.name} about "${mutant}": ${answer.problem}`);
    return answer.noticedBy;
  }

  async #answer(lane: ChildProcess): Promise<Answer> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    const over = new AbortController();
    const ended = once(lane, 'exit', { signal: over.signal }).then(() => ({ problem: 'its process ended' }));
    ended.catch(() => {});
    try {
      const answered = once(lane, 'message', { signal: patience }) as Promise<[Answer]>;
      return await Promise.race([answered.then(([answer]) => answer), ended]);
    } catch (error) {
      if (!patience.aborted) throw error;
      this.close();
      return { noticedBy: ['a test that waits for ever'] };
    } finally {
      over.abort();
    }
  }

  close(): void {
    const lane = this.#lane;
    this.#lane = undefined;
    // The processes of its tests are of its group, and would go on.
    if (lane?.pid) process.kill(-lane.pid, 'SIGKILL');
  }
}

async function openLane(): Promise<ChildProcess> {
  const lane = fork(LANE, { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(lane, 'message');
  return lane;
}
