import { describe, expect, it } from 'vitest';
import { type House, openHouse, SHARED } from '../support/harness.ts';
import {
  ADMIN_BUNDLE,
  ASKED,
  grantOf,
  history,
  live,
  openRequest,
  pair,
  READ,
  wait,
} from '../support/pairing.ts';
import { newDevice, type RawClient } from '../support/raw-client.ts';

const LOCAL = { gateway: { locality: { local: 'auto' } } } as const;
const REMOTE = { via: 'a proxy' };
const MANAGE = ['operator.approvals', 'operator.pairing'];

async function approveBy(client: RawClient, requestId: string) {
  return client.request('device.pair.approve', { requestId });
}

describe('no caller that presents a device approves that device’s own widening (I11)', () => {
  it.each(['device token', 'device and shared secret'])(
    '%s, with everything but admin',
    async (credential) => {
      const house = await openHouse();
      const device = newDevice();
      const deviceToken = await pair(house, device, MANAGE);
      const { requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
      const auth = credential === 'device token' ? { deviceToken } : SHARED;
      const { client } = await live(house, { device, scopes: MANAGE, auth });
      const { error } = await approveBy(client, requestId);
      expect(error.message).toBe('device pairing approval denied');
      expect(error.details).toMatchObject({ reason: 'own-widening' });
      expect(error.details.remediationHint).toContain('antechamber devices approve');
      expect(await grantOf(house, device.id)).toEqual(MANAGE);
    },
  );

  it('not even as admin, and not for another role of its own', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, ADMIN_BUNDLE);
    const { requestId } = await wait(house, { device, role: 'node', mode: 'node' });
    const { client } = await live(house, { device, scopes: ADMIN_BUNDLE });
    expect((await approveBy(client, requestId)).error.details.reason).toBe('own-widening');
    expect((await openRequest(house, device.id, 'node'))?.id).toBe(requestId.split('.')[0]);
  });

  it('I4: nor does it widen itself by a rotation inside its ceiling', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, ADMIN_BUNDLE);
    const { client } = await live(house, { device, scopes: ADMIN_BUNDLE });
    const rotation = { deviceId: device.id, role: 'operator' };
    expect((await client.request('device.token.rotate', { ...rotation, scopes: MANAGE })).ok).toBe(true);
    const again = await live(house, { device, scopes: MANAGE });
    const { error } = await again.client.request('device.token.rotate', {
      ...rotation,
      scopes: ADMIN_BUNDLE,
    });
    expect(error.message).toBe('device token rotation denied');
    expect(await grantOf(house, device.id)).toEqual(MANAGE);
  });
});

