import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Store } from 'antechamber';
import { openSqliteStore } from 'antechamber/store/sqlite';
import { storeContract } from 'antechamber/testing';

/** The SQLite store, which also tells how long a save took. */
export async function openTimedStore(path: string, onSaved: (ms: number) => void): Promise<Store> {
  const inner = await openSqliteStore({ path });
  return {
    id: inner.id,
    load: (deviceId) => inner.load(deviceId),
    save: async (change) => {
      const began = performance.now();
      const revision = await inner.save(change);
      onSaved(performance.now() - began);
      return revision;
    },
    list: () => inner.list(),
    due: (nowMs, limit) => inner.due(nowMs, limit),
    countState: (state) => inner.countState(state),
    history: (query) => inner.history(query),
    head: () => inner.head(),
    epoch: () => inner.epoch(),
    raiseEpoch: (epoch) => inner.raiseEpoch(epoch),
    watch: (listener) => inner.watch(listener),
    close: () => inner.close(),
  };
}

/** Rejects with the first rule that the store breaks. A test runner would make one test of each. */
export async function checkTimedStore(folder: string): Promise<number> {
  let saves = 0;
  for (const { check } of storeContract) {
    // Each rule begins with an empty store, and may open it twice, as two processes would.
    const path = join(folder, `${randomUUID()}.sqlite`);
    await check(() => openTimedStore(path, () => saves++));
  }
  return saves;
}
