import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The part of a FileHandle that a flush needs. */
export interface SyncTarget {
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Makes committed transactions of a WAL database survive a power cut, off the main thread, many with one fsync.
 *
 * Why an fsync of the `-wal` file from outside SQLite is enough: with `synchronous=NORMAL` a commit is complete when
 * its frames are written to that file, and only the fsync is left out. The frames are in this inode (SQLite deletes
 * the file only when the last connection closes, and ours is open longer than this handle), or a checkpoint has
 * moved them to the database, and it syncs both files before the log may be written from its start again. The frames
 * before them in the log are flushed too, so recovery can walk up to them.
 *
 * Why the handle is safe: closing any descriptor of a file drops all POSIX locks that the process holds on it, but
 * SQLite locks the database and the `-shm` file, never the `-wal` file.
 */
export class WalSync {
  readonly #target: SyncTarget;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failure: unknown;

  constructor(target: SyncTarget) {
    this.#target = target;
  }

  /** `path` is the database, with symbolic links resolved; its `-wal` file must exist. */
  static async open(path: string): Promise<WalSync> {
    // The new files' names must survive a power cut too. Windows can neither do this nor needs it.
    if (process.platform !== 'win32') await syncFolder(dirname(path));
    return new WalSync(await open(`${path}-wal`, 'r+'));
  }

  /** Rejects what may not be promised any more. Once an fsync has failed, the kernel may have dropped the pages and
   * report success for the next one, so the first failure counts until the store is opened again. */
  assertHealthy(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves when everything that was committed before the call is on the disk. An fsync that is already running may
   * have missed the newest commit, so all who come meanwhile share the one after it. */
  flush(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#start();
      });
    return this.#next;
  }

  /** Waits for the flushes that were asked for, then releases the file; no `flush` may follow. */
  async close(): Promise<void> {
    await (this.#next ?? this.#running)?.catch(() => undefined);
    await this.#target.close();
  }

  #start(): Promise<void> {
    const run = this.#sync().finally(() => {
      if (this.#running === run) this.#running = undefined;
    });
    this.#running = run;
    return run;
  }

  async #sync(): Promise<void> {
    this.assertHealthy();
    try {
      await this.#target.datasync();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder: FileHandle = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
