import assert from 'node:assert/strict';
import { change, counter, device, event, removal, rule, type StoreCheck } from './contract-fixtures.ts';
import type { ChangeNotice } from './store.ts';

const [a, b, c] = [device('a'), device('b'), device('c')];

/** `saveAll`: all or nothing, in the order given, told once for each device. */
export const togetherChecks: readonly StoreCheck[] = [
  rule('changes that are saved together are all there', async (store, other) => {
    const saved = await store.saveAll([counter(a, 0, 1), counter(b, 0, 2), counter(c, 0, 3)]);
    assert.deepEqual(saved, [1, 2, 3]);
    for (const opening of [store, other]) {
      const rows = await opening.list();
      assert.deepEqual(
        rows.map(({ deviceId, revision, document }) => [deviceId, revision, document]),
        [
          [a, 1, 1],
          [b, 2, 2],
          [c, 3, 3],
        ],
      );
    }
    assert.equal(await other.head(), 3);
  }),

  rule('when one of them comes too late, none is written', async (store, other) => {
    const first = await other.save(counter(b, 0, 1));
    assert.ok(first !== null);
    assert.equal(await store.saveAll([counter(a, 0, 1), counter(b, 0, 2), counter(c, 0, 3)]), null);
    assert.deepEqual(
      (await store.list()).map(({ deviceId, document }) => [deviceId, document]),
      [[b, 1]],
    );
    assert.equal(await store.load(a), undefined);
    assert.equal(await store.head(), first);
  }),

  rule('when one of them is illegal, none is written and none is told', async (store, other) => {
    const heard: ChangeNotice[] = [];
    for (const opening of [store, other]) opening.watch((notice) => heard.push(notice));
    const illegal = change(b, 0, {
      next: { document: 0, states: { operator: 'revokedPending' }, deadlineMs: null },
    });
    const refused = { name: 'StoreError', code: 'STORE_ILLEGAL_MOVE' };
    await assert.rejects(store.saveAll([counter(a, 0, 1), illegal, counter(c, 0, 3)]), refused);
    assert.deepEqual(await store.list(), []);
    assert.deepEqual(await store.history({}), []);
    assert.equal(await store.save(counter(a, 0, 1)), 1);
    assert.deepEqual(
      heard.filter(({ deviceId }) => deviceId !== a),
      [],
    );
  }),

  rule('changes of one device follow one another, each a legal move from the one before', async (store) => {
    const revoked = { document: 'taken away', states: { operator: 'revoked' }, deadlineMs: null };
    const saved = await store.saveAll([
      counter(a, 0, 1),
      change(a, 0, { next: revoked, events: [event('grant.revoked'), event('request.settled')] }),
      counter(b, 0, 2),
    ]);
    assert.deepEqual(saved, [1, 3, 4]);
    assert.deepEqual(await store.load(a), { deviceId: a, revision: 3, ...revoked });
    assert.deepEqual(
      (await store.history({ deviceId: a })).map(({ type }) => type),
      ['request.approved', 'grant.revoked', 'request.settled'],
    );
    const gone = await store.saveAll([removal(b, 4), counter(b, 4, 5)]);
    assert.ok(gone !== null);
    assert.equal((await store.load(b))?.revision, gone[1]);
    await assert.rejects(store.saveAll([counter(c, 0, 1), counter(c, 1, 2)]), RangeError);
    assert.equal(await store.load(c), undefined);
  }),

  rule('they are told once for each device, with its newest event, before saveAll answers', async (store) => {
    const heard: ChangeNotice[] = [];
    store.watch((notice) => heard.push(notice));
    await store.saveAll([counter(a, 0, 1), counter(b, 0, 2), counter(a, 0, 3)]);
    assert.deepEqual(heard, [
      { deviceId: a, seq: 3, foreign: false },
      { deviceId: b, seq: 2, foreign: false },
    ]);
  }),

  rule('many at once are one step, durable or not, and none at all is no step', async (store, other) => {
    assert.deepEqual(await store.saveAll([]), []);
    const ids = Array.from({ length: 200 }, (_, index) => device(`${index}x`));
    const saved = await store.saveAll(ids.map((id, index) => change(id, 0, { durable: index === 100 })));
    assert.equal(new Set(saved).size, 200);
    assert.equal(await other.countState('paired'), 200);
    assert.equal((await other.list()).length, 200);
  }),
];
