/** What was lost when a gateway started again, or when two processes wrote at once. */
import { describe, expect, it } from 'vitest';
import { newDevice as newRecord, rowOf } from '../../src/authority/device.ts';
import { rename, revoke } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { type House, openHouse, openSecond } from '../support/harness.ts';
import { ADMIN_BUNDLE, ASKED, grantOf, history, openRequest, pair, READ } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import {
  AFAR,
  CLI,
  comeBack,
  knock,
  LOCAL,
  NODE_HOST,
  OLD_CLI,
  OLD_TOOL,
  ownerHere,
  TOOL,
  visit,
} from './programs.ts';

/** The same gateway, stopped and started again on its folder. */
async function restarted(house: House, options: Parameters<typeof openHouse>[0]): Promise<House> {
  await house.stop();
  return openHouse({ ...options, folder: house.folder, clock: house.clock });
}

describe('a restart', () => {
  it('#21647, 2b.20: after each restart the programs of this computer are let in as before, without pairing', async () => {
    // Each restart ended in "pairing required" on loopback, with scopes of whichever client had been first.
    const options = { ...LOCAL, store: 'sqlite' } as const;
    let house = await openHouse(options);
    const device = newDevice();
    await visit(house, { ...OLD_CLI, device });
    for (let restart = 0; restart < 3; restart++) {
      house = await restarted(house, options);
      expect(await visit(house, { ...OLD_CLI, device })).toMatchObject({ scopes: ADMIN_BUNDLE });
      expect(await visit(house, { ...OLD_TOOL, device, scopes: READ })).toMatchObject({ scopes: READ });
      expect((await visit(house, { ...NODE_HOST, device })).told).toBe('let in');
    }
    expect(await history(house, device.id, ...ASKED)).toEqual([]);
  });

  it('#22866: tokens are the same after it, and so is a request that was open', async () => {
    // Tokens were minted anew, or cleared, in a race at start.
    const options = { store: 'sqlite' } as const;
    const house = await openHouse(options);
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    const ask = { ...TOOL, device, scopes: READ, auth: { deviceToken } };
    const before = await knock(house, { ...ask, scopes: ['operator.approvals'] });
    const again = await restarted(house, options);
    const both = await Promise.all([1, 2, 3, 4].map(() => visit(again, ask)));
    expect(new Set(both.map((one) => one.deviceToken))).toEqual(new Set([deviceToken]));
    const after = await knock(again, { ...ask, scopes: ['operator.approvals'] });
    expect(after.requestId).toBe(before.requestId);
    expect(again.audit).toEqual([]);
  });

  it('#22193, #21236, 2b.20: a record without roles and scopes is an unknown device and not a broken one', async () => {
    // Records of older versions lacked both: `devices list` worked, and everything else was a role upgrade for ever.
    const house = await openHouse({ ...LOCAL, store: 'sqlite' });
    const [here, afar] = [newDevice(), newDevice()];
    for (const { id, publicKey } of [here, afar]) {
      const document = newRecord(id, publicKey, house.clock.now());
      expect(rowOf(document)).toBeNull();
      const event = { role: null, atMs: 1, type: 'device.renamed', requestId: null, detail: {} };
      const next = { document: JSON.parse(JSON.stringify(document)), states: {}, deadlineMs: null };
      await house.store.save({ deviceId: id, expectedRevision: 0, next, events: [event], durable: true });
    }
    expect(await visit(house, { ...OLD_CLI, device: here })).toMatchObject({ scopes: ADMIN_BUNDLE });
    const [first, second] = await Promise.all(
      [1, 2].map(() => knock(house, { ...OLD_CLI, device: afar }, AFAR)),
    );
    expect(first?.requestId).toBe(second?.requestId);
    const owner = await ownerHere(house);
    const { payload } = await owner.request('device.pair.list', {});
    expect(payload.pending).toMatchObject([{ deviceId: afar.id, isRepair: false }]);
    await owner.request('device.pair.approve', { requestId: first?.requestId });
    expect((await second?.answer())?.payload.auth.scopes).toEqual(ADMIN_BUNDLE);
  });
});

describe('two processes on one state', () => {
  it('#132857: approvals of two processes at the same time are all there, and reach the sockets of both', async () => {
    // Each process read the whole file, changed its part and wrote the whole file back.
    const house = await openHouse({ store: 'sqlite' });
    const second = await openSecond(house);
    const devices = Array.from({ length: 12 }, () => newDevice());
    const waiting = await Promise.all(
      devices.map((device) => knock(house, { ...NODE_HOST, role: 'operator', device, scopes: READ })),
    );
    const owners = [house.owner, second.owner];
    await Promise.all(
      waiting.map(({ requestId }, index) => approve(owners[index % 2] ?? house.owner, requestId)),
    );
    for (const { answer } of waiting) expect((await answer()).payload.auth.scopes).toEqual(READ);
    for (const { id } of devices) expect(await grantOf(second, id)).toEqual(READ);
  });

  it('#132857: what one process writes about a device does not undo what the other has just written', async () => {
    const house = await openHouse({ store: 'sqlite' });
    const second = await openSecond(house);
    for (let round = 0; round < 10; round++) {
      const device = newDevice();
      await pair(house, device, READ);
      await knock(house, { ...TOOL, device, scopes: ['operator.approvals'] });
      const open = await openRequest(house, device.id);
      const done = await Promise.all([
        approve(second.owner, `${open?.id}.r1`),
        rename(house.owner, device.id, 'the phone'),
      ]);
      expect(done).toMatchObject([{ ok: true }, { ok: true }]);
      const record = await second.authority.load(device.id);
      expect(record).toMatchObject({ label: 'the phone' });
      expect(await grantOf(house, device.id)).toEqual(['operator.approvals', ...READ]);
    }
  });

  it('I18: two changes right after each other, here and there, leave no session live that lost its rights', async () => {
    const house = await openHouse({ ...LOCAL, store: 'sqlite' });
    const second = await openSecond(house);
    for (const owner of [house.owner, second.owner]) {
      for (let round = 0; round < 5; round++) {
        const device = newDevice();
        await visit(house, { ...CLI, device, scopes: READ });
        const node = await knock(house, { ...NODE_HOST, device });
        await revoke(owner, device.id, 'operator');
        await revoke(owner, device.id, 'node');
        expect((await node.client.closed()).reason).toBe('device role revoked');
        const [back] = await comeBack(house, { ...NODE_HOST, device }, 1);
        expect(back?.told).toBe('refused');
      }
    }
  });
});
