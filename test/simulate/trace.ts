import { createHash } from 'node:crypto';

/** Request ids are random and must not be: in the trace they are named by the order in which they appear. */
const REQUEST_ID = /\b[a-z2-7]{16}(?=\.r\d)/g;
const KEPT = 4000;

/** What happened, one line each; two runs of one seed have the same lines. */
export class Trace {
  readonly #nowMs: () => number;
  readonly #names = new Map<string, string>();
  readonly #lines: string[] = [];
  readonly #hash = createHash('sha256');
  /** Called with each line, for whoever wants to see all of them. */
  onLine: ((line: string) => void) | undefined;
  count = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add(who: string, what: string): void {
    const line = `${(this.#nowMs() / 1000).toFixed(3).padStart(10)} ${who.padEnd(12)} ${this.named(what)}`;
    this.#hash.update(line).update('\n');
    this.#lines.push(line);
    this.count += 1;
    if (this.#lines.length > 2 * KEPT) this.#lines.splice(0, KEPT);
    this.onLine?.(line);
  }

  /** The text with every request id replaced by its name. */
  named(text: string): string {
    return text.replace(REQUEST_ID, (id) => {
      const known = this.#names.get(id) ?? `q${this.#names.size + 1}`;
      this.#names.set(id, known);
      return known;
    });
  }

  /** The newest lines that speak of one of these; all of them without any. */
  last(count: number, about: readonly string[] = []): readonly string[] {
    const isAbout = (line: string): boolean =>
      about.length === 0 || line.includes(' ! ') || about.some((word) => line.includes(word));
    return this.#lines.filter(isAbout).slice(-count);
  }

  /** The same for the same lines. */
  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }
}
