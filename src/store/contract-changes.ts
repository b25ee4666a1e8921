import assert from 'node:assert/strict';
import { change, counter, device, event, removal, rule, type StoreCheck } from './contract-fixtures.ts';
import type { Store } from './store.ts';

const a = device('a');

/** `save` and `load`: compare-and-set, atomicity, the guard, isolation. */
export const changeChecks: readonly StoreCheck[] = [
  rule('loads what was saved, in every opening', async (store, other) => {
    const next = {
      document: { text: 'Zoë "x"', list: [1, null, true], deep: { empty: {} } },
      states: { operator: 'paired', node: 'pairingPending' },
      deadlineMs: 1_700_000_000_123,
    };
    assert.equal(await store.load(a), undefined);
    const revision = await store.save(change(a, 0, { next }));
    const expected = { deviceId: a, revision, ...next };
    assert.deepEqual(await store.load(a), expected);
    assert.deepEqual(await other.load(a), expected);
  }),

  rule('the loser of a compare-and-set writes nothing', async (store, other) => {
    const first = await store.save(change(a, 0));
    assert.ok(first !== null);
    const before = [await store.load(a), await store.head()];
    assert.equal(await other.save(counter(a, 0, 1)), null);
    assert.equal(await store.save(counter(a, first + 1, 2)), null);
    assert.equal(await store.save(counter(device('b'), first, 3)), null);
    assert.deepEqual([await store.load(a), await store.head()], before);
    assert.equal((await store.list()).length, 1);
  }),

  rule('a load sees what another opening has just saved', async (store, other) => {
    let revision = 0;
    for (let value = 1; value <= 5; value++) {
      const [writer, reader] = value % 2 ? [store, other] : [other, store];
      const saved = await writer.save(counter(a, revision, value));
      assert.ok(saved !== null, `save ${value} lost against nobody`);
      revision = saved;
      assert.equal((await reader.load(a))?.document, value);
      assert.equal((await writer.load(a))?.document, value);
    }
    assert.ok(await store.save(removal(a, revision)));
    assert.equal(await other.load(a), undefined);
  }),

  rule('the revision is the seq of the last event, and is never used again', async (store) => {
    const first = await store.save(
      change(a, 0, { events: [event('request.opened'), event('request.approved')] }),
    );
    assert.equal(first, 2);
    assert.equal((await store.load(a))?.revision, first);
    const removed = await store.save(removal(a, first));
    assert.ok(removed !== null && removed > first);
    assert.equal(await store.load(a), undefined);
    assert.equal(await store.save(change(a, first)), null, 'a revision from before the removal');
    assert.equal(await store.save(change(a, removed)), null, 'the revision of the removal');
    const again = await store.save(change(a, 0));
    assert.ok(again !== null && again > removed);
    assert.equal((await store.load(a))?.revision, again);
    assert.equal(await store.head(), again);
  }),

  rule('a move that the machine does not have is refused with everything that came with it', refusesIllegal),

  rule('a document is the writer’s no more, and no reader can change it for another', async (store) => {
    const document = { scopes: ['operator.read'] };
    const states = { operator: 'paired' };
    await store.save(change(a, 0, { next: { document, states, deadlineMs: null } }));
    document.scopes.push('operator.admin');
    states.operator = 'revoked';
    const loaded = (await store.load(a))?.document as { scopes: string[] };
    try {
      loaded.scopes.push('operator.write');
    } catch (error) {
      assert.ok(error instanceof TypeError, 'a frozen document is as good');
    }
    const row = await store.load(a);
    assert.deepEqual(row?.document, { scopes: ['operator.read'] });
    assert.deepEqual(row?.states, { operator: 'paired' });
  }),

  rule('of two openings that race, exactly one wins each revision and nothing is lost', races),

  rule('many durable saves at once are all answered and all kept', async (store, other) => {
    const ids = Array.from({ length: 60 }, (_, index) => device(`${index}x`));
    const saves = ids.map((id, index) =>
      (index % 2 ? store : other).save(change(id, 0, { durable: index % 3 !== 0 })),
    );
    const revisions = await Promise.all(saves);
    assert.equal(new Set(revisions).size, 60);
    assert.ok(!revisions.includes(null));
    assert.deepEqual(
      (await other.list()).map(({ deviceId }) => deviceId),
      ids.toSorted(),
    );
  }),

  rule('the epoch only rises, for every opening', async (store, other) => {
    assert.equal(await store.epoch(), 1);
    assert.equal(await other.epoch(), 1);
    assert.equal(await store.raiseEpoch(3), 3);
    assert.equal(await other.epoch(), 3);
    assert.equal(await other.raiseEpoch(2), 3);
    assert.deepEqual((await Promise.all([store.raiseEpoch(7), other.raiseEpoch(9)])).at(1), 9);
    assert.equal(await store.epoch(), 9);
    await assert.rejects(store.raiseEpoch(Number.NaN), RangeError);
    assert.equal(await store.epoch(), 9);
  }),

  rule('all openings have the same id', async (store, other) => {
    assert.ok(store.id.length >= 16, 'the id is part of derived tokens: it must not be guessed or shared');
    assert.equal(store.id, other.id);
  }),

  rule('a save under way when the store is closed is still answered and told', async (store, other) => {
    const heard: number[] = [];
    store.watch(({ seq }) => heard.push(seq));
    const saving = [true, false].map((durable, index) =>
      store.save(change(device(`${index}`), 0, { durable })),
    );
    const closing = store.close();
    const revisions = await Promise.all(saving);
    await closing;
    assert.deepEqual(revisions, [1, 2]);
    assert.deepEqual(heard.toSorted(), [1, 2]);
    assert.equal((await other.list()).length, 2);
  }),

  rule(
    'after close every call rejects with STORE_CLOSED, and the other opening works',
    async (store, other) => {
      await store.close();
      await store.close();
      const closed = { name: 'StoreError', code: 'STORE_CLOSED' };
      await assert.rejects(store.load(a), closed);
      await assert.rejects(store.save(change(a, 0)), closed);
      await assert.rejects(store.saveAll([change(a, 0)]), closed);
      await assert.rejects(store.list(), closed);
      await assert.rejects(store.due(0, 1), closed);
      await assert.rejects(store.countState('paired'), closed);
      await assert.rejects(store.history({}), closed);
      await assert.rejects(store.head(), closed);
      await assert.rejects(store.epoch(), closed);
      await assert.rejects(store.raiseEpoch(2), closed);
      assert.throws(() => store.watch(() => undefined), closed);
      assert.equal(await other.save(change(a, 0)), 1);
    },
  ),
];

