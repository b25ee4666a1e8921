import type { Store } from '../store/store.ts';

/** What is timed: every write, and the reads that go to the disk. A `load` is answered from memory nearly always, and
 * several are on the way of every connect. */
export type Operation = 'save' | 'saveAll' | 'list' | 'history' | 'due';

/** The same store, which also tells how long each operation took, in seconds; one that failed, too. */
export function timedStore(inner: Store, took: (operation: Operation, seconds: number) => void): Store {
  const timed = async <T>(operation: Operation, run: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    try {
      return await run();
    } finally {
      took(operation, (performance.now() - began) / 1000);
    }
  };
  return {
    id: inner.id,
    load: (deviceId) => inner.load(deviceId),
    save: (change) => timed('save', () => inner.save(change)),
    saveAll: (changes) => timed('saveAll', () => inner.saveAll(changes)),
    list: () => timed('list', () => inner.list()),
    history: (query) => timed('history', () => inner.history(query)),
    due: (nowMs, limit) => timed('due', () => inner.due(nowMs, limit)),
    countState: (state) => inner.countState(state),
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
