import type { DatabaseSync } from 'node:sqlite';
import { checkEpoch } from './change-checks.ts';
import { newestOf } from './newest-of.ts';
import { RowCache } from './row-cache.ts';
import { storeError, toStoreError, whileBusy } from './sqlite-errors.ts';
import { SqliteFeed } from './sqlite-feed.ts';
import { SqliteMemos } from './sqlite-memos.ts';
import { openDatabase } from './sqlite-open.ts';
import { SqlitePrune } from './sqlite-prune.ts';
import { SqliteReads } from './sqlite-reads.ts';
import { SqliteSave } from './sqlite-save.ts';
import type {
  Change,
  ChangeNotice,
  DeviceRow,
  HistoryQuery,
  Json,
  Memo,
  Pruned,
  Pruning,
  Store,
  StoredEvent,
} from './store.ts';
import { WalSync } from './wal-sync.ts';
import { Watchers } from './watchers.ts';

export interface SqliteStoreOptions {
  /** The database file; it and its folder are made if they are missing, readable by this user only. */
  readonly path: string;
  /** How often to look for other processes' changes while somebody watches, in ms; default 50. */
  readonly pollMs?: number;
  /** How long to wait for another process that holds the lock, in ms; default 5000. Waiting blocks nobody else. */
  readonly busyTimeoutMs?: number;
  /** How many device records stay parsed in memory; default 10 000. */
  readonly cacheSize?: number;
}

