import { describe, expect, it } from 'vitest';
import { forgive, remove, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { type House, openHouse, SHARED } from '../support/harness.ts';
import { grantOf, live, openRequest, pair, READ, wait } from '../support/pairing.ts';
import { newDevice, type TestDevice } from '../support/raw-client.ts';

const BOTH = ['operator.approvals', 'operator.read'];
const DAY = 24 * 60 * 60_000;

/** A local device: one whose first pairing nobody is asked about. */
async function localHouse(): Promise<House> {
  return openHouse({ gateway: { locality: { local: 'auto' } } });
}

async function expectShutOut(house: House, device: TestDevice): Promise<void> {
  const { answer } = await house.connect({ device, scopes: READ, auth: SHARED });
  expect(answer.ok).toBe(false);
  expect(await grantOf(house, device.id)).toEqual([]);
}

describe('revoked stays revoked (I16)', () => {
  it('#15 of 2b: no shared secret and no local connect brings a revoked role back', async () => {
    const house = await localHouse();
    const device = newDevice();
    const { client, hello } = await live(house, { device, scopes: READ });
    expect(hello.auth.scopes).toEqual(READ);
    await revoke(house.owner, device.id, 'operator');
    expect(await client.closed()).toEqual({ code: 4001, reason: 'device role revoked' });
    await expectShutOut(house, device);
    const { answer } = await house.connect({ device, scopes: READ, auth: SHARED });
    expect(answer.error.details).toMatchObject({ reason: 'revoked', pauseReconnect: true });
    expect(answer.error.message).not.toMatch(/token mismatch/);
  });

  it('through its quiet period, a new request, and the rejection of that', async () => {
    const house = await localHouse();
    const device = newDevice();
    await live(house, { device, scopes: READ });
    await revoke(house.owner, device.id, 'operator');
    await house.pass(DAY, DAY);
    const { requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    await reject(house.owner, requestId);
    await expectShutOut(house, device);
    await house.pass(DAY, DAY);
    await wait(house, { device, scopes: READ });
  });

  it('through the expiry of its request', async () => {
    const house = await localHouse();
    const device = newDevice();
    await live(house, { device, scopes: READ });
    await revoke(house.owner, device.id, 'operator');
    await house.pass(DAY, DAY);
    const { client } = await wait(house, { device, scopes: READ });
    await client.end();
    await house.pass(DAY, DAY);
    expect(await openRequest(house, device.id)).toBeNull();
    const again = await wait(house, { device, scopes: READ });
    expect(again.requestId).toMatch(/\.r1$/);
  });

  it('through a removal: the device that returns is asked about, also a local one', async () => {
    const house = await localHouse();
    const device = newDevice();
    await live(house, { device, scopes: READ });
    await revoke(house.owner, device.id, 'operator');
    await remove(house.owner, device.id);
    await house.pass(DAY, DAY);
    const { requestId, client, connectId } = await wait(house, { device, scopes: READ, mode: 'node' });
    await approve(house.owner, requestId);
    expect((await client.response(connectId)).payload.auth.scopes).toEqual(READ);
  });

  it('removal alone: the token is dead, the sockets end, a local return is asked about', async () => {
    const house = await localHouse();
    const device = newDevice();
    const { client, hello } = await live(house, { device, scopes: READ });
    await remove(house.owner, device.id);
    expect(await client.closed()).toEqual({ code: 4001, reason: 'device removed' });
    const { deviceToken } = hello.auth;
    const { answer } = await house.connect({ device, scopes: READ, auth: { deviceToken } });
    expect(answer.error.details.code).toBe('AUTH_DEVICE_TOKEN_MISMATCH');
    await wait(house, { device, scopes: READ });
  });

  it('an approval afterwards gives exactly what it names, and the old rights are not in reach of a rotation', async () => {
    const house = await openHouse();
    const device = newDevice();
    const token = await pair(house, device, BOTH);
    await revoke(house.owner, device.id, 'operator');
    await forgive(house.owner, device.id);
    const { requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    await approve(house.owner, requestId);
    expect(await grantOf(house, device.id)).toEqual(READ);
    expect(await rotate(house.owner, device.id, 'operator', BOTH)).toMatchObject({
      ok: false,
      denial: { kind: 'beyond-ceiling' },
    });
    // The token of before is dead for good, though the role lives again.
    const { answer } = await house.connect({ device, scopes: READ, auth: { deviceToken: token } });
    expect(answer.error.message).toContain('revoked');
  });

  it('R7: a revocation while an upgrade waits settles it, ends the sockets, and what was asked stays quiet', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const serving = await live(house, { device, scopes: BOTH, mode: 'node' });
    const held = await wait(house, { device, scopes: ['operator.approvals'], mode: 'node' });
    await revoke(house.owner, device.id, 'operator');
    expect((await serving.client.closed()).reason).toBe('device role revoked');
    expect((await held.client.response(held.connectId)).error.details).toMatchObject({ reason: 'revoked' });
    expect(await openRequest(house, device.id)).toBeNull();
    expect(await approve(house.owner, held.requestId)).toMatchObject({
      ok: false,
      denial: { kind: 'already', outcome: 'rejected' },
    });
    await expectShutOut(house, device);
  });

  it('a removal while a first pairing waits is told as removed, not as rejected (I6)', async () => {
    const house = await openHouse();
    const device = newDevice();
    const { client, connectId } = await wait(house, { device, scopes: READ, mode: 'node' });
    await remove(house.owner, device.id);
    expect((await client.response(connectId)).error.details).toMatchObject({
      reason: 'request-ended',
      outcome: 'removed',
    });
  });
});
