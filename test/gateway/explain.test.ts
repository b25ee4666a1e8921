import { describe, expect, it } from 'vitest';
import { openHouse } from '../support/harness.ts';
import { live, openRequest, pair, READ, WRITE, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

const MANAGE = ['operator.pairing'];

describe('device.explain and device.at', () => {
  it('change nothing, and tell what then happens', async () => {
    const house = await openHouse();
    const owner = newDevice();
    await pair(house, owner, ['operator.admin']);
    const { client } = await live(house, { device: owner, scopes: ['operator.admin'], mode: 'node' });
    const device = newDevice();
    await pair(house, device, READ);
    const pairedAtMs = house.clock.now();
    house.clock.advance(1000);
    await live(house, { device, scopes: [...READ, ...WRITE], mode: 'node' });
    const headBefore = await house.store.head();
    const told = await client.request('device.explain', { deviceId: device.id });
    expect(told.payload.explanation.roles[0]).toMatchObject({
      state: 'upgradePending',
      grant: READ,
      endings: [
        { by: 'approve', state: 'paired', grant: [...READ, ...WRITE] },
        { by: 'reject', state: 'paired', grant: READ },
        { by: 'expiry', state: 'paired', grant: READ },
      ],
      next: { verdict: 'joined', live: READ, denial: 'PAIRING_REQUIRED' },
    });
    const past = await client.request('device.at', { deviceId: device.id, atMs: pairedAtMs });
    expect(past.payload.past.roles[0]).toMatchObject({ state: 'paired', grant: READ, request: null });
    expect(await house.store.head()).toBe(headBefore);

    // What was said of the end by itself is what happens.
    const request = await openRequest(house, device.id);
    const { atMs } = told.payload.explanation.roles[0].endings[2];
    expect(atMs).toBe(request?.expiresAtMs);
    const nobody = await client.request('device.explain', { deviceId: '0'.repeat(64) });
    expect(nobody.payload).toEqual({ explanation: null });
    const never = await client.request('device.at', { deviceId: '0'.repeat(64), atMs: pairedAtMs });
    expect(never.payload).toEqual({ past: null });
  });

  it('count a request that is past its end as over', async () => {
    const house = await openHouse();
    const owner = newDevice();
    await pair(house, owner, ['operator.admin']);
    const { client } = await live(house, { device: owner, scopes: ['operator.admin'], mode: 'node' });
    const device = newDevice();
    await (await wait(house, { device, scopes: READ, mode: 'node' })).client.end();
    house.clock.advance(16 * 60_000);
    const { payload } = await client.request('device.explain', { deviceId: device.id, scopes: READ });
    expect(payload.explanation.roles[0]).toMatchObject({
      state: 'unpaired',
      request: null,
      endings: [],
      next: { verdict: 'opened', live: [] },
    });
  });

  it('show a device token its own device only', async () => {
    const house = await openHouse();
    const device = newDevice();
    const deviceToken = await pair(house, device, MANAGE);
    const other = newDevice();
    await pair(house, other, READ);
    const { client } = await live(house, { device, scopes: MANAGE, mode: 'node', auth: { deviceToken } });
    expect((await client.request('device.explain', { deviceId: device.id })).ok).toBe(true);
    for (const [method, params] of [
      ['device.explain', { deviceId: other.id }],
      ['device.at', { deviceId: other.id, atMs: 0 }],
    ] as const) {
      const refused = await client.request(method, params);
      expect(refused.ok).toBe(false);
      expect(refused.error.message).toBe('device history denied');
    }
  });
});
