import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteStore } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import { Authority, type AuthorityOptions } from './authority.ts';
import { openKeyRing } from './keys.ts';

/** The database of a state folder. */
export const DATABASE_FILE = 'antechamber.sqlite';

export interface OpenOptions extends Omit<AuthorityOptions, 'store' | 'realm' | 'onDecision'> {
  /** Made if it is missing, for its owner only. Holds the database, the token keys and the mark beside them. */
  readonly folder: string;
  /** What the authority sees of the store that is opened: to time it, say. */
  readonly wrap?: (store: Store) => Store;
}

/** An authority on a state folder. Several processes may have the same one open. */
export interface OpenAuthority {
  readonly authority: Authority;
  /** The database was older than the mark beside the keys: every token of before is superseded, and every decision
   * since that backup is gone, revocations too. */
  readonly restoredFromBackup: boolean;
  /** Writes the mark and closes the store. */
  close(): Promise<void>;
}

/** Opens the database and the key ring of a folder. Rejects with a StoreError, a KeyError or a system error; each
 * says what to do next. */
export async function openAuthority({ folder, wrap, ...options }: OpenOptions): Promise<OpenAuthority> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const opened = await openSqliteStore({ path: join(folder, DATABASE_FILE) });
  const store = wrap?.(opened) ?? opened;
  try {
    const ring = await openKeyRing(folder, store);
    const authority = new Authority({
      ...options,
      store,
      realm: ring.realm,
      onDecision: (seq) => ring.mark(seq),
    });
    return {
      authority,
      restoredFromBackup: ring.restoredFromBackup,
      close: async () => {
        try {
          ring.close();
        } finally {
          await store.close();
        }
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
