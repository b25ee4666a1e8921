import assert from 'node:assert/strict';
import { change, counter, device, nextNotice, removal, rule, type StoreCheck } from './contract-fixtures.ts';
import type { ChangeNotice } from './store.ts';

const [a, b] = [device('a'), device('b')];

/** `watch`. Foreign notices are awaited, never timed: how fast they come is for the adapter's own tests. */
export const feedChecks: readonly StoreCheck[] = [
  rule('tells own changes before save answers, durable or not', async (store) => {
    const heard: ChangeNotice[] = [];
    store.watch((notice) => heard.push(notice));
    const first = await store.save(change(a, 0));
    assert.deepEqual(heard.splice(0), [{ deviceId: a, seq: first, foreign: false }]);
    const second = await store.save(change(a, first ?? -1, { durable: true }));
    assert.deepEqual(heard.splice(0), [{ deviceId: a, seq: second, foreign: false }]);
    const third = await store.save(removal(a, second ?? -1));
    assert.deepEqual(heard.splice(0), [{ deviceId: a, seq: third, foreign: false }]);
    assert.equal(await store.save(change(a, 1)), null);
    await assert.rejects(
      store.save(change(a, 0, { next: { document: 0, states: { node: 'x' }, deadlineMs: null } })),
    );
    assert.deepEqual(heard, [], 'a notice of something that did not happen');
  }),

  rule('what was told can be loaded', async (store, other) => {
    const foreign = nextNotice(other, (notice) => notice.deviceId === a).then(() => other.load(a));
    const own = nextNotice(store, (notice) => notice.deviceId === a).then(() => store.load(a));
    await store.save(counter(a, 0, 5));
    assert.equal((await own)?.document, 5);
    assert.equal((await foreign)?.document, 5);
  }),

  rule('tells the changes of another opening', async (store, other) => {
    const told = nextNotice(store, () => true);
    const revision = await other.save(change(a, 0));
    assert.deepEqual(await told, { deviceId: a, seq: revision, foreign: true });
    const gone = nextNotice(store, (notice) => notice.seq > (revision ?? -1));
    const removed = await other.save(removal(a, revision ?? -1));
    assert.deepEqual(await gone, { deviceId: a, seq: removed, foreign: true });
  }),

  rule('misses no foreign change among own ones', async (store, other) => {
    const foreign = (id: string) => (notice: ChangeNotice) => notice.foreign && notice.deviceId === id;
    const told = [a, b].map((id) => nextNotice(store, foreign(id)));
    // Foreign, own, foreign, own: own commits must not move the reader past what it has not seen.
    const first = await other.save(change(a, 0));
    const second = await store.save(change(a, first ?? -1));
    await other.save(change(b, 0));
    await store.save(change(a, second ?? -1));
    assert.deepEqual(
      (await Promise.all(told)).map(({ deviceId }) => deviceId),
      [a, b],
    );
  }),

  rule('a listener that throws disturbs neither save nor the others', async (store) => {
    const heard: string[] = [];
    store.watch(() => heard.push('before'));
    store.watch(() => {
      throw new Error('thrown on purpose by the store contract');
    });
    store.watch(() => heard.push('after'));
    assert.equal(await store.save(change(a, 0)), 1);
    assert.deepEqual(heard, ['before', 'after']);
    assert.equal(await store.save(counter(a, 1, 1)), 2);
  }),

  rule('a listener that ended hears nothing more', async (store, other) => {
    const heard: string[] = [];
    const listener = () => heard.push('twice added');
    const stop = store.watch(listener);
    const stopAgain = store.watch(listener);
    const kept: number[] = [];
    store.watch(({ seq }) => kept.push(seq));
    await store.save(change(a, 0));
    assert.equal(heard.length, 2);
    stop();
    stop();
    await store.save(counter(a, 1, 1));
    assert.equal(heard.length, 3);
    stopAgain();
    await store.save(counter(a, 2, 2));
    assert.equal(heard.length, 3);
    assert.deepEqual(kept, [1, 2, 3]);
    // Watching can begin again, and still sees the others.
    const told = nextNotice(store, ({ foreign }) => foreign);
    await other.save(change(b, 0));
    assert.equal((await told).deviceId, b);
  }),
];
