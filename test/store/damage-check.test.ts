/** The check at the opening is bounded: of a large file, only what decides about rights is looked through. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { damageOf } from '../../src/store/sqlite-open.ts';
import { Folder, pragma, storeFile, withSql } from './folder.ts';

const SMALL_LIMIT = 1;

/** Overwrites the first page of a table. */
function damage(path: string, table: string): void {
  const { page, size } = withSql(path, (db) => {
    const found = db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table);
    return { page: Number(found?.rootpage), size: Number(pragma(db, 'page_size')) };
  });
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(size, 0xff), 0, size, (page - 1) * size);
  closeSync(file);
}

function check(path: string, mostBytes?: number): string | null {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return damageOf(db, mostBytes);
  } finally {
    db.close();
  }
}

describe('the check at the opening', () => {
  it('finds nothing wrong with a whole file, however large it is', async () => {
    using folder = new Folder();
    await storeFile(folder.file(), 50);
    expect(check(folder.file())).toBeNull();
    expect(check(folder.file(), SMALL_LIMIT)).toBeNull();
  });

  it.each(['device', 'authorization', 'store', 'memo'])('finds damage in %s', async (table) => {
    using folder = new Folder();
    await storeFile(folder.file(), 50);
    damage(folder.file(), table);
    expect(check(folder.file())).not.toBeNull();
    expect(check(folder.file(), SMALL_LIMIT)).not.toBeNull();
  });

  it('leaves the history of a large file to whoever reads it', async () => {
    using folder = new Folder();
    await storeFile(folder.file(), 50);
    damage(folder.file(), 'events');
    expect(check(folder.file())).not.toBeNull();
    expect(check(folder.file(), SMALL_LIMIT)).toBeNull();
  });
});
