/**
 * How far this gateway has acted on the store's changes. Whoever decided something in another process waits here,
 * until no socket that it concerns is live (I18).
 */
export class Progress {
  #newest = 0;
  /** Changes that are being acted on; they may end in another order than they came in. */
  readonly #underWay = new Set<number>();
  readonly #waiting = new Set<{ readonly seq: number; readonly resolve: () => void }>();

  begin(seq: number): void {
    this.#newest = Math.max(this.#newest, seq);
    this.#underWay.add(seq);
  }

  done(seq: number): void {
    this.#underWay.delete(seq);
    for (const waiter of this.#waiting) {
      if (!this.#hasReached(waiter.seq)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }

  /** Resolves once every change up to `seq` has had its effect on every socket here. */
  until(seq: number): Promise<void> {
    if (this.#hasReached(seq)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add({ seq, resolve }));
  }

  #hasReached(seq: number): boolean {
    return seq <= this.#newest && [...this.#underWay].every((open) => open > seq);
  }
}
