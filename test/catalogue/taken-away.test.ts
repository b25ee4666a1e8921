/** Rights that an owner took away, and that were still there or came back. */
import { describe, expect, it } from 'vitest';
import { remove, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { openHouse } from '../support/harness.ts';
import { ADMIN_BUNDLE, grantOf, pair, READ, WRITE } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import {
  CLI,
  knock,
  LOCAL,
  NODE_HOST,
  OLD_CLI,
  OLD_TOOL,
  ownerHere,
  pairedHere,
  TOOL,
  visit,
} from './programs.ts';

const DAY = 24 * 60 * 60_000;

describe('a role that was revoked', () => {
  it('2b.15: no shared secret on this computer brings it back, in this role or by another one', async () => {
    // The next local connect was a silent role upgrade, and the revocation was undone.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house);
    await revoke(house.owner, device.id, 'operator');
    for (const ask of [OLD_CLI, { ...CLI, scopes: ADMIN_BUNDLE }]) {
      const back = await visit(house, { ...ask, device });
      expect(back).toMatchObject({ told: 'refused', error: { details: { reason: 'revoked' } } });
    }
    // What it never asked for it may ask for, and an owner is asked.
    expect((await visit(house, { ...OLD_TOOL, device, scopes: WRITE })).told).toBe('waits');
    expect((await visit(house, { ...NODE_HOST, device })).told).toBe('waits');
    // After the quiet period it may ask; to be let in it needs the owner.
    await house.pass(DAY, DAY);
    expect((await visit(house, { ...OLD_CLI, device })).told).toBe('waits');
    expect(await grantOf(house, device.id)).toEqual([]);
  });

  it('Unosecur report: no live token, no role: nothing of a revoked device is listed as a role, or works as one', async () => {
    // Records without tokens kept their roles after the revocation.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house, { ...CLI, scopes: READ });
    const { deviceToken = '' } = await visit(house, { ...CLI, device, scopes: READ });
    const node = await knock(house, { ...NODE_HOST, device });
    await revoke(house.owner, device.id, 'operator');
    await revoke(house.owner, device.id, 'node');
    expect((await node.client.closed()).reason).toBe('device role revoked');
    const owner = await ownerHere(house);
    const { paired } = (await owner.request('device.pair.list', {})).payload;
    expect(paired).toMatchObject([{ deviceId: device.id, roles: [], scopes: [], connected: false }]);
    for (const { revokedAtMs } of paired[0].tokens) expect(revokedAtMs).toBe(house.clock.now());
    const used = await visit(house, { ...CLI, device, scopes: READ, auth: { deviceToken } });
    expect(used.error.details.authReason).toBe('device_token_revoked');
  });
});

describe('a device that was removed', () => {
  it('#112475, 2b.20: it recovers: its return is one request, one approval lets it in, with a token that works', async () => {
    // After a removal the device held a token that was called wrong, and had no way back.
    const house = await openHouse();
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    await remove(house.owner, device.id);
    const ask = { ...TOOL, device, scopes: READ };
    const dead = await visit(house, { ...ask, auth: { deviceToken } });
    expect(dead.error.details.code).toBe('AUTH_DEVICE_TOKEN_MISMATCH');
    // The client forgets that token now, and comes with the shared secret.
    const back = await knock(house, ask);
    expect(back.told).toBe('waits');
    await approve(house.owner, back.requestId);
    const { auth } = (await back.answer()).payload;
    expect(await visit(house, { ...ask, auth: { deviceToken: auth.deviceToken } })).toMatchObject({
      told: 'let in',
      scopes: READ,
    });
    expect((await visit(house, { ...ask, auth: { deviceToken } })).told).toBe('refused');
  });
});

describe('sessions that are open when it happens', () => {
  it('threat "stale live sessions": none outlives a revocation, a removal, a narrowing or a change of the secret', async () => {
    // 2026.2.19 looked at rights in `connect` only: what was open stayed open, with all that it had.
    const house = await openHouse(LOCAL);
    const open = async () => {
      const device = await pairedHere(house);
      const { client } = await knock(house, { ...OLD_CLI, device });
      return { device, client };
    };
    const [revoked, removed, rotated, narrowed] = [await open(), await open(), await open(), await open()];
    await revoke(house.owner, revoked.device.id, 'operator');
    await remove(house.owner, removed.device.id);
    await rotate(house.owner, rotated.device.id, 'operator', null);
    await rotate(house.owner, narrowed.device.id, 'operator', READ);
    const ends = [revoked, removed, rotated, narrowed].map(({ client }) => client.closed());
    expect((await Promise.all(ends)).map(({ code, reason }) => `${code} ${reason}`)).toEqual([
      '4001 device role revoked',
      '4001 device removed',
      '4001 device token rotated; reconnect',
      '4001 device token rotated; reconnect',
    ]);
    const { client } = await open();
    house.gateway.setAuth({ mode: 'token', secret: 'another secret' });
    expect(await client.closed()).toEqual({ code: 4001, reason: 'gateway auth changed' });
    expect(house.gateway.sessions()).toEqual([]);
  });

  it('threat "stale live sessions": one that waits is not let in by what it knew before', async () => {
    // Removal left the sockets of the device alone, and its open requests, too.
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, ADMIN_BUNDLE);
    const node = await knock(house, { ...NODE_HOST, device });
    const serving = await knock(house, { ...TOOL, device, scopes: READ });
    await remove(house.owner, device.id);
    expect((await node.answer()).error.details).toMatchObject({ outcome: 'removed' });
    expect((await serving.client.closed()).reason).toBe('device removed');
    expect(house.gateway.parked() + house.gateway.sessions().length).toBe(0);
  });
});
