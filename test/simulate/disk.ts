import { MemoryBacking } from '../../src/store/memory.ts';
import type {
  Change,
  DeviceRow,
  HistoryQuery,
  Json,
  Memo,
  Pruned,
  Pruning,
  StoredEvent,
} from '../../src/store/store.ts';
import { Watchers } from '../../src/store/watchers.ts';

/** What is kept, without a process around it. Every call is one moment. */
export interface Shelf {
  readonly head: number;
  readonly epoch: number;
  apply(changes: readonly Change[]): readonly number[] | null;
  row(deviceId: string): DeviceRow | undefined;
  rows(): readonly DeviceRow[];
  due(nowMs: number, limit: number): readonly string[];
  countState(state: string): number;
  history(query: HistoryQuery): readonly StoredEvent[];
  raiseEpoch(epoch: number): number;
  memo(name: string): Memo | undefined;
  prune(pruning: Pruning): Pruned;
  pruneMemos(nowMs: number): number;
  setMemo(name: string, value: Json, expected: number, keepUntilMs: number | null): number | null;
  close(): void;
}

/** The memory store's own backing. */
export class MemoryShelf implements Shelf {
  readonly #backing = new MemoryBacking();
  readonly #nobody = new Watchers();

  get head(): number {
    return this.#backing.head;
  }

  get epoch(): number {
    return this.#backing.epoch;
  }

  apply = (changes: readonly Change[]): readonly number[] | null =>
    this.#backing.apply(changes, this.#nobody);
  row = (deviceId: string): DeviceRow | undefined => this.#backing.row(deviceId);
  rows = (): readonly DeviceRow[] => this.#backing.rows();
  countState = (state: string): number => this.#backing.countState(state);
  history = (query: HistoryQuery): readonly StoredEvent[] => this.#backing.history(query);
  raiseEpoch = (epoch: number): number => this.#backing.raiseEpoch(epoch);
  prune = (pruning: Pruning): Pruned => this.#backing.prune(pruning);
  pruneMemos = (nowMs: number): number => this.#backing.pruneMemos(nowMs);
  memo = (name: string): Memo | undefined => this.#backing.memo(name);
  setMemo = (...memo: Parameters<Shelf['setMemo']>): number | null => this.#backing.setMemo(...memo);
  close = (): void => {};

  due(nowMs: number, limit: number): readonly string[] {
    return this.rows()
      .filter(({ deadlineMs }) => deadlineMs !== null && deadlineMs <= nowMs)
      .sort((a, b) => (a.deadlineMs ?? 0) - (b.deadlineMs ?? 0))
      .slice(0, limit)
      .map(({ deviceId }) => deviceId);
  }
}

/** What was committed together, and where the history stood after it. */
export interface Commit {
  readonly changes: readonly Change[];
  readonly revisions: readonly number[];
  readonly head: number;
}

/**
 * The disk that all processes share. A commit is seen by everybody at once and survives a killed process; only what was
 * flushed after it survives a power cut.
 */
export class Disk {
  /** Names the store in every token. */
  readonly id = 'simulated';
  readonly #makeShelf: () => Shelf;
  readonly #onCommit: (commit: Commit) => void;
  #commits: Commit[] = [];
  #flushed = 0;
  shelf: Shelf;

  constructor(makeShelf: () => Shelf, onCommit: (commit: Commit) => void) {
    this.#makeShelf = makeShelf;
    this.#onCommit = onCommit;
    this.shelf = makeShelf();
  }

  commit(changes: readonly Change[]): readonly number[] | null {
    const revisions = this.shelf.apply(changes);
    if (revisions === null) return null;
    const commit = { changes, revisions, head: this.shelf.head };
    this.#commits.push(commit);
    this.#onCommit(commit);
    return revisions;
  }

  /** A flush begins: what it will have made durable once it has ended. */
  get mark(): number {
    return this.#commits.length;
  }

  flushed(mark: number): void {
    this.#flushed = Math.max(this.#flushed, mark);
  }

  /** Whether the event of this number would survive a power cut. */
  isFlushed(seq: number): boolean {
    return seq <= (this.#commits[this.#flushed - 1]?.head ?? 0);
  }

  /** The power goes: of what was not flushed a part is lost, from some commit on. Answers how many commits. */
  lose(keep: (unflushed: number) => number): number {
    const unflushed = this.#commits.length - this.#flushed;
    const lost = unflushed - keep(unflushed);
    const kept = this.#commits.slice(0, this.#commits.length - lost);
    const { epoch } = this.shelf;
    this.shelf.close();
    this.shelf = this.#makeShelf();
    for (const { changes } of kept) this.shelf.apply(changes);
    this.shelf.raiseEpoch(epoch);
    this.#commits = kept;
    this.#flushed = kept.length;
    return lost;
  }

  get commits(): readonly Commit[] {
    return this.#commits;
  }
}
