import type { Clock } from '../authority/committer.ts';

const MOST_KEYS = 10_000;
const AGAIN_MS = 60 * 60_000;

/**
 * Keeps the log readable while a client hammers: the first refusal of a kind is logged, its repeats are counted and
 * told once an hour (I8b). Bounded: the kind that was seen first is forgotten first.
 */
export class RefusalLog {
  readonly #clock: Clock;
  readonly #write: (line: string) => void;
  readonly #seen = new Map<string, { untilMs: number; repeats: number }>();

  constructor(clock: Clock, write: (line: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  note(key: string, line: string): void {
    const now = this.#clock.now();
    const seen = this.#seen.get(key);
    if (seen && seen.untilMs > now) {
      seen.repeats += 1;
      return;
    }
    this.#write(seen && seen.repeats > 0 ? `${line} repeats=${seen.repeats}` : line);
    this.#seen.delete(key);
    this.#seen.set(key, { untilMs: now + AGAIN_MS, repeats: 0 });
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > MOST_KEYS && oldest !== undefined) this.#seen.delete(oldest);
  }
}
