import type { Store } from 'antechamber';
import { openSqliteStore } from 'antechamber/store/sqlite';

/** A store of one's own: the SQLite store, which also tells how long a save took, in ms. */
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
    saveAll: (changes) => inner.saveAll(changes),
    list: () => inner.list(),
    due: (nowMs, limit) => inner.due(nowMs, limit),
    countState: (state) => inner.countState(state),
    history: (query) => inner.history(query),
    head: () => inner.head(),
    epoch: () => inner.epoch(),
    raiseEpoch: (epoch) => inner.raiseEpoch(epoch),
    memo: (name) => inner.memo(name),
    setMemo: (name, value, expected, keepUntilMs) => inner.setMemo(name, value, expected, keepUntilMs),
    prune: (pruning) => inner.prune(pruning),
    pruneMemos: (nowMs) => inner.pruneMemos(nowMs),
    watch: (listener) => inner.watch(listener),
    close: () => inner.close(),
  };
}
