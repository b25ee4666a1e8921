import { describe, expect, it } from 'vitest';
import { remove, revoke } from '../../src/authority/device-decisions.ts';
import { listDevices } from '../../src/authority/listing.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { openHouse, SHARED } from '../support/harness.ts';
import { ASKED, history, live, openRequest, pair, READ, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

const NODE = { role: 'node', mode: 'node', clientId: 'node-host' } as const;
const BOTH = ['operator.approvals', 'operator.read'];

describe('one device as operator and as node', () => {
  it('#37749, #74484: each role has a request of its own; alternating between them changes no id', async () => {
    const house = await openHouse();
    const device = newDevice();
    const ids = new Set<string>();
    for (let round = 0; round < 5; round++) {
      for (const ask of [
        { device, scopes: READ },
        { device, ...NODE },
      ]) {
        const { client, requestId } = await wait(house, ask);
        ids.add(requestId);
        await client.end();
      }
    }
    expect(ids.size).toBe(2);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(2);
  });

  it('I1: approving the node leaves the operator’s request open, and lets only the node in', async () => {
    const house = await openHouse();
    const device = newDevice();
    const operator = await wait(house, { device, scopes: READ, mode: 'node' });
    const node = await wait(house, { device, ...NODE });
    await approve(house.owner, node.requestId);
    const hello = await node.client.response(node.connectId);
    expect(hello.payload.auth).toMatchObject({ role: 'node', scopes: [] });
    expect(operator.client.frames.some(({ type }) => type === 'res')).toBe(false);
    expect(await openRequest(house, device.id)).not.toBeNull();
  });

  it('#25779, #6836: a node is listed where operators look, with its role and its token', async () => {
    const house = await openHouse();
    const device = newDevice();
    const { requestId } = await wait(house, { device, ...NODE });
    const now = house.clock.now();
    expect((await listDevices(house.authority, { now })).pending).toMatchObject([
      { requestId, role: 'node', roles: ['node'], scopes: [] },
    ]);
    await approve(house.owner, requestId);
    expect((await listDevices(house.authority, { now })).paired).toMatchObject([
      { deviceId: device.id, roles: ['node'], tokens: [{ role: 'node', scopes: [] }] },
    ]);
  });

  it('R1b: a node that asks for nothing is not let in unapproved, also where the operator is paired', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client, connectId } = await wait(house, { device, ...NODE });
    await house.pass(12_000);
    expect((await client.response(connectId)).error.details).toMatchObject({ reason: 'role-upgrade' });
  });

  it('#37749: locally, the first pairing of either role is by itself, and a revoked role stays out beside a live one', async () => {
    const house = await openHouse({ gateway: { locality: { local: 'auto' } } });
    const device = newDevice();
    const operator = await live(house, { device, scopes: READ });
    await live(house, { device, ...NODE });
    await revoke(house.owner, device.id, 'node');
    const { answer } = await house.connect({ device, ...NODE, auth: SHARED });
    expect(answer.error.details).toMatchObject({ reason: 'revoked' });
    expect((await operator.client.request('health')).ok).toBe(true);
  });

  it('removal ends both roles’ sockets and requests', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, [], 'node');
    const node = await live(house, { device, ...NODE });
    const operator = await wait(house, { device, scopes: READ, mode: 'node' });
    await remove(house.owner, device.id);
    expect((await node.client.closed()).reason).toBe('device removed');
    expect((await operator.client.response(operator.connectId)).error.details.outcome).toBe('removed');
  });

  it('a token of one role does not open the other', async () => {
    const house = await openHouse();
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    await pair(house, device, [], 'node');
    const { answer } = await house.connect({ device, ...NODE, auth: { deviceToken } });
    expect(answer.error.details.code).toBe('AUTH_DEVICE_TOKEN_MISMATCH');
  });

  it('a node calls no operator’s method, and an operator’s scope is not asked for by a node', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, [], 'node');
    const { client } = await live(house, { device, ...NODE });
    expect((await client.request('device.pair.list', {})).error.message).toBe('unauthorized role: node');
    const { answer } = await house.connect({ device, ...NODE, scopes: BOTH, auth: SHARED });
    expect(answer.error.message).toContain('does not belong to role node');
  });

  it('#36973, #127176: a change of platform asks nobody', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    for (const platform of ['win32', 'windows', 'darwin 24.1']) {
      expect((await live(house, { device, scopes: READ, platform })).hello.auth.scopes).toEqual(READ);
    }
    expect(await openRequest(house, device.id)).toBeNull();
  });
});
