import type { Authority } from '../authority/authority.ts';
import type { Retention } from './settings.ts';

/** From the end of one pass over the history to the next, in ms. The first begins so long after the start: by then what
 * is past its deadline is settled, and its request counts as new. */
const PASS_MS = 3_600_000;
/** Some milliseconds of the store: each is looked for in three indexes. */
const EVENTS_AT_ONCE = 50;
/** So long after a request was settled a decision on it is answered with what it was (I7). */
const ANSWERS_MS = 24 * 3_600_000;

/** Forgets the history that is too old, a small part each turn. */
export class Forgetting {
  readonly #authority: Pick<Authority, 'store' | 'clock' | 'terms'>;
  readonly #retention: Retention;
  /** Where the present pass goes on; null between two. */
  #afterSeq: number | null = null;
  #nextPassMs: number;

  constructor(authority: Pick<Authority, 'store' | 'clock' | 'terms'>, retention: Retention) {
    this.#authority = authority;
    this.#retention = retention;
    this.#nextPassMs = authority.clock.now() + PASS_MS;
  }

  async turn(): Promise<void> {
    const { store, clock, terms } = this.#authority;
    const now = clock.now();
    if (this.#afterSeq === null && now < this.#nextPassMs) return;
    // A request that was settled within the day may have been open for the longest time before that.
    const age = Math.max(this.#retention.historyMs, terms.longestLifeMs + ANSWERS_MS);
    const { nextSeq } = await store.prune({
      beforeMs: now - age,
      keep: this.#retention.historyKeep,
      afterSeq: this.#afterSeq ?? 0,
      limit: EVENTS_AT_ONCE,
    });
    this.#afterSeq = nextSeq;
    if (nextSeq !== null) return;
    this.#nextPassMs = now + PASS_MS;
    await store.pruneMemos(now);
  }
}
