import { useEffect, useLayoutEffect, useState } from 'preact/hooks';

/** In ms; a few frames. */
const QUIET_MS = 60;

/** Something that changes, and tells; many changes before the next frame are told as one. */
export class Changing {
  readonly #listeners = new Set<() => void>();
  #isTold = true;
  #toldAt = Number.NEGATIVE_INFINITY;

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  protected changed(): void {
    if (!this.#isTold) return;
    this.#isTold = false;
    // What comes after a quiet time is told at once: a page that has just been opened waits long for its first frame.
    if (performance.now() - this.#toldAt > QUIET_MS) queueMicrotask(() => this.#tell());
    // A hidden page has no frames; it is told all the same, so that it is right when it is looked at.
    else if (document.hidden) setTimeout(() => this.#tell(), 100);
    else requestAnimationFrame(() => this.#tell());
  }

  #tell(): void {
    this.#isTold = true;
    this.#toldAt = performance.now();
    for (const listener of this.#listeners) listener();
  }
}

/** Renders again whenever it changes. */
export function useChanging<T extends Changing>(source: T): T {
  const [, render] = useState({});
  // Before the first paint: what changes between that and a later effect would not be shown.
  useLayoutEffect(() => source.onChange(() => render({})), [source]);
  return source;
}

const EVERY_MS = 1000;

const tickers = new Set<() => void>();
setInterval(() => {
  for (const tick of tickers) tick();
}, EVERY_MS);

/** Renders again every second, for ages. One clock for all of them, so that they are drawn together. */
export function useSeconds(): void {
  const [, render] = useState({});
  useEffect(() => {
    const tick = (): void => render({});
    tickers.add(tick);
    return () => void tickers.delete(tick);
  }, []);
}
