/** Wakes whoever waits, so that no test sleeps: everything that may change an answer calls `stir`. */
export class Signal {
  #wake = Promise.withResolvers<void>();

  stir = (): void => {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  };

  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await this.#wake.promise;
  }
}
