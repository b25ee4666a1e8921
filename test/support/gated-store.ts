import type { Change, ChangeNotice, DeviceRow, HistoryQuery, Store } from '../../src/store/store.ts';
import { type House, type HouseOptions, openHouse } from './harness.ts';

/** A call that was stopped at a gate. */
export interface Held {
  /** Resolves when a call has come to the gate. */
  readonly reached: Promise<void>;
  /** Lets it, and everything after it, through. */
  release(): void;
}

type Gate = 'before-load' | 'after-load' | 'before-save' | 'after-save';

/**
 * The real store with gates in it: what falls between two steps of one process by chance can be put there on purpose.
 * Nothing else differs from the store inside.
 */
export class GatedStore implements Store {
  readonly #inside: Store;
  readonly #gates: { at: Gate; deviceId: string; reached: () => void; opened: Promise<void> }[] = [];

  #broken: Error | null = null;

  constructor(inside: Store) {
    this.#inside = inside;
  }

  /** From now on every load fails with this, until it is null again. */
  breakDown(error: Error | null): void {
    this.#broken = error;
  }

  /** Stops the next call of this kind for this device. */
  hold(at: Gate, deviceId: string): Held {
    const reached = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    this.#gates.push({ at, deviceId, reached: reached.resolve, opened: opened.promise });
    return { reached: reached.promise, release: opened.resolve };
  }

  async #pass(at: Gate, deviceId: string): Promise<void> {
    const index = this.#gates.findIndex((gate) => gate.at === at && gate.deviceId === deviceId);
    if (index < 0) return;
    const [gate] = this.#gates.splice(index, 1);
    gate?.reached();
    await gate?.opened;
  }

  get id(): string {
    return this.#inside.id;
  }

  async load(deviceId: string): Promise<DeviceRow | undefined> {
    if (this.#broken) throw this.#broken;
    await this.#pass('before-load', deviceId);
    const row = await this.#inside.load(deviceId);
    await this.#pass('after-load', deviceId);
    return row;
  }

  async save(change: Change): Promise<number | null> {
    await this.#pass('before-save', change.deviceId);
    const saved = await this.#inside.save(change);
    await this.#pass('after-save', change.deviceId);
    return saved;
  }

  saveAll = (changes: readonly Change[]): ReturnType<Store['saveAll']> => this.#inside.saveAll(changes);
  list = (): Promise<readonly DeviceRow[]> => this.#inside.list();
  due = (nowMs: number, limit: number): Promise<readonly string[]> => this.#inside.due(nowMs, limit);
  countState = (state: string): Promise<number> => this.#inside.countState(state);
  history = (query: HistoryQuery): ReturnType<Store['history']> => this.#inside.history(query);
  head = (): Promise<number> => this.#inside.head();
  epoch = (): Promise<number> => this.#inside.epoch();
  raiseEpoch = (epoch: number): Promise<number> => this.#inside.raiseEpoch(epoch);
  memo = (name: string): ReturnType<Store['memo']> => this.#inside.memo(name);
  setMemo = (...memo: Parameters<Store['setMemo']>): ReturnType<Store['setMemo']> =>
    this.#inside.setMemo(...memo);
  prune = (pruning: Parameters<Store['prune']>[0]): ReturnType<Store['prune']> => this.#inside.prune(pruning);
  pruneMemos = (nowMs: number): Promise<number> => this.#inside.pruneMemos(nowMs);
  watch = (listener: (notice: ChangeNotice) => void): (() => void) => this.#inside.watch(listener);
  close = (): Promise<void> => this.#inside.close();
}

/** A house whose gateway sees its store through gates. */
export async function openGatedHouse(
  options: HouseOptions = {},
): Promise<{ readonly house: House; readonly gates: GatedStore }> {
  const made: GatedStore[] = [];
  const wrap = (inside: Store): Store => {
    const gated = new GatedStore(inside);
    made.push(gated);
    return gated;
  };
  const house = await openHouse({ ...options, wrap });
  return { house, gates: made[0] as GatedStore };
}
