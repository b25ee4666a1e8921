import { setTimeout as delay } from 'node:timers/promises';
import { StoreError, type StoreErrorCode } from './store.ts';

/** SQLite's primary result codes (sqlite3.h) that mean something to the one who runs the program. */
const PRIMARY: ReadonlyMap<number, StoreErrorCode> = new Map([
  [3, 'STORE_NOT_WRITABLE'], // PERM
  [5, 'STORE_BUSY'],
  [6, 'STORE_BUSY'], // LOCKED
  [8, 'STORE_NOT_WRITABLE'], // READONLY
  [11, 'STORE_DAMAGED'], // CORRUPT
  [14, 'STORE_NOT_WRITABLE'], // CANTOPEN
  [23, 'STORE_NOT_WRITABLE'], // AUTH
  [26, 'STORE_DAMAGED'], // NOTADB
]);

/** The same of the operating system, for what is done beside SQLite. */
const NOT_WRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'ENOENT', 'ELOOP', 'EEXIST']);

const ADVICE: Readonly<Record<StoreErrorCode, string>> = {
  STORE_DAMAGED:
    'The file was left as it is. Restore a backup, or name another path to start without the devices in this one.',
  STORE_NOT_WRITABLE:
    'Check that the folder exists and that this user may write the folder, the file and its -wal and -shm files.',
  STORE_TOO_NEW: 'Update this program, or name another path.',
  STORE_ILLEGAL_MOVE: 'Nothing was written. This is a bug: please report it.',
  STORE_FAILED: 'Check the free space and the health of the disk, then try again.',
  STORE_BUSY: 'Nothing was written. Find the process that keeps the file locked, then try again.',
  STORE_CLOSED: 'Open it again.',
};

/** An error about the store file at `path`: what is wrong, then what to do. */
export function storeError(code: StoreErrorCode, path: string, what: string, cause?: unknown): StoreError {
  return new StoreError(code, `The store ${path} ${what}. ${ADVICE[code]}`, { cause });
}

/** What SQLite or the operating system reported, as a StoreError; anything else (a bug) stays what it is. */
export function toStoreError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  const resultCode = sqliteCode(error);
  if (resultCode !== undefined) {
    const code = PRIMARY.get(resultCode & 0xff) ?? 'STORE_FAILED';
    return storeError(code, path, `cannot be used: ${error.message} (SQLite ${resultCode})`, error);
  }
  if ('syscall' in error && 'code' in error && typeof error.code === 'string') {
    const code = NOT_WRITABLE.has(error.code) ? 'STORE_NOT_WRITABLE' : 'STORE_FAILED';
    return storeError(code, path, `cannot be used: ${error.message}`, error);
  }
  return error;
}

/** SQLite's extended result code, if the error is one of SQLite's. */
export function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode
    : undefined;
}

/** SQLite waits for a lock by sleeping in the calling thread, which here serves every connection, so it may wait only
 * this long; beyond that `whileBusy` waits without blocking. In milliseconds. */
export const BLOCKING_WAIT_MS = 5;

const RETRY_MS = 5;

/** Runs `step` again while another process holds the lock, for at most `limitMs`; then the error is thrown. */
export async function whileBusy<T>(step: () => T, limitMs: number): Promise<T> {
  const giveUpAt = performance.now() + limitMs;
  for (;;) {
    try {
      return step();
    } catch (error) {
      const busy = PRIMARY.get((sqliteCode(error) ?? 0) & 0xff) === 'STORE_BUSY';
      if (!busy || performance.now() >= giveUpAt) throw error;
    }
    await delay(RETRY_MS);
  }
}
