import { describe, expect, it } from 'vitest';
import { rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { openHouse, SHARED } from '../support/harness.ts';
import { newDevice } from '../support/raw-client.ts';

const READ = ['operator.read'];

describe('a device that must wait, waits', () => {
  it('is parked with nothing of its wish covered, and the approval reaches that same socket', async () => {
    const house = await openHouse();
    const device = newDevice();
    const client = await house.client();
    const id = await client.sendConnect({
      device,
      scopes: READ,
      auth: SHARED,
      mode: 'node',
      clientId: 'gateway-client',
    });
    const pending = await client.event('connect.pending');
    expect(pending.payload.requestId).toMatch(/^[a-z2-7]{16}\.r1$/);
    expect(house.gateway.parked()).toBe(1);
    const done = await approve(house.owner, pending.payload.requestId);
    expect(done.ok).toBe(true);
    const hello = await client.response(id);
    expect(hello.payload.type).toBe('hello-ok');
    expect(hello.payload.auth.scopes).toEqual(READ);
    expect(hello.payload.auth.deviceToken).toMatch(/^atk1_/);
    expect(house.gateway.parked()).toBe(0);
    expect(house.audit).toHaveLength(2);
  });

  it('joins its open request when it comes back, without a line of audit', async () => {
    const house = await openHouse();
    const device = newDevice();
    const ids = new Set<string>();
    for (let attempt = 0; attempt < 10; attempt++) {
      const client = await house.client();
      const id = await client.sendConnect({ device, scopes: READ, auth: SHARED });
      ids.add((await client.event('connect.pending')).payload.requestId);
      await house.pass(2000);
      const refusal = await client.response(id);
      expect(refusal.error.details).toMatchObject({
        recommendedNextStep: 'wait_then_retry',
        pauseReconnect: false,
      });
      expect((await client.closed()).code).toBe(1008);
    }
    expect(ids.size).toBe(1);
    expect(house.audit).toHaveLength(1);
  });

  it('is served with the covered part, then widens in place (I12)', async () => {
    const house = await openHouse();
    const device = newDevice();
    const first = await house.client();
    await first.sendConnect({ device, scopes: READ, auth: SHARED });
    await approve(house.owner, (await first.event('connect.pending')).payload.requestId);
    const { client, answer } = await house.connect({
      device,
      scopes: ['operator.approvals', 'operator.read'],
      auth: SHARED,
      mode: 'backend',
    });
    expect(answer.payload.auth.scopes).toEqual(READ);
    expect(answer.payload.auth.deviceToken).toBeUndefined();
    const list = await house.store.list();
    expect(list).toHaveLength(1);
    const denied = await client.request('device.pair.list', {});
    expect(denied.error.code).toBe('FORBIDDEN');
    expect(denied.error.details.requestId).toMatch(/\.r1$/);
    await approve(house.owner, denied.error.details.requestId);
    const resolved = await client.event('device.upgrade.resolved');
    expect(resolved.payload).toMatchObject({
      outcome: 'approved',
      scopes: ['operator.approvals', 'operator.read'],
    });
  });

  it('is told a rejection as a rejection, and stays quiet (I13)', async () => {
    const house = await openHouse();
    const device = newDevice();
    const client = await house.client();
    const id = await client.sendConnect({ device, scopes: READ, auth: SHARED });
    await reject(house.owner, (await client.event('connect.pending')).payload.requestId);
    const refusal = await client.response(id);
    expect(refusal.error.details).toMatchObject({ outcome: 'rejected' });
    const again = await house.connect({ device, scopes: READ, auth: SHARED });
    expect(again.answer.ok).toBe(false);
    expect(house.audit).toHaveLength(2);
  });

  it('rotation closes live sockets and says so', async () => {
    const house = await openHouse();
    const device = newDevice();
    const client = await house.client();
    const id = await client.sendConnect({ device, scopes: READ, auth: SHARED });
    await approve(house.owner, (await client.event('connect.pending')).payload.requestId);
    await client.response(id);
    await rotate(house.owner, device.id, 'operator', null);
    expect(await client.closed()).toEqual({ code: 4001, reason: 'device token rotated; reconnect' });
  });
});
