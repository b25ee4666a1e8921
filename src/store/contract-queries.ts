import assert from 'node:assert/strict';
import { change, counter, device, event, removal, rule, type StoreCheck } from './contract-fixtures.ts';
import type { Store } from './store.ts';

const [a, b, c] = [device('a'), device('b'), device('c')];

/** `list`, `due`, `history`, `head`. */
export const queryChecks: readonly StoreCheck[] = [
  rule('lists all records by device id', async (store, other) => {
    assert.deepEqual(await store.list(), []);
    for (const id of [c, a, b]) await store.save(change(id, 0));
    const listed = await other.list();
    assert.deepEqual(
      listed.map(({ deviceId }) => deviceId),
      [a, b, c],
    );
    assert.deepEqual(listed[1], await store.load(b));
    await store.save(removal(a, 2));
    assert.deepEqual(
      (await other.list()).map(({ deviceId }) => deviceId),
      [b, c],
    );
  }),

  rule('a list is one moment, whatever is written meanwhile', async (store, other) => {
    // `b` follows `a`, so at any one moment it is equal or one behind.
    const follow = async () => {
      const revisions = [0, 0];
      for (let value = 1; value <= 50; value++) {
        for (const [index, id] of [a, b].entries()) {
          const saved = await store.save(counter(id, revisions[index] ?? 0, value));
          assert.ok(saved !== null);
          revisions[index] = saved;
        }
      }
    };
    const lists: Awaited<ReturnType<Store['list']>>[] = [];
    let writing = true;
    const read = async () => {
      while (writing) lists.push(await other.list());
    };
    const reading = read();
    await follow().finally(() => {
      writing = false;
    });
    await reading;
    assert.ok(lists.length > 1, 'there was nothing to compare');
    for (const [first, second] of lists) {
      const behind = Number(first?.document ?? 0) - Number(second?.document ?? 0);
      assert.ok(behind === 0 || behind === 1, `a list shows two moments, ${behind} apart`);
    }
  }),

  rule('tells what is due, the most overdue first', async (store, other) => {
    const at = (id: string, revision: number, deadlineMs: number | null) =>
      store.save(change(id, revision, { next: { document: null, states: {}, deadlineMs } }));
    await at(a, 0, 3_000);
    const ofB = await at(b, 0, 1_000);
    await at(c, 0, 2_000);
    await at(device('d'), 0, null);
    assert.deepEqual(await store.due(999, 10), []);
    assert.deepEqual(await store.due(1_000, 10), [b], 'at the deadline is due');
    assert.deepEqual(await other.due(9_999, 10), [b, c, a]);
    assert.deepEqual(await other.due(9_999, 2), [b, c]);
    assert.deepEqual(await other.due(9_999, 0), []);
    await at(b, ofB ?? -1, null);
    assert.deepEqual(await other.due(9_999, 10), [c, a]);
    await store.save(removal(c, (await store.load(c))?.revision ?? -1));
    assert.deepEqual(await other.due(9_999, 10), [a]);
    await assert.rejects(at(a, 1, 0.5), RangeError);
  }),

  rule('counts the roles in a state', async (store, other) => {
    const at = (id: string, revision: number, states: Record<string, string>) =>
      store.save(change(id, revision, { next: { document: null, states, deadlineMs: null } }));
    assert.equal(await store.countState('pairingPending'), 0);
    const first = await at(a, 0, { operator: 'pairingPending', node: 'pairingPending' });
    const second = await at(b, 0, { operator: 'pairingPending', node: 'paired' });
    assert.equal(await other.countState('pairingPending'), 3);
    assert.equal(await other.countState('paired'), 1);
    await at(a, first ?? -1, { operator: 'paired', node: 'pairingPending' });
    await store.save(removal(b, second ?? -1));
    assert.equal(await other.countState('pairingPending'), 1);
    assert.equal(await other.countState('paired'), 1);
  }),

  rule('keeps every event as it was given, also of a removed device', async (store, other) => {
    const opened = event('request.opened', {
      role: null,
      atMs: 42,
      requestId: 'abcdefgh12345678',
      detail: { scopes: ['operator.read'], by: 'Zoë' },
    });
    const revision = await store.save(change(a, 0, { events: [opened, event('request.approved')] }));
    await store.save(removal(a, revision ?? -1));
    assert.deepEqual(await other.history({}), [
      { ...opened, seq: 1, deviceId: a },
      { ...event('request.approved'), seq: 2, deviceId: a },
      { ...event('device.removed'), seq: 3, deviceId: a },
    ]);
    assert.equal(await other.head(), 3);
  }),

  rule('finds history by device, request and position, and keeps the newest', async (store) => {
    assert.equal(await store.head(), 0);
    const save = (id: string, revision: number, requestId: string | null) =>
      store.save(change(id, revision, { events: [event('request.opened', { requestId })] }));
    await save(a, 0, 'r1');
    await save(b, 0, 'r2');
    await save(a, 1, 'r2');
    await save(a, 3, 'r1');
    await save(b, 2, null);
    const found = async (query: Parameters<Store['history']>[0]) =>
      (await store.history(query)).map(({ seq }) => seq);
    assert.deepEqual(await found({}), [1, 2, 3, 4, 5]);
    assert.deepEqual(await found({ deviceId: a }), [1, 3, 4]);
    assert.deepEqual(await found({ requestId: 'r2' }), [2, 3]);
    assert.deepEqual(await found({ deviceId: a, requestId: 'r1' }), [1, 4]);
    assert.deepEqual(await found({ afterSeq: 3 }), [4, 5]);
    assert.deepEqual(await found({ deviceId: a, afterSeq: 1 }), [3, 4]);
    assert.deepEqual(await found({ limit: 2 }), [4, 5]);
    assert.deepEqual(await found({ deviceId: a, requestId: 'r1', limit: 1 }), [4]);
    assert.deepEqual(await found({ limit: 0 }), []);
    assert.deepEqual(await found({ deviceId: c }), []);
  }),
];
