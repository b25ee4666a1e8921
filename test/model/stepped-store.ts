import type { Change, ChangeNotice, DeviceRow, HistoryQuery, Store } from '../../src/store/store.ts';
import type { Signal } from './signal.ts';

interface HeldLoad {
  pass(): void;
  fail(error: Error): void;
}

/**
 * The real store, whose loads stop at a gate while it is shut and go on one at a time. Between two loads of one
 * connection lie the states that nobody could see otherwise: `authorizing` and `approved`.
 */
export class SteppedStore implements Store {
  /** The store without the gate, for those whose decisions the gateway reads. */
  readonly inside: Store;
  readonly #signal: Signal;
  #isShut = false;
  #held: HeldLoad[] = [];

  constructor(inside: Store, signal: Signal) {
    this.inside = inside;
    this.#signal = signal;
  }

  get held(): number {
    return this.#held.length;
  }

  shut(): void {
    this.#isShut = true;
  }

  open(): void {
    this.#isShut = false;
    const held = this.#held;
    this.#held = [];
    for (const load of held) load.pass();
  }

  letNewest(): void {
    this.#held.pop()?.pass();
  }

  letOldest(): void {
    this.#held.shift()?.pass();
  }

  failOldest(error: Error): void {
    this.#held.shift()?.fail(error);
  }

  /** What is held has been loaded already: it is about the record as it was, not as it will be when it goes on. */
  async load(deviceId: string): Promise<DeviceRow | undefined> {
    const isShut = this.#isShut;
    const row = await this.inside.load(deviceId);
    if (isShut) {
      await new Promise<void>((pass, fail) => {
        this.#held.push({ pass, fail });
        this.#signal.stir();
      });
    }
    return row;
  }

  get id(): string {
    return this.inside.id;
  }

  save = (change: Change): Promise<number | null> => this.inside.save(change);
  saveAll = (changes: readonly Change[]): ReturnType<Store['saveAll']> => this.inside.saveAll(changes);
  list = (): Promise<readonly DeviceRow[]> => this.inside.list();
  due = (nowMs: number, limit: number): Promise<readonly string[]> => this.inside.due(nowMs, limit);
  countState = (state: string): Promise<number> => this.inside.countState(state);
  history = (query: HistoryQuery): ReturnType<Store['history']> => this.inside.history(query);
  head = (): Promise<number> => this.inside.head();
  epoch = (): Promise<number> => this.inside.epoch();
  raiseEpoch = (epoch: number): Promise<number> => this.inside.raiseEpoch(epoch);
  memo = (name: string): ReturnType<Store['memo']> => this.inside.memo(name);
  setMemo = (...memo: Parameters<Store['setMemo']>): ReturnType<Store['setMemo']> =>
    this.inside.setMemo(...memo);
  prune = (pruning: Parameters<Store['prune']>[0]): ReturnType<Store['prune']> => this.inside.prune(pruning);
  pruneMemos = (nowMs: number): Promise<number> => this.inside.pruneMemos(nowMs);
  watch = (listener: (notice: ChangeNotice) => void): (() => void) => this.inside.watch(listener);
  close = (): Promise<void> => this.inside.close();
}
