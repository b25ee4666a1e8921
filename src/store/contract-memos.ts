import assert from 'node:assert/strict';
import { rule, type StoreCheck } from './contract-fixtures.ts';

const NAME = 'notice/abcdefghijklmnop';

export const memoChecks: readonly StoreCheck[] = [
  rule('a memo is not there until it is set, and is then read by every opening', async (store, other) => {
    assert.equal(await store.memo(NAME), undefined);
    assert.equal(await store.setMemo(NAME, { told: 1, at: null }, 0, null), 1);
    assert.deepEqual(await store.memo(NAME), { value: { told: 1, at: null }, version: 1 });
    assert.deepEqual(await other.memo(NAME), { value: { told: 1, at: null }, version: 1 });
    assert.equal(await store.memo(`${NAME}2`), undefined);
  }),
  rule('of two who set a memo from one version, one does', async (store, other) => {
    assert.equal(await store.setMemo(NAME, 'first', 0, null), 1);
    assert.equal(await other.setMemo(NAME, 'too late', 0, null), null);
    assert.equal(await other.setMemo(NAME, 'second', 1, 5), 2);
    assert.equal(await store.setMemo(NAME, 'too late', 1, null), null);
    assert.equal(await store.setMemo(NAME, 'from the future', 3, null), null);
    assert.deepEqual(await store.memo(NAME), { value: 'second', version: 2 });
  }),
  rule('a memo is the reader’s own, and nobody who watches is told of it', async (store, other) => {
    const told: unknown[] = [];
    const stops = [store, other].map((one) => one.watch((notice) => told.push(notice)));
    const value = { list: [1] };
    await store.setMemo(NAME, value, 0, null);
    value.list.push(2);
    assert.deepEqual((await store.memo(NAME))?.value, { list: [1] });
    assert.deepEqual((await other.memo(NAME))?.value, { list: [1] });
    assert.equal(await store.head(), 0);
    assert.deepEqual(told, []);
    for (const stop of stops) stop();
  }),
];
