import type {
  Change,
  ChangeNotice,
  DeviceRow,
  HistoryQuery,
  Pruned,
  Pruning,
  Store,
  StoredEvent,
} from '../../src/store/store.ts';
import { StoreError } from '../../src/store/store.ts';
import { Watchers } from '../../src/store/watchers.ts';
import type { Disk } from './disk.ts';
import type { StoreFaults } from './faults.ts';
import type { Mortal, World } from './world.ts';

/** How late other processes' changes are heard of, in ms (the port's promise). */
const FEED_MS = 50;

/** Openings of one disk hear of each other's commits through this. */
export class Openings {
  readonly #stores = new Set<ProcessStore>();

  /** All but this one. */
  besides(store: ProcessStore): readonly ProcessStore[] {
    return [...this.#stores].filter((other) => other !== store);
  }

  add(store: ProcessStore): void {
    this.#stores.add(store);
  }

  remove(store: ProcessStore): void {
    this.#stores.delete(store);
  }
}

/**
 * One process's opening of the disk: the store port, with the time that things take, with faults, and gone for ever when
 * its process is killed: a call that was under way is never answered.
 */
export class ProcessStore implements Store {
  readonly id: string;
  protected readonly world: World;
  protected readonly disk: Disk;
  protected readonly process: Mortal;
  protected readonly watchers = new Watchers();
  protected readonly openings: Openings;
  readonly #faults: StoreFaults;
  readonly #unheard = new Map<string, number>();
  #isListening = false;
  /** An fsync has failed: nothing durable may be promised until the store is opened again. */
  isSick = false;
  /** Told of each notice before the process is, for whoever checks what it knew. */
  onTold: ((notice: ChangeNotice) => void) | undefined;

  constructor(world: World, disk: Disk, openings: Openings, faults: StoreFaults, process: Mortal) {
    this.id = disk.id;
    this.world = world;
    this.disk = disk;
    this.process = process;
    this.openings = openings;
    this.#faults = faults;
    openings.add(this);
  }

  load(deviceId: string): Promise<DeviceRow | undefined> {
    return this.#read('load', () => this.row(deviceId));
  }

  list(): Promise<readonly DeviceRow[]> {
    return this.#read('list', () => this.rows());
  }

  due(nowMs: number, limit: number): Promise<readonly string[]> {
    return this.#read('due', () => this.disk.shelf.due(nowMs, limit));
  }

  countState(state: string): Promise<number> {
    return this.#read('count', () => this.disk.shelf.countState(state));
  }

  history(query: HistoryQuery): Promise<readonly StoredEvent[]> {
    return this.#read('history', () => this.events(query));
  }

  head(): Promise<number> {
    return this.#read('head', () => this.disk.shelf.head);
  }

  epoch(): Promise<number> {
    return this.#read('epoch', () => this.disk.shelf.epoch);
  }

  memo(name: string): ReturnType<Store['memo']> {
    return this.#read('memo', () => this.disk.shelf.memo(name));
  }

  setMemo(...memo: Parameters<Store['setMemo']>): ReturnType<Store['setMemo']> {
    return this.#read('setMemo', () => this.disk.shelf.setMemo(...memo));
  }

  prune(pruning: Pruning): Promise<Pruned> {
    return this.#read('prune', () => this.disk.shelf.prune(pruning));
  }

  pruneMemos(nowMs: number): Promise<number> {
    return this.#read('prune', () => this.disk.shelf.pruneMemos(nowMs));
  }

  raiseEpoch(epoch: number): Promise<number> {
    return this.#read('raise', () => this.disk.shelf.raiseEpoch(epoch));
  }

  async save(change: Change): Promise<number | null> {
    return (await this.saveAll([change]))?.[0] ?? null;
  }

  saveAll(changes: readonly Change[]): Promise<readonly number[] | null> {
    return new Promise((resolve, reject) => {
      const delay = this.#faults.delay();
      this.#soon(delay, () => {
        try {
          const fault = this.#faults.failing('save');
          if (fault) throw fault;
          const isDurable = changes.some(({ durable }) => durable);
          if (isDurable && this.isSick) throw this.#faults.failure('an earlier flush failed');
          this.#commit(changes, isDurable, resolve, reject);
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  #commit(
    changes: readonly Change[],
    isDurable: boolean,
    resolve: (revisions: readonly number[] | null) => void,
    reject: (error: Error) => void,
  ): void {
    const revisions = this.write(changes);
    if (revisions === null) return resolve(null);
    const newest = new Map(changes.map(({ deviceId }, index) => [deviceId, revisions[index] ?? 0]));
    this.tellOthers(newest);
    const tell = (): void => this.tellOwn(newest);
    if (!isDurable) {
      tell();
      return resolve(revisions);
    }
    const { mark } = this.disk;
    this.#soon(this.#faults.flushMs(), () => {
      const fault = this.#faults.failing('flush');
      if (fault || this.isSick) this.isSick = true;
      else this.flushed(mark);
      // As the SQLite store does: also when the disk failed, because the change is there and everybody sees it.
      tell();
      if (this.isSick) reject(fault ?? this.#faults.failure('the flush before failed'));
      else resolve(revisions);
    });
  }

  watch(listener: (notice: ChangeNotice) => void): () => void {
    return this.watchers.add(listener);
  }

  async close(): Promise<void> {
    this.openings.remove(this);
    this.watchers.clear();
  }

  /** Others have committed this; it is told at the next look. */
  heard(changes: ReadonlyMap<string, number>): void {
    if (this.watchers.count === 0) return;
    for (const [deviceId, seq] of changes) this.#unheard.set(deviceId, seq);
    if (this.#isListening) return;
    this.#isListening = true;
    this.#soon(this.world.rng.between(0, FEED_MS) + this.#faults.feedLag(), () => {
      this.#isListening = false;
      const told = [...this.#unheard];
      this.#unheard.clear();
      for (const [deviceId, seq] of told) this.tell({ deviceId, seq, foreign: true });
    });
  }

  protected write(changes: readonly Change[]): readonly number[] | null {
    return this.disk.commit(changes);
  }

  protected flushed(mark: number): void {
    this.disk.flushed(mark);
  }

  protected row(deviceId: string): DeviceRow | undefined {
    return this.disk.shelf.row(deviceId);
  }

  protected rows(): readonly DeviceRow[] {
    return this.disk.shelf.rows();
  }

  protected events(query: HistoryQuery): readonly StoredEvent[] {
    return this.disk.shelf.history(query);
  }

  protected tellOthers(changes: ReadonlyMap<string, number>): void {
    for (const store of this.openings.besides(this)) store.heard(changes);
  }

  protected tellOwn(changes: ReadonlyMap<string, number>): void {
    for (const [deviceId, seq] of changes) this.tell({ deviceId, seq, foreign: false });
  }

  /** Tells this process. */
  tell(notice: ChangeNotice): void {
    this.onTold?.(notice);
    this.watchers.tell(notice);
  }

  #read<T>(what: string, look: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#soon(this.#faults.delay(), () => {
        const fault = this.#faults.failing(what);
        if (fault) return reject(fault);
        const found = look();
        // What was read may be old by the time it arrives.
        this.#soon(this.#faults.delay(), () => resolve(found));
      });
    });
  }

  #soon(delayMs: number, run: () => void): void {
    if (!this.process.isAlive) return;
    if (delayMs === 0) run();
    else this.world.after(delayMs, run, this.process);
  }
}

/** Whether an error is one that was put there on purpose. */
export function isInjected(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isInjected);
  return error instanceof StoreError && error.message.startsWith('injected');
}
