/** What was lost when a gateway started again, or when two processes wrote at once. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rename, revoke } from '../../src/authority/device-decisions.ts';
import { importAll } from '../../src/authority/importing.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { readOpenclaw } from '../../src/import/openclaw.ts';
import { openGatedHouse } from '../support/gated-store.ts';
import { type House, openHouse, openSecond, temporaryFolder } from '../support/harness.ts';
import { ADMIN_BUNDLE, ASKED, grantOf, history, openRequest, pair, READ } from '../support/pairing.ts';
import { newDevice, type TestDevice } from '../support/raw-client.ts';
import { AFAR, CLI, comeBack, knock, LOCAL, NODE_HOST, OLD_CLI, OLD_TOOL, TOOL, visit } from './programs.ts';

type OldTokens = Readonly<Record<string, object>> | undefined;

/** `devices/paired.json` as it was before roles and scopes were in it. */
function writeOldDevices(folder: string, devices: readonly (readonly [TestDevice, OldTokens])[]): void {
  const records = devices.map(([{ id, publicKey }, tokens]) => [
    id,
    { deviceId: id, publicKey, clientId: 'cli', ...(tokens && { tokens }), createdAtMs: 1, approvedAtMs: 1 },
  ]);
  writeFileSync(join(folder, 'paired.json'), JSON.stringify(Object.fromEntries(records)));
}

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

  it('#22193, #21236, 2b.20: records of before an update, without roles and scopes, are devices like any other', async () => {
    // After it, each connect of such a device was a role upgrade; only the command that read the files worked.
    const house = await openHouse({ ...LOCAL, store: 'sqlite' });
    const [kept, bare] = [newDevice(), newDevice()];
    const token = randomBytes(32).toString('base64url');
    const files = temporaryFolder();
    writeOldDevices(files, [
      [kept, { operator: { token, role: 'operator', scopes: ADMIN_BUNDLE } }],
      [bare, undefined],
    ]);
    const { list, damage } = await readOpenclaw(files, house.clock.now());
    expect(damage).toEqual([]);
    await importAll(house.owner, list);
    const cli = await visit(house, { ...OLD_CLI, device: kept }, AFAR);
    expect(cli).toMatchObject({ told: 'let in', scopes: ADMIN_BUNDLE });
    expect(await visit(house, { ...OLD_TOOL, device: kept, scopes: READ })).toMatchObject({ scopes: READ });
    // One that names nothing at all is a device that nobody has approved yet: one clear request.
    const asked = await comeBack(house, { ...OLD_CLI, device: bare }, 1);
    expect(asked).toMatchObject([{ told: 'let in', scopes: ADMIN_BUNDLE }]);
    expect(await history(house, kept.id, ...ASKED)).toEqual([]);
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

  it('#132857: what one process has read does not undo what the other has written since', async () => {
    // An approval was gone when the other process wrote the file that it had read before.
    const { house, gates } = await openGatedHouse({ store: 'sqlite' });
    const second = await openSecond(house);
    const device = newDevice();
    await pair(house, device, READ);
    const asking = await knock(house, { ...TOOL, device, scopes: ['operator.approvals'] });
    const gate = gates.hold('after-load', device.id);
    const naming = rename(house.owner, device.id, 'the phone');
    await gate.reached;
    expect(await approve(second.owner, asking.requestId)).toMatchObject({ ok: true });
    gate.release();
    expect(await naming).toMatchObject({ ok: true });
    expect((await asking.answer()).payload.auth.scopes).toEqual(['operator.approvals']);
    expect(await second.authority.load(device.id)).toMatchObject({ label: 'the phone' });
    expect(await grantOf(second, device.id)).toEqual(['operator.approvals', ...READ]);
    expect(await openRequest(second, device.id)).toBeNull();
  });

  it('I18: two changes right after each other, here and there, leave no session live that lost its rights', async () => {
    // A session that had just read the first change missed the second, and lived on with a revoked role.
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
