import { DatabaseSync } from 'node:sqlite';
import { SqliteMemos } from '../../src/store/sqlite-memos.ts';
import { SqlitePrune } from '../../src/store/sqlite-prune.ts';
import { SqliteReads } from '../../src/store/sqlite-reads.ts';
import { SqliteSave } from '../../src/store/sqlite-save.ts';
import { migrate } from '../../src/store/sqlite-schema.ts';
import type {
  Change,
  DeviceRow,
  HistoryQuery,
  Memo,
  Pruned,
  Pruning,
  StoredEvent,
} from '../../src/store/store.ts';
import type { Shelf } from './disk.ts';

/** The SQLite store's own schema, guards, transaction and queries, on a database in memory. Its cache of rows, its feed
 * and its fsync belong to a process and to a file; here `ProcessStore` and `Disk` stand for them. */
export class SqliteShelf implements Shelf {
  readonly #db = new DatabaseSync(':memory:', { enableForeignKeyConstraints: true });
  readonly #save: SqliteSave;
  readonly #reads: SqliteReads;
  readonly #memos: SqliteMemos;

  constructor() {
    migrate(this.#db, ':memory:');
    this.#save = new SqliteSave(this.#db);
    this.#reads = new SqliteReads(this.#db);
    this.#memos = new SqliteMemos(this.#db);
  }

  get head(): number {
    return this.#reads.head();
  }

  get epoch(): number {
    return this.#reads.identity().epoch;
  }

  apply = (changes: readonly Change[]): readonly number[] | null =>
    this.#save.run(changes)?.map(({ revision }) => revision) ?? null;
  row = (deviceId: string): DeviceRow | undefined => this.#reads.row(deviceId);
  rows = (): readonly DeviceRow[] => this.#reads.rows();
  due = (nowMs: number, limit: number): readonly string[] => this.#reads.due(nowMs, limit);
  countState = (state: string): number => this.#reads.countState(state);
  history = (query: HistoryQuery): readonly StoredEvent[] => this.#reads.history(query);

  prune = (pruning: Pruning): Pruned => new SqlitePrune(this.#db).run(pruning);
  pruneMemos = (nowMs: number): number => this.#memos.prune(nowMs);
  memo = (name: string): Memo | undefined => this.#memos.get(name);
  setMemo = (...memo: Parameters<Shelf['setMemo']>): number | null => this.#memos.set(...memo);

  raiseEpoch(epoch: number): number {
    this.#reads.raiseEpoch(epoch);
    return this.epoch;
  }

  close(): void {
    this.#db.close();
  }
}
