/** Programs that share one identity and say different things of themselves, and one program with two identities. */
import { describe, expect, it } from 'vitest';
import { listDevices } from '../../src/authority/listing.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { type House, openHouse } from '../support/harness.ts';
import { ASKED, history, openRequest, pair, READ } from '../support/pairing.ts';
import { type Ask, newDevice } from '../support/raw-client.ts';
import { CLI, knock, LOCAL, NODE_HOST, OLD_CLI, OLD_TOOL, pairedHere, TOOL, visit } from './programs.ts';

const BOTH = ['operator.approvals', 'operator.read'];

/** `deviceFamily` is not signed by 2026.2.19, and is told here by both generations. */
function saying(platform: string, deviceFamily: string): Pick<Ask, 'platform' | 'forge' | 'protocol'> {
  const forge = (params: Record<string, unknown>) => ({
    ...params,
    client: { ...(params.client as object), deviceFamily },
  });
  return { platform, forge, protocol: 3 };
}

function pendingOf(house: House) {
  return listDevices(house.authority, { now: house.clock.now() }).then(({ pending }) => pending);
}

describe('what a device says of itself', () => {
  it('#36973, #56377, #62176, #81442, #87524, #92768: an update of the system asks nobody', async () => {
    // The platform was pinned with its version; each update was a new pairing, with a new id each second or two.
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const versions = ['macos 15.1', 'macos 15.2', 'macos 26.0', 'darwin', 'ubuntu 24.04', 'linux 6.8'];
    for (const platform of versions) {
      const updated = await visit(house, { ...TOOL, device, scopes: READ, platform });
      expect(updated).toMatchObject({ told: 'let in', scopes: READ });
    }
    expect(await pendingOf(house)).toEqual([]);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });

  it('#127176: `win32` without a family and `windows` of family Windows take turns, and neither is asked about', async () => {
    // The command line and the node host of one computer pinned each other's platform away, approval by approval.
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    await pair(house, device, [], 'node');
    const events = (await history(house, device.id)).length;
    for (let turn = 0; turn < 4; turn++) {
      const cli = await visit(house, { ...OLD_TOOL, device, scopes: READ, platform: 'win32' });
      const host = await visit(house, { ...NODE_HOST, device, ...saying('windows', 'Windows') });
      expect([cli.told, host.told]).toEqual(['let in', 'let in']);
    }
    expect(await history(house, device.id)).toHaveLength(events);
  });

  it('#136575, 2b.12: the approval of one program’s wish does not shut out its sibling with another platform', async () => {
    // The approval wrote the asking program's platform and client over the record that both share.
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const sibling = { ...TOOL, device, scopes: READ, platform: 'linux' };
    await visit(house, sibling);
    const asking = await knock(house, { ...CLI, device, scopes: BOTH, platform: 'windows' });
    const open = await openRequest(house, device.id);
    await approve(house.owner, `${open?.id}.r1`);
    await asking.client.event('device.upgrade.resolved');
    expect(await visit(house, sibling)).toMatchObject({ told: 'let in', scopes: READ });
    expect(await visit(house, { ...sibling, scopes: BOTH })).toMatchObject({ scopes: BOTH });
    expect(await pendingOf(house)).toEqual([]);
  });

  it('#135676, 2b.13: new details beside the same scopes are no request for a role and scopes', async () => {
    // A refresh of the metadata was filed as a full pairing of role and scopes.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house);
    const refreshed = {
      ...OLD_CLI,
      device,
      ...saying('darwin', 'iPad'),
      forge: (params: Record<string, unknown>) => ({
        ...params,
        client: { ...(params.client as object), displayName: 'renamed', version: '2026.9.9' },
      }),
    };
    for (const headers of [{}, { via: 'a proxy' }]) {
      expect(await visit(house, refreshed, headers)).toMatchObject({ told: 'let in' });
    }
    expect(await history(house, device.id, ...ASKED)).toEqual([]);
    expect(await pendingOf(house)).toEqual([]);
  });

  it('what an owner is shown stays what was said when that revision was asked for', async () => {
    // Upstream replaces it with every retry: the one who approves sees other details than the one who asked gave.
    const house = await openHouse();
    const device = newDevice();
    const asked = await visit(house, { ...TOOL, device, scopes: READ, platform: 'linux' });
    await visit(house, { ...TOOL, device, scopes: READ, platform: 'the owner’s own laptop' });
    expect(await pendingOf(house)).toMatchObject([{ requestId: asked.requestId, platform: 'linux' }]);
  });
});

describe('a computer whose identity was made anew', () => {
  it('#23445: the new key is one clear request of a new device, and the old device stays as it was', async () => {
    // A mismatch every 30 s against the record of before, and a repair that no list showed.
    const house = await openHouse();
    const before = newDevice();
    const deviceToken = await pair(house, before, READ);
    const after = newDevice();
    const ids = new Set<string>();
    for (let attempt = 0; attempt < 5; attempt++) {
      const ask = { ...TOOL, device: after, scopes: READ };
      ids.add((await visit(house, { ...ask, auth: { token: deviceToken, deviceToken } })).requestId);
      ids.add((await visit(house, ask)).requestId);
      await house.pass(30_000);
    }
    ids.delete('');
    expect(ids.size).toBe(1);
    const [row, ...others] = await pendingOf(house);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ deviceId: after.id, isRepair: false, remoteIp: '127.0.0.1' });
    const old = await visit(house, { ...TOOL, device: before, scopes: READ, auth: { deviceToken } });
    expect(old).toMatchObject({ told: 'let in', scopes: READ });
  });
});
