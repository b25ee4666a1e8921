import { chmodSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { change, counter, device } from '../../src/store/contract-fixtures.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { toStoreError } from '../../src/store/sqlite-errors.ts';
import { Folder, storeFile, withSql, withStore } from './folder.ts';

const a = device('a');

// Permissions do not bind root, so root becomes `nobody` for the length of one attempt; anybody else already is bound.
async function asOrdinaryUser<T>(attempt: () => Promise<T>): Promise<T> {
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65534);
  try {
    return await attempt();
  } finally {
    if (root) process.seteuid?.(0);
  }
}

describe('a place that cannot be written', () => {
  const refused = { name: 'StoreError', code: 'STORE_NOT_WRITABLE' };

  it('is a folder without permission', async () => {
    using folder = new Folder();
    chmodSync(folder.path, 0o555);
    const opening = asOrdinaryUser(() => openSqliteStore({ path: folder.file() }));
    await expect(opening).rejects.toMatchObject(refused);
    await expect(opening).rejects.toThrow(folder.file());
    expect(folder.content()).toEqual({});
  });

  it('is a store that may only be read', async () => {
    using folder = new Folder();
    await storeFile(folder.file());
    chmodSync(folder.file(), 0o444);
    chmodSync(folder.path, 0o555);
    const before = folder.content();
    const opening = asOrdinaryUser(() => openSqliteStore({ path: folder.file() }));
    await expect(opening).rejects.toMatchObject(refused);
    expect(folder.content()).toEqual(before);
  });

  it('is below something that is not a folder', async () => {
    using folder = new Folder();
    writeFileSync(folder.file('notes'), 'text');
    const opening = openSqliteStore({ path: join(folder.file('notes'), 'devices.db') });
    await expect(opening).rejects.toMatchObject(refused);
  });

  it('is a folder itself', async () => {
    using folder = new Folder();
    await expect(openSqliteStore({ path: folder.path })).rejects.toMatchObject(refused);
  });
});

describe('a lock that another process holds', () => {
  it('delays a save without blocking the process', async () => {
    using folder = new Folder();
    await withStore(folder.file(), async (store) => {
      const other = new DatabaseSync(folder.file());
      other.exec('BEGIN IMMEDIATE');
      let answered = false;
      const saving = store.save(change(a, 0)).finally(() => {
        answered = true;
      });
      for (let turns = 0; turns < 3; turns++) await turn();
      expect(answered).toBe(false);
      expect(await store.load(a), 'reading goes on').toBeUndefined();
      other.exec('ROLLBACK');
      other.close();
      expect(await saving).toBe(1);
    });
  });

  it('ends in STORE_BUSY after the timeout, and nothing was written', async () => {
    using folder = new Folder();
    const store = await openSqliteStore({ path: folder.file(), busyTimeoutMs: 20 });
    const other = new DatabaseSync(folder.file());
    other.exec('BEGIN IMMEDIATE');
    await expect(store.save(change(a, 0))).rejects.toMatchObject({ name: 'StoreError', code: 'STORE_BUSY' });
    other.exec('ROLLBACK');
    other.close();
    expect(await store.head()).toBe(0);
    expect(await store.save(change(a, 0))).toBe(1);
    await store.close();
  });

  it('does not keep a closed store waiting', async () => {
    using folder = new Folder();
    const store = await openSqliteStore({ path: folder.file() });
    const other = new DatabaseSync(folder.file());
    other.exec('BEGIN IMMEDIATE');
    const saving = store.save(change(a, 0));
    const closing = store.close();
    await expect(saving).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await closing;
    other.close();
  });
});

describe('a disk that fails', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('is STORE_FAILED when it is full', () => {
    using folder = new Folder();
    withSql(folder.file(), (db) => {
      db.exec('CREATE TABLE t (x); PRAGMA max_page_count = 2');
      let error: unknown;
      try {
        db.prepare('INSERT INTO t VALUES (zeroblob(100000))').run();
      } catch (caught) {
        error = toStoreError(caught, folder.file());
      }
      expect(error).toMatchObject({ name: 'StoreError', code: 'STORE_FAILED', cause: { errcode: 13 } });
    });
  });

  it('leaves an error that is a bug as it is', () => {
    const bug = new TypeError('x is undefined');
    expect(toStoreError(bug, '/devices.db')).toBe(bug);
  });

  it('confirms durable saves only, and many with few calls', async () => {
    using folder = new Folder();
    await withStore(folder.file(), async (store) => {
      const datasync = await spyOnDatasync();
      await store.save(change(a, 0));
      expect(datasync).not.toHaveBeenCalled();
      await store.save(counter(a, 1, 1));
      const ids = Array.from({ length: 50 }, (_, index) => device(`b${index}`));
      await Promise.all(ids.map((id) => store.save(change(id, 0, { durable: true }))));
      expect(datasync.mock.calls.length).toBeGreaterThanOrEqual(1);
      expect(datasync.mock.calls.length).toBeLessThanOrEqual(2);
      await store.raiseEpoch(2);
      expect(datasync.mock.calls.length).toBeLessThanOrEqual(3);
      expect(datasync.mock.calls.length).toBeGreaterThanOrEqual(2);
    });
  });

  it('that did not confirm once is trusted with no further durable save', async () => {
    using folder = new Folder();
    await withStore(folder.file(), async (store) => {
      const heard: number[] = [];
      store.watch(({ seq }) => heard.push(seq));
      const datasync = await spyOnDatasync();
      datasync.mockRejectedValueOnce(
        Object.assign(new Error('EIO: i/o error'), { code: 'EIO', syscall: 'fdatasync' }),
      );
      const failed = { name: 'StoreError', code: 'STORE_FAILED' };
      await expect(store.save(change(a, 0, { durable: true }))).rejects.toMatchObject(failed);
      expect(heard, 'it is committed, so it is told').toEqual([1]);
      await expect(store.save(change(a, 1, { durable: true }))).rejects.toMatchObject(failed);
      expect(await store.head(), 'the second was refused before it was written').toBe(1);
      await expect(store.raiseEpoch(2)).rejects.toMatchObject(failed);
      expect(await store.epoch()).toBe(1);
      expect(await store.save(counter(a, 1, 1))).toBe(2);
    });
  });
});

/** The class of file handles is not exported, so it is taken from one. */
async function spyOnDatasync() {
  const handle = await open('/dev/null', 'r');
  await handle.close();
  return vi.spyOn(Object.getPrototypeOf(handle) as { datasync: () => Promise<void> }, 'datasync');
}
