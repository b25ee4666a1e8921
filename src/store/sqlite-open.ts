import { closeSync, existsSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { BLOCKING_WAIT_MS, storeError, toStoreError, whileBusy } from './sqlite-errors.ts';
import { APPLICATION_ID, migrate, refuseNewer, schemaVersion } from './sqlite-schema.ts';

/**
 * Opens the store file, or makes it, and brings it to this program's schema. A file that is not ours, damaged or too
 * new is only ever read: its bytes stay, and no `-wal` or `-shm` file appears beside one that had none.
 *
 * The database is never opened here with `node:fs`, only through SQLite: closing a descriptor drops all POSIX locks
 * that this process holds on the file, those of another opening in this process among them.
 */
export async function openDatabase(
  path: string,
  busyTimeoutMs: number,
): Promise<{ readonly db: DatabaseSync; readonly realPath: string }> {
  try {
    const realPath = createPrivately(path);
    await whileBusy(() => inspect(realPath), busyTimeoutMs);
    const db = new DatabaseSync(realPath, { timeout: BLOCKING_WAIT_MS, enableForeignKeyConstraints: true });
    try {
      await whileBusy(() => claim(db, realPath), busyTimeoutMs);
      await whileBusy(() => configure(db, realPath), busyTimeoutMs);
      await whileBusy(() => migrate(db, realPath), busyTimeoutMs);
      return { db, realPath };
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw toStoreError(error, path);
  }
}

// SQLite gives the -wal and -shm files the mode of the database, so an empty file with mode 0600 decides for all three.
// Modes of what exists already are the owner's choice and are kept.
function createPrivately(path: string): string {
  const absolute = resolve(path);
  mkdirSync(dirname(absolute), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(absolute, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const realPath = realpathSync(absolute);
  if (!statSync(realPath).isFile()) throw storeError('STORE_NOT_WRITABLE', path, 'is not a file');
  return realPath;
}

/** Throws if the file must not be touched. */
function inspect(path: string): void {
  // A crash or another process has left a log: only a real reader sees the database as it stands. It may add the
  // -shm file that belongs to the log.
  if (existsSync(`${path}-wal`)) {
    examine(path, 'with log');
    return;
  }
  try {
    examine(path, 'alone');
  } catch (error) {
    // Another process may have opened the file meanwhile, and then this reading without locks proves nothing.
    if (!existsSync(`${path}-wal`)) throw error;
    examine(path, 'with log');
  }
}

// Without a log `immutable` is right, and the only way to read a WAL database and create no file beside it.
function examine(path: string, how: 'alone' | 'with log'): void {
  const url = pathToFileURL(path);
  if (how === 'alone') url.searchParams.set('immutable', '1');
  else examineOwner(path);
  const db = new DatabaseSync(url, { readOnly: true, timeout: BLOCKING_WAIT_MS });
  try {
    if (pragma(db, 'page_count') === 0) return;
    refuseForeign(db, path);
    refuseNewer(schemaVersion(db), path);
    const verdict = damageOf(db);
    if (verdict !== null) throw storeError('STORE_DAMAGED', path, `is damaged: ${verdict}`);
  } finally {
    db.close();
  }
}

/** A file up to this size is checked whole, which takes about a third of a second. */
const MOST_CHECKED_BYTES = 128 * 1024 * 1024;

/** What SQLite finds wrong; null for nothing. Of a large file only what decides about rights is checked at once: the
 * history may be most of it, and damage there shows in the reading that meets it. */
export function damageOf(db: DatabaseSync, mostBytes = MOST_CHECKED_BYTES): string | null {
  const bytes = Number(pragma(db, 'page_count')) * Number(pragma(db, 'page_size'));
  const tables =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('events', 'sqlite_sequence')";
  const parts =
    bytes <= mostBytes
      ? ['1']
      : db
          .prepare(tables)
          .all()
          .map(({ name }) => `'${String(name)}'`);
  for (const part of parts) {
    const verdict = pragma(db, `quick_check(${part})`, 'quick_check');
    if (verdict !== 'ok') return String(verdict);
  }
  return null;
}

// Whose file it is must be known before a reader with locks may create a -shm file. The id never changes, so reading
// it without locks is right at any time.
function examineOwner(path: string): void {
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  const db = new DatabaseSync(url, { readOnly: true });
  try {
    if (pragma(db, 'page_count') !== 0) refuseForeign(db, path);
  } finally {
    db.close();
  }
}

function refuseForeign(db: DatabaseSync, path: string): void {
  if (pragma(db, 'application_id') === APPLICATION_ID) return;
  throw storeError('STORE_DAMAGED', path, 'is an SQLite database of another program, not a device store');
}

// Before the file becomes a WAL database, so that the id is in the file itself from its first page on: `examine` must
// be able to rely on it whatever happens next. Two processes may be here at once; the lock lets one write it.
function claim(db: DatabaseSync, path: string): void {
  if (pragma(db, 'application_id') === APPLICATION_ID) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    const content = db.prepare('SELECT count(*) AS items FROM sqlite_schema').get();
    if (content?.items !== 0) refuseForeign(db, path);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.exec('COMMIT');
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK');
  }
}

function configure(db: DatabaseSync, path: string): void {
  const mode = pragma(db, 'journal_mode = WAL', 'journal_mode');
  if (mode !== 'wal') {
    const what = `is on a file system that cannot share memory between processes (journal mode ${mode})`;
    throw storeError('STORE_FAILED', path, what);
  }
  // NORMAL: a commit is safe against a crash of the program; WalSync makes it safe against a power cut where asked.
  db.exec('PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF');
  // The limit to which a log that one long reader let grow is cut back, in bytes.
  db.exec('PRAGMA journal_size_limit = 67108864');
}

function pragma(db: DatabaseSync, text: string, column = text): unknown {
  return db.prepare(`PRAGMA ${text}`).get()?.[column];
}