describe('who else may decide', () => {
  it('#95399, #81555, #118741: the sole device recovers through a local shared secret without a device', async () => {
    const house = await openHouse(LOCAL);
    const device = newDevice();
    await live(house, { device, scopes: ['operator.pairing'] });
    const { client, connectId, requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    const owner = await live(house, { scopes: ['operator.pairing', ...READ] });
    const { payload } = await owner.client.request('device.pair.list', {});
    expect(payload.pending[0]).toMatchObject({ requestId, deviceId: device.id, isRepair: true });
    expect((await approveBy(owner.client, requestId)).ok).toBe(true);
    expect((await client.response(connectId)).payload.auth.scopes).toEqual(READ);
  });

  it('GHSA-rqpp-rjj8-7wv8: a remote peer with the shared secret and no device has no scope, whatever it claims', async () => {
    const house = await openHouse(LOCAL);
    const { client, answer } = await house.connect(
      { device: null, scopes: ['operator.admin'], auth: SHARED },
      REMOTE,
    );
    expect(answer.payload.auth).toEqual({ role: 'operator', scopes: [] });
    expect((await client.request('device.pair.list')).error.message).toBe('missing scope: operator.pairing');
  });

  it('deviceless: none makes a local one as powerless', async () => {
    const house = await openHouse({ gateway: { locality: { local: 'auto' }, deviceless: 'none' } });
    const { hello } = await live(house, { device: null, scopes: ['operator.admin'] });
    expect(hello.auth.scopes).toEqual([]);
  });

  it('GHSA-hf68-49fm-59cq: an approver gives only what it holds; the missing scope is named, and admin gets through', async () => {
    const house = await openHouse();
    const manager = newDevice();
    await pair(house, manager, ADMIN_BUNDLE);
    const device = newDevice();
    const { requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    const weak = await live(house, { device: manager, scopes: ['operator.pairing'] });
    const { error } = await approveBy(weak.client, requestId);
    // The text on which the 2026.9 CLI tries again with admin (Appendix C).
    expect(error.message).toBe('device pairing approval denied');
    expect(error.details).toMatchObject({ code: 'MISSING_SCOPE', missingScope: 'operator.read' });
    expect(await grantOf(house, device.id)).toEqual([]);
    const admin = await live(house, { device: manager, scopes: ['operator.admin'] });
    expect((await approveBy(admin.client, requestId)).ok).toBe(true);
    const approved = await history(house, device.id, 'request.settled');
    expect(approved[0]?.detail).toMatchObject({ by: expect.stringContaining('device-shared-secret') });
  });

  it('#76349: what is judged is the delta that the approval adds, not what the device has already', async () => {
    const house = await openHouse();
    const manager = newDevice();
    await pair(house, manager, ['operator.pairing', ...READ]);
    const device = newDevice();
    await pair(house, device, ['operator.approvals']);
    const { requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    const { client } = await live(house, { device: manager, scopes: ['operator.pairing', ...READ] });
    expect((await approveBy(client, requestId)).ok).toBe(true);
    expect(await grantOf(house, device.id)).toEqual(['operator.approvals', ...READ]);
  });

  it('PROTOCOL 5.5 rule 3: a node is approved by an admin only', async () => {
    const house = await openHouse();
    const manager = newDevice();
    await pair(house, manager, ADMIN_BUNDLE);
    const { requestId, client, connectId } = await wait(house, {
      device: newDevice(),
      role: 'node',
      mode: 'node',
    });
    const weak = await live(house, { device: manager, scopes: MANAGE });
    expect((await approveBy(weak.client, requestId)).error.details.missingScope).toBe('operator.admin');
    const admin = await live(house, { device: manager, scopes: ADMIN_BUNDLE });
    expect((await approveBy(admin.client, requestId)).ok).toBe(true);
    expect((await client.response(connectId)).payload.auth.role).toBe('node');
  });

  it('GHSA-xrq9-jm7v-g9h7, #50626: by device token alone it sees and touches no other device', async () => {
    const house = await openHouse();
    const manager = newDevice();
    const deviceToken = await pair(house, manager, ['operator.pairing', ...READ]);
    const other = newDevice();
    await pair(house, other, READ);
    const stranger = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    const { client } = await live(house, {
      device: manager,
      scopes: ['operator.pairing'],
      auth: { deviceToken },
    });
    const { payload } = await client.request('device.pair.list', {});
    expect(payload.pending).toEqual([]);
    expect(payload.paired.map((row: { deviceId: string }) => row.deviceId)).toEqual([manager.id]);
    const calls = [
      approveBy(client, stranger.requestId),
      client.request('device.pair.reject', { requestId: stranger.requestId }),
      client.request('device.pair.remove', { deviceId: other.id }),
      client.request('device.token.rotate', { deviceId: other.id, role: 'operator' }),
      client.request('device.token.revoke', { deviceId: other.id, role: 'operator' }),
      client.request('device.history', { deviceId: other.id }),
    ];
    for (const { ok, error } of await Promise.all(calls)) {
      expect(ok).toBe(false);
      expect(error.message).toMatch(/denied$/);
    }
    expect(await grantOf(house, other.id)).toEqual(READ);
  });

  it('#17425, #21470: a paired command line that may manage is served, and asks for nothing by coming to approve', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, ['operator.pairing']);
    const { client, hello } = await live(house, { device, scopes: ADMIN_BUNDLE });
    expect(hello.auth.scopes).toEqual(['operator.pairing']);
    expect(await openRequest(house, device.id)).toBeNull();
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
    expect((await client.request('device.pair.list', {})).ok).toBe(true);
  });

  it('#46583: what a serving session lacks names the request that is open and how to approve it', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: [...MANAGE, ...READ], mode: 'node' });
    const { error } = await client.request('device.pair.list', {});
    const open = await openRequest(house, device.id);
    expect(error).toMatchObject({
      code: 'FORBIDDEN',
      message: 'missing scope: operator.pairing',
      details: {
        requestId: `${open?.id}.r1`,
        remediationHint: expect.stringContaining(`approve ${open?.id}.r1`),
      },
    });
  });

  it('a scope that nobody knows is given by nobody, though admin would cover it', async () => {
    const house = await openHouse({ gateway: { locality: { local: 'auto' } } });
    const { client: owner } = await live(house, { scopes: ['operator.admin'] });
    const device = newDevice();
    await live(house, { device, scopes: READ });
    await live(house, { device, scopes: ['operator.admin'], mode: 'node' });
    const requestId = `${(await openRequest(house, device.id))?.id}.r1`;
    const rotation = { deviceId: device.id, role: 'operator' };
    for (const scope of ['operator.time-travel', 'operator.a,b', 'operator.read|x']) {
      const part = await owner.request('device.pair.approve', { requestId, scopes: [scope] });
      expect(part.error?.message).toContain(scope);
    }
    await approveBy(owner, requestId);
    const { error } = await owner.request('device.token.rotate', {
      ...rotation,
      scopes: ['operator.time-travel'],
    });
    expect(error?.message).toContain('operator.time-travel');
    expect(await grantOf(house, device.id)).toEqual(['operator.admin', ...READ]);
  });

  it('#121317: a token is delivered to nobody but its own device', async () => {
    const house: House = await openHouse();
    const device = newDevice();
    const deviceToken = await pair(house, device, ['operator.pairing']);
    const manager = newDevice();
    await pair(house, manager, ADMIN_BUNDLE);
    const params = { deviceId: device.id, role: 'operator' };
    const { client } = await live(house, { device: manager, scopes: ADMIN_BUNDLE });
    const cross = await client.request('device.token.rotate', params);
    expect(cross.payload.tokenDelivery).toBe('withheld-cross-device');
    expect(JSON.stringify(cross)).not.toContain('atk1_');
    const own = await live(house, { device, scopes: ['operator.pairing'], auth: { deviceToken } });
    const { payload } = await own.client.request('device.token.rotate', params);
    expect(payload.tokenDelivery).toBe('in-band');
    expect((await own.client.closed()).reason).toBe('device token rotated; reconnect');
    const next = await live(house, {
      device,
      scopes: ['operator.pairing'],
      auth: { deviceToken: payload.token },
    });
    expect(next.hello.auth.scopes).toEqual(['operator.pairing']);
  });
});
