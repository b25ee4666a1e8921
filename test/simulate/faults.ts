import { StoreError } from '../../src/store/store.ts';
import type { World } from './world.ts';

/** What goes wrong with the disk of one process, by chance and in spells. */
export class StoreFaults {
  readonly #world: World;
  /** How likely a call fails; above 0 only during a spell. */
  failShare = 0;
  /** How likely a flush fails. */
  flushFailShare = 0;
  /** The longest that a call may take, in ms. */
  slowMs: number;
  /** How late the feed may be beyond its promise. */
  feedLagMs = 0;
  injected = 0;

  constructor(world: World) {
    this.#world = world;
    this.slowMs = world.paceMs;
  }

  /** Most calls are answered at once, as SQLite answers; the others let something come between. */
  delay(): number {
    const { rng } = this.#world;
    return rng.chance(0.75) ? 0 : rng.between(0.01, this.slowMs);
  }

  flushMs(): number {
    return this.#world.rng.between(0.1, 20 + this.slowMs);
  }

  feedLag(): number {
    return this.feedLagMs === 0 ? 0 : this.#world.rng.between(0, this.feedLagMs);
  }

  failing(what: string): StoreError | undefined {
    const share = what === 'flush' ? this.flushFailShare : this.failShare;
    if (share === 0 || !this.#world.rng.chance(share)) return undefined;
    return this.failure(`on ${what}`);
  }

  failure(why: string): StoreError {
    this.injected += 1;
    const code = this.#world.rng.chance(0.5) ? 'STORE_BUSY' : 'STORE_FAILED';
    return new StoreError(code, `injected fault of the disk, ${why}`);
  }

  heal(): void {
    this.failShare = 0;
    this.flushFailShare = 0;
    this.slowMs = this.#world.paceMs;
    this.feedLagMs = 0;
  }
}
