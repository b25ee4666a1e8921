import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { change, device } from '../../src/store/contract-fixtures.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { Folder, pragma, storeFile, withSql, withStore } from './folder.ts';

/** Overwrites the file from its third page on, so that its header and its schema still look right. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 2 * 4096);
  writeFileSync(path, bytes);
}

describe('files of the SQLite store', () => {
  it('are readable by their owner only, and so is the folder made for them', async () => {
    using folder = new Folder();
    const path = join(folder.path, 'made', 'for', 'devices.db');
    await withStore(path, async (store) => {
      await store.save(change(device('a'), 0));
      const mode = (file: string) => statSync(file).mode & 0o777;
      expect([path, `${path}-wal`, `${path}-shm`].map(mode)).toEqual([0o600, 0o600, 0o600]);
      expect(mode(join(folder.path, 'made', 'for'))).toBe(0o700);
    });
  });

  it('keep their records and their id when they are opened again', async () => {
    using folder = new Folder();
    await storeFile(folder.file());
    const id = await withStore(folder.file(), async (store) => store.id);
    await withStore(folder.file(), async (store) => {
      expect(store.id).toBe(id);
      expect((await store.load(device('a0')))?.document).toEqual({ name: 'a device' });
    });
    using another = new Folder();
    expect(await withStore(another.file(), async (store) => store.id)).not.toBe(id);
  });

  it('may be a link: the log that is made durable is the one beside the real file', async () => {
    using folder = new Folder();
    mkdirSync(join(folder.path, 'real'));
    await storeFile(join(folder.path, 'real', 'devices.db'));
    symlinkSync(join(folder.path, 'real', 'devices.db'), folder.file());
    await withStore(folder.file(), async (store) => {
      expect(await store.save(change(device('b'), 0, { durable: true }))).toBe(2);
    });
    expect(existsSync(folder.file('devices.db-wal'))).toBe(false);
  });
});

describe('a file that is not a sound store', () => {
  const kinds: readonly { kind: string; make: (path: string) => Promise<void> | void }[] = [
    { kind: 'text', make: (path) => writeFileSync(path, 'my notes\n') },
    { kind: 'noise', make: (path) => writeFileSync(path, Buffer.alloc(20_000, 0x5a)) },
    {
      kind: 'a store with damaged pages',
      make: async (path) => {
        await storeFile(path, 50);
        damage(path);
      },
    },
    {
      kind: 'a store that was cut short',
      make: async (path) => {
        await storeFile(path, 50);
        writeFileSync(path, readFileSync(path).subarray(0, 5 * 4096));
      },
    },
    {
      kind: 'a store whose list of free pages is wrong',
      make: async (path) => {
        await storeFile(path);
        const bytes = readFileSync(path);
        bytes.writeUInt32BE(5, 36);
        writeFileSync(path, bytes);
      },
    },
    {
      kind: 'a database of another program',
      make: (path) =>
        withSql(path, (db) => db.exec('CREATE TABLE notes (text); INSERT INTO notes VALUES (1)')),
    },
    {
      kind: 'a WAL database of another program',
      make: (path) => withSql(path, (db) => db.exec('PRAGMA journal_mode = WAL; CREATE TABLE notes (text)')),
    },
  ];

  it.each(kinds)('is refused and left byte for byte, with nothing beside it: $kind', async ({ make }) => {
    using folder = new Folder();
    await make(folder.file());
    const before = folder.content();
    const opening = openSqliteStore({ path: folder.file() });
    await expect(opening).rejects.toMatchObject({ name: 'StoreError', code: 'STORE_DAMAGED' });
    await expect(opening).rejects.toThrow(folder.file());
    await expect(opening).rejects.toThrow('left as it is');
    expect(folder.content()).toEqual(before);
    expect(Object.keys(before)).toEqual(['devices.db']);
  });

  it('is refused also with a log that a crash left, and neither is changed', async () => {
    using source = new Folder();
    using folder = new Folder();
    await storeFile(source.file(), 200);
    await withStore(source.file(), async (store) => {
      await store.save(change(device('b'), 0));
      // Copied while it is open: this is what a crash leaves.
      for (const name of ['devices.db', 'devices.db-wal']) copyFileSync(source.file(name), folder.file(name));
    });
    damage(folder.file());
    const before = folder.content();
    expect(before['devices.db-wal']?.length).toBeGreaterThan(4096);
    await expect(openSqliteStore({ path: folder.file() })).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
    expect(folder.content()).toMatchObject(before);
  });

  it('is refused while the other program has it open, and that program notices nothing', async () => {
    using folder = new Folder();
    const db = new DatabaseSync(folder.file());
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE notes (text)');
    const before = folder.content();
    await expect(openSqliteStore({ path: folder.file() })).rejects.toThrow('another program');
    expect(folder.content()).toEqual(before);
    db.exec('INSERT INTO notes VALUES (1)');
    db.close();
  });

  it('is refused when a newer program wrote it, and left byte for byte', async () => {
    using folder = new Folder();
    await storeFile(folder.file());
    withSql(folder.file(), (db) => db.exec('PRAGMA user_version = 99'));
    const before = folder.content();
    const opening = openSqliteStore({ path: folder.file() });
    await expect(opening).rejects.toMatchObject({ name: 'StoreError', code: 'STORE_TOO_NEW' });
    await expect(opening).rejects.toThrow('version 99');
    expect(folder.content()).toEqual(before);
  });

  it('is refused when a newer program crashed on it, and its log is left for that program', async () => {
    using source = new Folder();
    using folder = new Folder();
    await storeFile(source.file());
    withSql(source.file(), (db) => {
      db.exec('PRAGMA user_version = 99');
      for (const name of ['devices.db', 'devices.db-wal']) copyFileSync(source.file(name), folder.file(name));
    });
    const before = folder.content();
    await expect(openSqliteStore({ path: folder.file() })).rejects.toMatchObject({ code: 'STORE_TOO_NEW' });
    expect(folder.content()).toMatchObject(before);
  });

  it('is told from a crashed store, whose log is recovered', async () => {
    using source = new Folder();
    using folder = new Folder();
    await withStore(source.file(), async (store) => {
      await store.save(change(device('a'), 0));
      for (const name of ['devices.db', 'devices.db-wal']) copyFileSync(source.file(name), folder.file(name));
    });
    expect(withSql(folder.file('devices.db'), (db) => pragma(db, 'quick_check'))).toBe('ok');
    await withStore(folder.file(), async (store) => {
      expect((await store.load(device('a')))?.revision).toBe(1);
    });
  });
});
