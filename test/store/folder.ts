import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { change, device } from '../../src/store/contract-fixtures.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';

/** A folder of its own for one test, removed when the test is over: `using folder = new Folder()`. */
export class Folder {
  readonly path: string = mkdtempSync(join(tmpdir(), 'antechamber-store-'));

  file(name = 'devices.db'): string {
    return join(this.path, name);
  }

  /** Every file here with its bytes, to show that nothing has changed and nothing was left behind. */
  content(): Record<string, string> {
    const names = readdirSync(this.path).sort();
    return Object.fromEntries(names.map((name) => [name, readFileSync(this.file(name), 'base64')]));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A closed store file with this many paired devices, `a0` and so on. */
export async function storeFile(path: string, devices = 1): Promise<void> {
  const store = await openSqliteStore({ path });
  for (let index = 0; index < devices; index++) await store.save(change(device(`a${index}`), 0));
  await store.close();
}

export async function withStore<T>(path: string, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openSqliteStore({ path });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** The file through SQL alone, as another program or a person would work on it. */
export function withSql<T>(path: string, use: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path);
  try {
    return use(db);
  } finally {
    db.close();
  }
}

export function pragma(db: DatabaseSync, name: string): SQLOutputValue | undefined {
  return db.prepare(`PRAGMA ${name}`).get()?.[name];
}