async function refusesIllegal(store: Store, other: Store): Promise<void> {
  const row = (states: Record<string, string>) => ({ document: 'new', states, deadlineMs: null });
  const illegal = { name: 'StoreError', code: 'STORE_ILLEGAL_MOVE' };
  const revoked = change(a, 0, { next: row({ operator: 'revoked' }) });
  await assert.rejects(store.save(revoked), illegal, 'unpaired -> revoked, without a record');
  assert.equal(await store.head(), 0);

  const first = await store.save(change(a, 0));
  assert.ok(first !== null);
  const before = await store.load(a);
  // Each is legal for the first role and not for the second, so a store that writes as it goes is found out.
  for (const states of [
    { node: 'paired', operator: 'pairingPending' },
    { node: 'paired', operator: 'revokedPending' },
    { node: 'revoked', operator: 'revoked' },
    { node: 'nonsense', operator: 'paired' },
  ]) {
    const events = [event('request.opened'), event('request.approved')] as const;
    await assert.rejects(store.save(change(a, first, { next: row(states), events })), illegal);
  }
  assert.deepEqual(await store.load(a), before);
  assert.deepEqual(await other.load(a), before);
  assert.equal(await store.head(), first);
  assert.equal((await store.history({})).length, 1);

  // The store is not stuck, and a stale step is lost, not illegal.
  assert.equal(await store.save(change(a, 0, { next: row({ operator: 'pairingPending' }) })), null);
  const second = await store.save(change(a, first, { next: row({ operator: 'revoked' }) }));
  assert.ok(second !== null);
  const back = change(a, second, { next: row({ operator: 'paired' }) });
  await assert.rejects(store.save(back), illegal, 'revoked -> paired');
  assert.deepEqual((await store.load(a))?.states, { operator: 'revoked' });
}

async function races(store: Store, other: Store): Promise<void> {
  const won: number[] = [];
  for (let round = 0; round < 100; round++) {
    const rows = await Promise.all([store.load(a), other.load(a)]);
    const saves = [store, other].map((opening, index) =>
      opening.save(counter(a, rows[index]?.revision ?? 0, Number(rows[index]?.document ?? 0) + 1)),
    );
    const winners = (await Promise.all(saves)).filter((revision) => revision !== null);
    assert.equal(winners.length, 1, `round ${round}: ${winners.length} winners`);
    won.push(...winners);
  }
  assert.deepEqual(
    won,
    won.toSorted((x, y) => x - y),
  );
  assert.equal(new Set(won).size, 100);
  assert.equal((await store.load(a))?.document, 100);
  const history = await other.history({ deviceId: a });
  assert.deepEqual(
    history.map(({ seq }) => seq),
    won,
  );
}
