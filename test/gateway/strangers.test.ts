import { describe, expect, it } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { openHouse, SHARED } from '../support/harness.ts';
import { live, openRequest, pair, READ, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

describe('a flood of strangers (I9)', () => {
  it('#76815, #99283: over the limit they are refused and leave nothing, and whoever waits goes on waiting', async () => {
    const house = await openHouse({ authority: { mostStrangers: 5 } });
    const first = newDevice();
    const { client, connectId, requestId } = await wait(house, { device: first, scopes: READ, mode: 'node' });
    for (let stranger = 1; stranger < 5; stranger++) await wait(house, { device: newDevice(), scopes: READ });
    for (let flood = 0; flood < 100; flood++) {
      const { client: refused, answer } = await house.connect({
        device: newDevice(),
        scopes: READ,
        auth: SHARED,
      });
      expect(answer.error.details).toMatchObject({
        code: 'PAIRING_REQUIRED',
        pauseReconnect: false,
        remediationHint: expect.stringContaining('too many unknown devices wait already'),
      });
      await refused.closed();
    }
    expect(await house.store.list()).toHaveLength(5);
    expect(house.audit).toHaveLength(5);
    // Coming back is no new stranger, and neither is a device that an owner knows.
    expect((await wait(house, { device: first, scopes: READ })).requestId).toBe(requestId);
    await approve(house.owner, requestId);
    expect((await client.response(connectId)).ok).toBe(true);
    await wait(house, { device: newDevice(), scopes: READ });
  });

  it('a paired device widens while strangers fill their limit', async () => {
    const house = await openHouse({ authority: { mostStrangers: 1 } });
    const device = newDevice();
    await pair(house, device, READ);
    await wait(house, { device: newDevice(), scopes: READ });
    await wait(house, { device, scopes: ['operator.approvals'] });
    expect(await openRequest(house, device.id)).not.toBeNull();
  });

  it('a device that nobody approves vanishes after its request, all of it but its history', async () => {
    const house = await openHouse();
    const { client } = await wait(house, { device: newDevice(), scopes: READ });
    await client.end();
    await house.pass(16 * 60_000, 60_000);
    expect(await house.store.list()).toEqual([]);
    expect(await house.store.countState('pairingPending')).toBe(0);
  });
});

describe('how many may be parked', () => {
  it('eight of one device and role; the ninth is refused at once, joins, and is let in after the approval', async () => {
    const house = await openHouse();
    const device = newDevice();
    const parked = [];
    for (let socket = 0; socket < 8; socket++)
      parked.push(await wait(house, { device, scopes: READ, mode: 'node' }));
    const { answer } = await house.connect({ device, scopes: READ, mode: 'node', auth: SHARED });
    const [first] = parked;
    expect(answer.error.details).toMatchObject({
      requestId: first?.requestId,
      recommendedNextStep: 'wait_then_retry',
      pauseReconnect: false,
    });
    expect(house.gateway.parked()).toBe(8);
    // The other role of the same device has places of its own.
    await wait(house, { device, role: 'node', mode: 'node' });
    await approve(house.owner, first?.requestId ?? '');
    await Promise.all(parked.map(({ client, connectId }) => client.response(connectId)));
    expect((await live(house, { device, scopes: READ })).hello.auth.scopes).toEqual(READ);
  });

  it('of one address, and in all: over either, a place that becomes free is taken by the next', async () => {
    const house = await openHouse({
      gateway: {
        limits: { parkedPerAddress: 2, parked: 3 },
        locality: { local: 'none', trustedProxies: ['127.0.0.1'] },
      },
    });
    const park = (address: string) =>
      house.client({ 'x-forwarded-for': address }).then(async (client) => {
        const connectId = await client.sendConnect({
          device: newDevice(),
          scopes: READ,
          mode: 'node',
          auth: SHARED,
        });
        const { event } = await client.until(() =>
          client.frames.find((frame) => frame.event === 'connect.pending' || frame.id === connectId),
        );
        return { client, isParked: event === 'connect.pending' };
      });
    const one = await park('203.0.113.1');
    expect([one.isParked, (await park('203.0.113.1')).isParked]).toEqual([true, true]);
    expect((await park('203.0.113.1')).isParked).toBe(false);
    expect((await park('203.0.113.2')).isParked).toBe(true);
    expect((await park('203.0.113.3')).isParked).toBe(false);
    await one.client.end();
    await house.pass(1000);
    expect((await park('203.0.113.3')).isParked).toBe(true);
  });

  it('sockets that prove nothing are refused at the upgrade, per address, and give their place back', async () => {
    const house = await openHouse({
      gateway: {
        limits: { unprovenPerAddress: 3 },
        locality: { local: 'none', trustedProxies: ['127.0.0.1'] },
      },
    });
    const from = { 'x-forwarded-for': '203.0.113.1' };
    const silent = [await house.client(from), await house.client(from), await house.client(from)];
    await expect(house.client(from)).rejects.toThrow('503');
    await expect(house.client({ 'x-forwarded-for': '203.0.113.2' })).resolves.toBeDefined();
    // Who has proved its credentials does not count any more.
    await silent[0]?.sendConnect({ device: newDevice(), scopes: READ, mode: 'node', auth: SHARED });
    await silent[0]?.event('connect.pending');
    await expect(house.client(from)).resolves.toBeDefined();
  });
});
