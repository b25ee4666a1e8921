import type { ChangeNotice } from './store.ts';

/** The listeners of one opening of a store. */
export class Watchers {
  // Each call of `add` is its own entry, so that a function added twice is told twice and removed once.
  readonly #entries = new Set<{ readonly listener: (notice: ChangeNotice) => void }>();

  get count(): number {
    return this.#entries.size;
  }

  add(listener: (notice: ChangeNotice) => void): () => void {
    const entry = { listener };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  /** Tells every listener. One that throws becomes a process warning: the change is committed, so neither `save` nor
   * the other listeners may fail because of it, and it must not vanish either. */
  tell(notice: ChangeNotice): void {
    for (const { listener } of [...this.#entries]) {
      try {
        listener(notice);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  }

  clear(): void {
    this.#entries.clear();
  }
}
