/**
 * Keeps a session in step with its device's record: every change leads to a reading that began after it, one reading
 * at a time, so that an old reading is never told after a new one.
 */
export class RecordWatch {
  readonly #read: (isCurrent: () => boolean) => Promise<void>;
  #changes = 0;
  #isHeld = false;
  #reading: Promise<void> | undefined;
  #next: PromiseWithResolvers<void> | undefined;

  /** `read` looks at the record once, and tells what it saw only while `isCurrent` holds. It must not reject. */
  constructor(read: (isCurrent: () => boolean) => Promise<void>) {
    this.#read = read;
  }

  /** A number that differs once anything has changed. */
  get version(): number {
    return this.#changes;
  }

  /** Readings wait until `work` is done: until its own request is part of the record, the record says nothing to a
   * session. */
  async holdWhile<T>(work: () => Promise<T>): Promise<T> {
    this.#isHeld = true;
    try {
      return await work();
    } finally {
      this.#isHeld = false;
    }
  }

  /** Something changed. Resolves when a reading that began after it has had its effect. */
  changed(): Promise<void> {
    this.#changes += 1;
    this.wake();
    if (this.#isHeld) return Promise.resolve();
    this.#reading ??= this.#readUntilCurrent();
    return this.#reading;
  }

  /** Resolves when whatever is being read has had its effect. */
  caughtUp(): Promise<void> {
    return this.#reading ?? Promise.resolve();
  }

  /** Resolves at the next change, or when `wake` is called. */
  nextChange(): Promise<void> {
    this.#next ??= Promise.withResolvers();
    return this.#next.promise;
  }

  wake(): void {
    this.#next?.resolve();
    this.#next = undefined;
  }

  async #readUntilCurrent(): Promise<void> {
    let seen: number;
    try {
      do {
        seen = this.#changes;
        await this.#read(() => seen === this.#changes);
      } while (seen !== this.#changes);
    } finally {
      // Here and not in a `then`: a change one microtask after the comparison would rely on a reading that is over.
      this.#reading = undefined;
    }
  }
}
