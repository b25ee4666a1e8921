import { closeSync, copyFileSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SourceError } from './source-error.ts';

/** The files that together are an SQLite database; `-shm` is made anew from them. */
const PARTS = ['', '-wal', '-journal'] as const;
const MOST_ATTEMPTS = 100;
const RETRY_MS = 50;
const CHUNK = 1 << 20;

/**
 * Calls `read` with the path of a copy of a database that its gateway may be writing meanwhile, and removes the copy.
 *
 * A reader with SQLite's locks would write into the `-shm` file, and one without them would miss what is in the log. So
 * the files are copied, and then compared with their copies: when all of them are the same still, all of them were at
 * the moment between copying and comparing, and what SQLite recovers from the copy is what a crash at that moment would
 * have left: every transaction that was committed, and no other.
 */
export async function withDatabaseCopy<T>(path: string, read: (copy: string) => T): Promise<T> {
  // Readable by this user only, as what is copied: there are tokens in it.
  const folder = mkdtempSync(join(tmpdir(), 'antechamber-import-'));
  try {
    for (let attempt = 1; ; attempt++) {
      const copy = join(folder, `${attempt}-${basename(path)}`);
      for (const part of PARTS) copyPart(path + part, copy + part);
      if (PARTS.every((part) => isSame(path + part, copy + part))) return read(copy);
      for (const part of PARTS) rmSync(copy + part, { force: true });
      if (attempt === MOST_ATTEMPTS) throw busy(path);
      await delay(RETRY_MS);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function busy(path: string): SourceError {
  const message = `${path} changed each time it was read; stop that gateway for a moment, or try again`;
  return new SourceError('SOURCE_BUSY', message);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function copyPart(from: string, to: string): void {
  try {
    copyFileSync(from, to);
  } catch (error) {
    // A log comes and goes; the database itself was there.
    if (!isMissing(error)) throw error;
  }
}

function openPart(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isSame(left: string, right: string): boolean {
  const files = [openPart(left), openPart(right)] as const;
  try {
    const [one, other] = files;
    if (one === undefined || other === undefined) return one === other;
    const buffers = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)] as const;
    for (;;) {
      const sizes = [readFully(one, buffers[0]), readFully(other, buffers[1])] as const;
      if (sizes[0] !== sizes[1]) return false;
      if (sizes[0] === 0) return true;
      if (!buffers[0].subarray(0, sizes[0]).equals(buffers[1].subarray(0, sizes[0]))) return false;
    }
  } finally {
    for (const file of files) if (file !== undefined) closeSync(file);
  }
}

function readFully(file: number, buffer: Buffer): number {
  let size = 0;
  for (;;) {
    const read = readSync(file, buffer, size, buffer.length - size, null);
    size += read;
    if (read === 0 || size === buffer.length) return size;
  }
}
