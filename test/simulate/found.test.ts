/** What simulated runs found in the product: each as a test of its own, with the seed that showed it first. */
import { describe, expect, it } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { type Store, StoreError } from '../../src/store/store.ts';
import { openHouse, SHARED } from '../support/harness.ts';
import { grantOf, live, READ, WRITE, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

/** The store with some of its calls replaced. */
function withCalls(inside: Store, calls: Partial<Store>): Store {
  const bound = (name: keyof Store): unknown => {
    const member: unknown = calls[name] ?? inside[name];
    return typeof member === 'function' ? member.bind(inside) : member;
  };
  return new Proxy(inside, { get: (_, name) => bound(name as keyof Store) });
}

const ADMIN = { device: null, scopes: ['operator.admin'], auth: SHARED } as const;
const LOCAL = { locality: { local: 'auto' } } as const;

describe('found by simulation', () => {
  it('seed 1: a decision that the disk took and did not confirm is not said to be undecided', async () => {
    const house = await openHouse({
      gateway: LOCAL,
      wrap: (inside) =>
        withCalls(inside, {
          save: async (change) => {
            const saved = await inside.save(change);
            if (change.durable) throw new StoreError('STORE_FAILED', 'the disk did not confirm it');
            return saved;
          },
        }),
    });
    const device = newDevice();
    const ask = { device, scopes: READ, mode: 'node', auth: SHARED } as const;
    const client = await house.client({ 'x-forwarded-for': '203.0.113.9' });
    await client.sendConnect(ask);
    const { payload } = await client.event('connect.pending');
    const { client: owner } = await live(house, ADMIN);
    const { ok, error } = await owner.request('device.pair.approve', { requestId: payload.requestId });
    expect(ok).toBe(false);
    expect(await grantOf(house, device.id)).toEqual(READ);
    expect(error.message).not.toMatch(/nothing was decided/);
    expect(error.retryable).toBe(true);
  });

  it('seed 4: managers hear of each revision once, also when two were written before the first was told', async () => {
    const held = Promise.withResolvers<void>();
    let holds = false;
    const house = await openHouse({
      gateway: LOCAL,
      wrap: (inside) =>
        withCalls(inside, {
          history: async (query) => {
            if (holds && query.afterSeq !== undefined) await held.promise;
            return inside.history(query);
          },
        }),
    });
    const { client: manager } = await live(house, ADMIN);
    const device = newDevice();
    holds = true;
    const afar = { 'x-forwarded-for': '203.0.113.9' };
    for (const scopes of [READ, WRITE]) {
      const client = await house.client(afar);
      await client.sendConnect({ device, scopes, mode: 'node', auth: SHARED });
      await client.event('connect.pending');
    }
    held.resolve();
    const isWord = ({ event }: { readonly event?: string }): boolean =>
      event?.startsWith('device.pair.') === true;
    await manager.until(() => manager.frames.filter(isWord).length >= 2);
    await manager.request('health');
    const told = manager.frames.filter(({ event }) => event === 'device.pair.requested');
    expect(told.map(({ payload }) => payload.revision)).toEqual([2]);
  });

  it('a decision is marked with its own position: what others wrote meanwhile may not outlive a power cut', async () => {
    const marks: number[] = [];
    const saved: (number | null)[] = [];
    let meanwhile: (() => Promise<unknown>) | undefined;
    const house = await openHouse({
      authority: { onDecision: (seq) => marks.push(seq) },
      wrap: (inside) =>
        withCalls(inside, {
          save: async (change) => {
            const revision = await inside.save(change);
            if (!change.durable) return revision;
            saved.push(revision);
            await meanwhile?.();
            return revision;
          },
        }),
    });
    const first = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    meanwhile = () => wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    expect(await approve(house.owner, first.requestId)).toMatchObject({ ok: true });
    expect(await house.store.head()).toBeGreaterThan(saved[0] ?? 0);
    expect(marks).toEqual(saved);
  });
});
