import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parseFrozen } from './frozen-json.ts';
import type { Json, Memo } from './store.ts';

/** The memos of the store, each of which is one statement and so one step. */
export class SqliteMemos {
  readonly #get: StatementSync;
  readonly #add: StatementSync;
  readonly #set: StatementSync;
  readonly #prune: StatementSync;

  constructor(db: DatabaseSync) {
    this.#get = db.prepare('SELECT value, version FROM memo WHERE name = ?');
    this.#add = db.prepare(
      'INSERT OR IGNORE INTO memo (name, value, keep_until_ms, version) VALUES (?, ?, ?, 1)',
    );
    this.#set = db.prepare(
      `UPDATE memo SET value = ?2, keep_until_ms = ?3, version = version + 1
       WHERE name = ?1 AND version = ?4`,
    );
    this.#prune = db.prepare('DELETE FROM memo WHERE keep_until_ms < ?');
  }

  prune(nowMs: number): number {
    return Number(this.#prune.run(nowMs).changes);
  }

  get(name: string): Memo | undefined {
    const columns = this.#get.get(name);
    return columns && { value: parseFrozen(String(columns.value)), version: Number(columns.version) };
  }

  set(name: string, value: Json, expectedVersion: number, keepUntilMs: number | null): number | null {
    const text = JSON.stringify(value);
    const { changes } =
      expectedVersion === 0
        ? this.#add.run(name, text, keepUntilMs)
        : this.#set.run(name, text, keepUntilMs, expectedVersion);
    return Number(changes) === 1 ? expectedVersion + 1 : null;
  }
}
