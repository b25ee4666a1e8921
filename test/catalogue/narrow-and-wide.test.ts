/** Rights that grew, shrank or came back without anybody having decided it. */
import { describe, expect, it } from 'vitest';
import { autoApprovePolicy } from '../../src/authority/authority.ts';
import { rotate } from '../../src/authority/device-decisions.ts';
import { listDevices } from '../../src/authority/listing.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { openHouse } from '../support/harness.ts';
import { ADMIN_BUNDLE, ASKED, grantOf, history, openRequest, pair, READ, WRITE } from '../support/pairing.ts';
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

const APPROVALS = ['operator.approvals'];
const BOTH = [...APPROVALS, ...READ];

describe('what an approval gives', () => {
  it('#72006, #72007, 2b.7: the wish grows between the list and the approval: what was seen is given, and no more', async () => {
    // Upstream merged the new wish into the pending record, and the approver gave the union unseen.
    const house = await openHouse(LOCAL);
    const device = newDevice();
    const seen = await visit(house, { ...TOOL, device, scopes: READ }, { via: 'a proxy' });
    const owner = await ownerHere(house);
    const shown = (await owner.request('device.pair.list', {})).payload.pending[0];
    expect(shown).toMatchObject({ requestId: seen.requestId, scopes: READ });
    const grown = await knock(house, { ...TOOL, device, scopes: ['operator.admin'] }, { via: 'a proxy' });
    await owner.request('device.pair.approve', { requestId: shown.requestId });
    expect(await grantOf(house, device.id)).toEqual(READ);
    // The wider wish needs a decision of its own, under an id of its own.
    expect(grown.requestId).toBe(seen.requestId.replace('.r1', '.r2'));
    const { pending } = (await owner.request('device.pair.list', {})).payload;
    expect(pending).toMatchObject([{ requestId: grown.requestId, missing: ['operator.admin'] }]);
  });

  it('2b.7: a wish that shrinks to nothing new asks nobody again', async () => {
    // Upstream's replacement kept everything that was ever asked for, also what was approved by then.
    const house = await openHouse();
    const device = newDevice();
    const first = await visit(house, { ...TOOL, device, scopes: BOTH });
    await approve(house.owner, first.requestId);
    const wider = await visit(house, { ...TOOL, device, scopes: [...BOTH, 'operator.pairing'] });
    expect(wider).toMatchObject({ told: 'let in', scopes: BOTH });
    const now = house.clock.now();
    const [row] = (await listDevices(house.authority, { now })).pending;
    expect(row?.missing).toEqual(['operator.pairing']);
    expect(await visit(house, { ...TOOL, device, scopes: READ })).toMatchObject({ told: 'let in' });
    expect(await history(house, device.id, ...ASKED)).toHaveLength(2);
  });

  it('2b.18: one connect with another platform, another role and more scopes opens one request', async () => {
    // Each stage of upstream's handshake judged the record of before the first stage, and could file a request.
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, [], 'node');
    const events = (await history(house, device.id)).length;
    const asked = await knock(house, { ...TOOL, device, scopes: BOTH, platform: 'win32' });
    expect(asked).toMatchObject({ told: 'waits' });
    expect(await history(house, device.id)).toHaveLength(events + 1);
    const { pending } = await listDevices(house.authority, { now: house.clock.now() });
    expect(pending).toMatchObject([{ requestId: asked.requestId, role: 'operator', scopes: BOTH }]);
  });

  it('#72857: a local widening needs the owner by default, and a setting says otherwise; one from afar always does', async () => {
    // On a LAN or a VPS every widening had to be approved by hand, and no documented setting changed that.
    for (const [policy, told] of [
      ['first-pairing', 'waits'],
      ['all', 'let in'],
    ] as const) {
      const house = await openHouse({ ...LOCAL, authority: { autoApprove: autoApprovePolicy(policy) } });
      const device = await pairedHere(house, { ...TOOL, scopes: READ });
      expect((await visit(house, { ...TOOL, device, scopes: APPROVALS })).told).toBe(told);
      const remote = { via: 'a proxy' };
      const afar = await visit(house, { ...TOOL, device, scopes: ['operator.pairing'] }, remote);
      expect(afar.told).toBe('waits');
    }
  });
});

describe('what only an approval gives', () => {
  it('2b.14, GHSA-fqw4-mph7-2vr8: the shared secret gives back nothing of what a rotation took away', async () => {
    // A reconnect by the shared secret minted a token with whatever it asked for inside the old baseline, or beyond.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house);
    await rotate(house.owner, device.id, 'operator', READ);
    expect((await visit(house, { ...TOOL, device, scopes: WRITE })).told).toBe('waits');
    for (const ask of [OLD_CLI, { ...CLI, scopes: ADMIN_BUNDLE }]) {
      expect(await visit(house, { ...ask, device })).toMatchObject({ told: 'let in', scopes: READ });
      expect(await grantOf(house, device.id)).toEqual(READ);
    }
    const mixed = await visit(house, { ...TOOL, device, scopes: BOTH });
    expect(mixed).toMatchObject({ told: 'let in', scopes: READ });
    expect(await openRequest(house, device.id)).not.toBeNull();
  });

  it('GHSA-9hjh-fr4f-gxc4, CVE-2026-35663: a backend that reconnects claims admin, and has what it had', async () => {
    // The scopes that a reconnecting backend client declared were taken over.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house, { ...OLD_TOOL, scopes: READ });
    const scopes = ['operator.admin', ...READ];
    for (let reconnect = 0; reconnect < 3; reconnect++) {
      const backend = await knock(house, { ...OLD_TOOL, device, scopes });
      expect(backend).toMatchObject({ told: 'let in', scopes: READ });
      const { error } = await backend.client.request('device.pair.list', {});
      expect(error.message).toBe('missing scope: operator.pairing');
      await backend.client.end();
    }
    expect(await grantOf(house, device.id)).toEqual(READ);
  });

  it('GHSA-2pwv-x786-56f8, threat "scope escalation by rotate": a rotation stays inside what was approved', async () => {
    // 2026.2.19's rotate wrote the scopes that it was given over the approval baseline, wider ones included.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house, { ...TOOL, scopes: READ });
    const owner = await ownerHere(house);
    for (const scopes of [WRITE, ADMIN_BUNDLE, ['operator.pairing', ...READ]]) {
      const rotation = { deviceId: device.id, role: 'operator', scopes };
      const { error } = await owner.request('device.token.rotate', rotation);
      expect(error).toMatchObject({
        message: 'device token rotation denied',
        details: { reason: 'scope-outside-approved-baseline' },
      });
    }
    expect(await grantOf(house, device.id)).toEqual(READ);
    expect(await visit(house, { ...TOOL, device, scopes: WRITE })).toMatchObject({ told: 'waits' });
  });

  it('GHSA-whf9-3hcx-gq54, CVE-2026-42422: nobody rotates a device into a role that was never approved', async () => {
    // Rotation minted a token for any role that was named.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house);
    const owner = await ownerHere(house);
    const { error } = await owner.request('device.token.rotate', { deviceId: device.id, role: 'node' });
    expect(error.message).toBe('unknown deviceId/role');
    const afar = await visit(house, { ...NODE_HOST, device }, { via: 'a proxy' });
    expect(afar).toMatchObject({ told: 'waits' });
    const { paired } = (await owner.request('device.pair.list', {})).payload;
    expect(paired[0]).toMatchObject({ roles: ['operator'], tokens: [{ role: 'operator' }] });
  });
});