/**
 * A store in one SQLite file, which any number of processes of one machine may open at once. Rejects with a StoreError
 * that says what to do; a file that it refuses is left as it was.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { path, pollMs = 50, busyTimeoutMs = 5000, cacheSize = 10_000 } = options;
  const { db, realPath } = await openDatabase(path, busyTimeoutMs);
  try {
    const wal = await WalSync.open(realPath);
    return new SqliteStore({ path, db, wal, pollMs, busyTimeoutMs, cacheSize });
  } catch (error) {
    db.close();
    throw toStoreError(error, path);
  }
}

interface Parts extends Required<SqliteStoreOptions> {
  readonly db: DatabaseSync;
  readonly wal: WalSync;
}

class SqliteStore implements Store {
  readonly id: string;
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #busyTimeoutMs: number;
  readonly #wal: WalSync;
  readonly #reads: SqliteReads;
  readonly #save: SqliteSave;
  readonly #memos: SqliteMemos;
  readonly #prune: SqlitePrune;
  readonly #cache: RowCache;
  readonly #watchers = new Watchers();
  readonly #feed: SqliteFeed;
  #closing: Promise<void> | undefined;
  // The cached rows and epoch are those of the database as long as its data_version is this one.
  #version = 0;
  #epoch: number | undefined;

  constructor({ path, db, wal, pollMs, busyTimeoutMs, cacheSize }: Parts) {
    this.#db = db;
    this.#path = path;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#wal = wal;
    this.#reads = new SqliteReads(db);
    this.#save = new SqliteSave(db);
    this.#memos = new SqliteMemos(db);
    this.#prune = new SqlitePrune(db);
    this.#cache = new RowCache(cacheSize);
    this.#feed = new SqliteFeed(this.#reads, pollMs, (deviceId, seq) =>
      this.#watchers.tell({ deviceId, seq, foreign: true }),
    );
    this.id = this.#reads.identity().id;
  }

  load(deviceId: string): Promise<DeviceRow | undefined> {
    return this.#run(() => {
      this.#dropStale();
      const known = this.#cache.get(deviceId);
      if (known) return known;
      const row = this.#reads.row(deviceId);
      if (row) this.#cache.set(row);
      return row;
    });
  }

  async save(change: Change): Promise<number | null> {
    return (await this.saveAll([change]))?.[0] ?? null;
  }

  async saveAll(changes: readonly Change[]): Promise<readonly number[] | null> {
    const done = await this.#run(() => this.#commit(changes));
    if (done === null) return null;
    try {
      await this.#confirmed(done.flushed);
    } finally {
      // Also when the disk failed: the changes are committed, and everybody else sees them.
      for (const [deviceId, seq] of newestOf(changes, done.revisions)) {
        this.#watchers.tell({ deviceId, seq, foreign: false });
      }
    }
    return done.revisions;
  }

  list(): Promise<readonly DeviceRow[]> {
    return this.#run(() => this.#reads.rows());
  }

  due(nowMs: number, limit: number): Promise<readonly string[]> {
    return this.#run(() => this.#reads.due(nowMs, limit));
  }

  countState(state: string): Promise<number> {
    return this.#run(() => this.#reads.countState(state));
  }

  history(query: HistoryQuery): Promise<readonly StoredEvent[]> {
    return this.#run(() => this.#reads.history(query));
  }

  head(): Promise<number> {
    return this.#run(() => this.#reads.head());
  }

  epoch(): Promise<number> {
    return this.#run(() => {
      this.#dropStale();
      this.#epoch ??= this.#reads.identity().epoch;
      return this.#epoch;
    });
  }

  async raiseEpoch(epoch: number): Promise<number> {
    checkEpoch(epoch);
    const { epoch: holds, flushed } = await this.#run(() => {
      this.#wal.assertHealthy();
      this.#reads.raiseEpoch(epoch);
      this.#epoch = undefined;
      // Also when it was as high already: whoever raised it may still be waiting for the disk.
      return { epoch: this.#reads.identity().epoch, flushed: this.#wal.flush() };
    });
    await this.#confirmed(flushed);
    return holds;
  }

  memo(name: string): Promise<Memo | undefined> {
    return this.#run(() => this.#memos.get(name));
  }

  setMemo(
    name: string,
    value: Json,
    expectedVersion: number,
    keepUntilMs: number | null,
  ): Promise<number | null> {
    return this.#run(() => this.#memos.set(name, value, expectedVersion, keepUntilMs));
  }

  prune(pruning: Pruning): Promise<Pruned> {
    return this.#run(() => this.#prune.run(pruning));
  }

  pruneMemos(nowMs: number): Promise<number> {
    return this.#run(() => this.#memos.prune(nowMs));
  }

  watch(listener: (notice: ChangeNotice) => void): () => void {
    if (this.#closing !== undefined) throw this.#closed();
    try {
      this.#feed.start();
    } catch (error) {
      throw toStoreError(error, this.#path);
    }
    const forget = this.#watchers.add(listener);
    return () => {
      forget();
      if (this.#watchers.count === 0) this.#feed.stop();
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #release(): Promise<void> {
    this.#feed.stop();
    // Durable saves that are already committed still get their answer, and their listeners hear of it.
    await this.#wal.close();
    this.#watchers.clear();
    this.#cache.clear();
    this.#db.close();
  }

  async #run<T>(step: () => T): Promise<T> {
    try {
      return await whileBusy(() => {
        if (this.#closing !== undefined) throw this.#closed();
        return step();
      }, this.#busyTimeoutMs);
    } catch (error) {
      throw toStoreError(error, this.#path);
    }
  }

  // Foreign commits change data_version, our own do not: those keep the cache right by themselves.
  #dropStale(): void {
    const version = this.#reads.dataVersion();
    if (version === this.#version) return;
    this.#version = version;
    this.#epoch = undefined;
    this.#cache.clear();
  }

  // The flush is asked for in the same turn as the commit, so that a `close` in the next one waits for it.
  #commit(
    changes: readonly Change[],
  ): { readonly revisions: readonly number[]; readonly flushed: Promise<void> | undefined } | null {
    const isDurable = changes.some(({ durable }) => durable);
    if (isDurable) this.#wal.assertHealthy();
    const saved = this.#save.run(changes);
    if (saved === null) return null;
    this.#feed.committed(saved.flatMap(({ seqs }) => seqs));
    for (const [index, { row }] of saved.entries()) {
      if (row) this.#cache.set(row);
      else this.#cache.delete(changes[index]?.deviceId ?? '');
    }
    const revisions = saved.map(({ revision }) => revision);
    return { revisions, flushed: isDurable ? this.#wal.flush() : undefined };
  }

  async #confirmed(flushed: Promise<void> | undefined): Promise<void> {
    try {
      await flushed;
    } catch (error) {
      const what = 'took the change, but the disk did not confirm it, so a power cut may undo it';
      throw storeError('STORE_FAILED', this.#path, what, error);
    }
  }

  #closed(): Error {
    return storeError('STORE_CLOSED', this.#path, 'was closed');
  }
}
