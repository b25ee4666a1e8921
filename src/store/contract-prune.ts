import assert from 'node:assert/strict';
import { change, device, event, removal, rule, type StoreCheck } from './contract-fixtures.ts';
import type { Pruning, Store } from './store.ts';

const A = device('a');
const B = device('b');
const DAY = 86_400_000;
const OLD = 1_700_000_000_000;
const NEW = OLD + 500 * DAY;
const BEFORE = OLD + 100 * DAY;

/** `count` events of a device, one change each; the revision after them. */
async function happen(
  store: Store,
  deviceId: string,
  revision: number,
  atMs: readonly number[],
): Promise<number> {
  let expected = revision;
  for (const at of atMs) {
    const saved = await store.save(
      change(deviceId, expected, { events: [event('token.rotated', { atMs: at })] }),
    );
    assert.ok(saved !== null);
    expected = saved;
  }
  return expected;
}

async function pruneAll(store: Store, more: Partial<Pruning> = {}): Promise<number> {
  let removed = 0;
  let afterSeq: number | null = 0;
  while (afterSeq !== null) {
    const done = await store.prune({ beforeMs: BEFORE, keep: 1, limit: 2, ...more, afterSeq });
    assert.ok(done.nextSeq === null || done.nextSeq > afterSeq, 'a look goes on from where it ended');
    removed += done.removed;
    afterSeq = done.nextSeq;
  }
  return removed;
}

const seqs = async (store: Store, deviceId?: string): Promise<readonly number[]> =>
  (await store.history(deviceId === undefined ? {} : { deviceId })).map(({ seq }) => seq);

export const pruneChecks: readonly StoreCheck[] = [
  rule('only what is too old is forgotten, and the newest of each device stays', async (store, other) => {
    await happen(store, A, 0, [OLD, OLD + 1, OLD + 2, NEW]);
    await happen(store, B, 0, [OLD, OLD + 1, OLD + 2]);
    const rows = await store.list();
    const head = await store.head();
    // Of A the newest three stay, one of which is new; of B all three.
    assert.equal(await pruneAll(store, { keep: 3 }), 1);
    assert.deepEqual(await seqs(store), [2, 3, 4, 5, 6, 7]);
    assert.equal(await pruneAll(store, { keep: 1 }), 4);
    assert.deepEqual(await seqs(other), [4, 7]);
    assert.deepEqual(await seqs(other, A), [4]);
    assert.deepEqual(await other.history({ afterSeq: 4 }), await store.history({ deviceId: B }));
    assert.equal(await store.head(), head);
    assert.deepEqual(await store.list(), rows);
    assert.equal(await pruneAll(store), 0);
  }),
  rule('of a device without a record nothing that is too old stays', async (store) => {
    const revision = await happen(store, A, 0, [OLD, OLD + 1]);
    await store.save({ ...removal(A, revision), events: [event('device.removed', { atMs: OLD + 2 })] });
    await happen(store, B, 0, [NEW]);
    assert.equal(await pruneAll(store, { keep: 100 }), 3);
    assert.deepEqual(await seqs(store), [4]);
  }),
  rule('the newest event of the store stays, and no position is used again', async (store) => {
    const revision = await happen(store, A, 0, [OLD]);
    await store.save({ ...removal(A, revision), events: [event('device.removed', { atMs: OLD })] });
    assert.equal(await pruneAll(store), 1);
    assert.equal(await store.head(), 2);
    assert.equal(await happen(store, B, 0, [OLD]), 3);
    assert.deepEqual(await seqs(store), [2, 3]);
  }),
  rule('a request is kept whole as long as any of it is not too old', async (store) => {
    const of = (type: string, atMs: number, requestId: string) => event(type, { atMs, requestId });
    let revision = 0;
    for (const [type, atMs, requestId] of [
      ['request.opened', OLD, 'one'],
      ['request.opened', OLD, 'two'],
      ['request.settled', OLD, 'two'],
      ['request.settled', NEW, 'one'],
    ] as const) {
      revision = (await store.save(change(A, revision, { events: [of(type, atMs, requestId)] }))) ?? 0;
    }
    assert.equal(await pruneAll(store), 2);
    const kept = await store.history({ requestId: 'one' });
    assert.deepEqual(
      kept.map(({ type }) => type),
      ['request.opened', 'request.settled'],
    );
    assert.deepEqual(await store.history({ requestId: 'two' }), []);
  }),
  rule('memos go when they need not be kept any more', async (store, other) => {
    await store.setMemo('short', 1, 0, 1000);
    await store.setMemo('long', 2, 0, 2000);
    await store.setMemo('for ever', 3, 0, null);
    assert.equal(await store.pruneMemos(1000), 0);
    assert.equal(await store.pruneMemos(1001), 1);
    assert.equal(await other.memo('short'), undefined);
    assert.equal((await other.memo('long'))?.value, 2);
    assert.equal((await other.memo('for ever'))?.value, 3);
    assert.equal(await store.setMemo('short', 4, 0, null), 1);
  }),
];
