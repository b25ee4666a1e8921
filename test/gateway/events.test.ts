import { describe, expect, it } from 'vitest';
import { reject } from '../../src/authority/request-decisions.ts';
import { type House, openHouse, openSecond, SHARED } from '../support/harness.ts';
import { ADMIN_BUNDLE, history, live, pair, READ, wait } from '../support/pairing.ts';
import { newDevice, type RawClient } from '../support/raw-client.ts';

/** A session that may manage devices, and hears of them. */
async function openManager(house: House): Promise<RawClient> {
  const device = newDevice();
  await pair(house, device, ADMIN_BUNDLE);
  return (await live(house, { device, scopes: ADMIN_BUNDLE })).client;
}

/** What it was told so far: everything that was sent before the answer to this call. */
async function heard(
  client: RawClient,
  name: string,
): Promise<{ readonly requestId: string; readonly outcome: string }[]> {
  await client.request('device.pair.list', {});
  return client.frames.flatMap(({ event, payload }) => (event === name ? [payload] : []));
}

describe('what managers hear (PROTOCOL 5.4)', () => {
  it('I8b, #11 of 2b: one event for a request and one for a wider revision, none for an attempt', async () => {
    const house = await openHouse();
    const manager = await openManager(house);
    const device = newDevice();
    for (let attempt = 0; attempt < 5; attempt++) {
      const { client } = await wait(house, { device, scopes: READ });
      await client.end();
    }
    const wider = await wait(house, { device, scopes: ['operator.approvals'] });
    expect(await heard(manager, 'device.pair.requested')).toMatchObject([
      { requestId: wider.requestId.replace('.r2', '.r1'), deviceId: device.id, scopes: READ },
      { requestId: wider.requestId, scopes: ['operator.approvals', ...READ] },
    ]);
  });

  it('I8b: a request that is kept alive is news to nobody', async () => {
    const house = await openHouse({ gateway: { limits: { pingMs: 1e9 } } });
    const manager = await openManager(house);
    const device = newDevice();
    const ask = { device, scopes: READ, mode: 'cli', caps: ['antechamber.wait'] } as const;
    await wait(house, ask);
    const lines = house.audit.length;
    const changes = await heard(manager, 'device.pair.changed');
    for (let turn = 0; turn < 4; turn++) {
      await house.pass(5 * 60_000, 60_000);
      await wait(house, ask);
    }
    expect((await history(house, device.id, 'request.renewed')).length).toBeGreaterThan(2);
    expect(await heard(manager, 'device.pair.changed')).toEqual(changes);
    expect(await heard(manager, 'device.pair.requested')).toHaveLength(1);
    expect(house.audit).toHaveLength(lines);
  });

  it('#9 of 2b, I6: how a request ended is told as it was, an expiry included', async () => {
    const house = await openHouse({ authority: { terms: { lifetimeMs: 3000, longestLifeMs: 3000 } } });
    const manager = await openManager(house);
    const rejected = await wait(house, { device: newDevice(), scopes: READ });
    await reject(house.owner, rejected.requestId);
    const expired = await wait(house, { device: newDevice(), scopes: READ });
    await house.pass(4000);
    expect(await heard(manager, 'device.pair.resolved')).toMatchObject([
      { requestId: rejected.requestId, decision: 'rejected', by: 'store-file owner' },
      { requestId: expired.requestId, decision: 'expired' },
    ]);
  });

  it('who may not manage hears nothing, and a device token hears of its own device only', async () => {
    const house = await openHouse();
    const reader = newDevice();
    await pair(house, reader, READ);
    const weak = await live(house, { device: reader, scopes: READ });
    const own = newDevice();
    const deviceToken = await pair(house, own, ['operator.pairing']);
    const byToken = await live(house, { device: own, scopes: ['operator.pairing'], auth: { deviceToken } });
    await wait(house, { device: newDevice(), scopes: READ });
    const mine = await wait(house, { device: own, scopes: READ, mode: 'node', auth: SHARED });
    expect(await heard(weak.client, 'device.pair.requested')).toEqual([]);
    expect(await heard(byToken.client, 'device.pair.requested')).toMatchObject([
      { requestId: mine.requestId },
    ]);
  });

  it('what two processes do at the same time is told by each of them, whole', async () => {
    const house = await openHouse({ store: 'sqlite' });
    const second = await openSecond(house);
    const manager = await openManager(house);
    for (let round = 0; round < 10; round++) {
      const there = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
      // Settled there, and at once something newer is opened here.
      await reject(second.owner, there.requestId);
      await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
      await manager.until(() =>
        manager.frames.find(
          ({ payload, event }) => event === 'device.pair.resolved' && payload.requestId === there.requestId,
        ),
      );
    }
    expect(await heard(manager, 'device.pair.requested')).toHaveLength(20);
    expect(await heard(manager, 'device.pair.resolved')).toHaveLength(10);
  });
});
