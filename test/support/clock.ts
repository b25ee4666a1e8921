import type { Clock } from '../../src/authority/committer.ts';

/** A clock that stands still until it is turned. */
export class TestClock implements Clock {
  #now: number;

  constructor(now = 1_771_500_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}
