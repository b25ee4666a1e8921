/** The one source of chance of a simulation (mulberry32): the seed decides every choice, and nothing else does. */
export class Rng {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 up to 1, without 1. */
  float(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(count: number): number {
    return Math.floor(this.float() * count);
  }

  chance(share: number): boolean {
    return this.float() < share;
  }

  between(least: number, most: number): number {
    return least + this.float() * (most - least);
  }

  /** Waiting time of something that happens at random, `mean` apart. */
  around(mean: number): number {
    return -Math.log(1 - this.float()) * mean;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  /** Each entry with its weight. */
  weighted<T>(entries: readonly (readonly [number, T])[]): T {
    let left = this.float() * entries.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, entry] of entries) {
      left -= weight;
      if (left < 0) return entry;
    }
    return this.pick(entries)[1];
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }

  /** Some of the list, in its order. */
  some<T>(list: readonly T[]): readonly T[] {
    return list.filter(() => this.chance(0.5));
  }
}
