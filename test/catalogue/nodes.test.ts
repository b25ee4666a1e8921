/** Nodes that were refused where nobody saw it, or let in without what they need. */
import { describe, expect, it } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { openHouse } from '../support/harness.ts';
import { OfficialDevice, OfficialProgram } from '../support/official-client.ts';
import { ADMIN_BUNDLE, ASKED, history, live } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import {
  AFAR,
  comeBack,
  knock,
  LOCAL,
  NODE_HOST,
  OLD_CLI,
  ownerHere,
  pairedHere,
  visit,
} from './programs.ts';

describe('a node that asks', () => {
  it('#6836, #9625, #24998, #22655, #38124, 2b.20: is listed where operators look, and announced to them', async () => {
    // Two stores: the node was refused by the pairing of devices, and `nodes pending` showed the other one.
    const house = await openHouse(LOCAL);
    const owner = await ownerHere(house);
    const device = newDevice();
    const node = await knock(house, { ...NODE_HOST, device }, AFAR);
    const { payload } = await owner.event('device.pair.requested');
    expect(payload).toMatchObject({ requestId: node.requestId, role: 'node', deviceId: device.id });
    const nodes = await owner.request('node.pair.list', {});
    const devices = await owner.request('device.pair.list', {});
    for (const { payload: list } of [nodes, devices]) {
      expect(list.pending).toMatchObject([{ requestId: node.requestId }]);
    }
    await owner.request('node.pair.approve', { requestId: node.requestId });
    expect((await node.answer()).payload.auth.role).toBe('node');
    const { payload: after } = await owner.request('node.list', {});
    expect(after.nodes).toMatchObject([{ nodeId: device.id, paired: true, connected: true }]);
    expect((await owner.request('node.pair.list', {})).payload.pending).toEqual([]);
  });

  it('#82590, 2b.3: a node host is told to come back, is not paused, and needs no restart after its approval', async () => {
    // After PAIRING_REQUIRED the client waits for good; nothing wakes it when it is approved.
    const house = await openHouse();
    const device = new OfficialDevice();
    const host = new OfficialProgram(house.gateway.url, device, {
      mode: 'node',
      clientName: 'node-host',
      role: 'node',
      scopes: [],
    });
    const { requestId } = await host.event('connect.pending');
    await house.pass(12_000);
    expect((await host.error()).details).toMatchObject({ pauseReconnect: false, requestId });
    await host.until(() => host.events.filter(({ event }) => event === 'connect.pending')[1]);
    await approve(house.owner, requestId);
    expect((await host.hello()).auth).toMatchObject({ role: 'node', scopes: [] });
    expect(host.pauses).toEqual([]);
    expect(device.tokens.has('node')).toBe(true);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });
});

describe('a node on the gateway’s own computer', () => {
  it('#25779: let in by itself, it has its role, its token and its place in the list', async () => {
    // It was approved silently, but neither the role nor a token was written to its record.
    const house = await openHouse({ ...LOCAL, store: 'sqlite' });
    const device = newDevice();
    const first = await visit(house, { ...NODE_HOST, device });
    expect(first).toMatchObject({ told: 'let in', deviceToken: expect.stringMatching(/^atk1_/) });
    const owner = await ownerHere(house);
    const { payload } = await owner.request('device.pair.list', {});
    expect(payload.paired).toMatchObject([
      { deviceId: device.id, roles: ['node'], tokens: [{ role: 'node', scopes: [] }] },
    ]);
    const auth = { deviceToken: first.deviceToken ?? '' };
    expect(await visit(house, { ...NODE_HOST, device, auth }, AFAR)).toMatchObject({ told: 'let in' });
  });

  it('#37749: the identity that is paired as operator comes as a node: let in at once, and not once a second', async () => {
    // A new role of a known device was never silent: a request, and a retry each second.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house);
    const [host, ...more] = await comeBack(house, { ...NODE_HOST, device }, 5);
    expect(host).toMatchObject({ told: 'let in' });
    expect(more).toEqual([]);
    expect(await visit(house, { ...OLD_CLI, device })).toMatchObject({ scopes: ADMIN_BUNDLE });
    expect(await history(house, device.id, ...ASKED)).toEqual([]);
  });
});

describe('the token of a node', () => {
  it('#143263: is rotated without scopes or with none, as a doctor recommends, and the node comes back', async () => {
    // Its record held scopes of an operator; the rotation that was recommended for it was always denied.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house);
    const token = (await visit(house, { ...NODE_HOST, device })).deviceToken ?? '';
    const owner = await ownerHere(house);
    for (const scopes of [undefined, []]) {
      const rotation = { deviceId: device.id, role: 'node', scopes };
      const { payload } = await owner.request('device.token.rotate', rotation);
      expect(payload).toMatchObject({ role: 'node', scopes: [] });
    }
    const { error } = await owner.request('device.token.rotate', {
      deviceId: device.id,
      role: 'node',
      scopes: ['operator.read'],
    });
    expect(error.message).toBe('device token rotation denied');
    const { hello } = await live(house, { ...NODE_HOST, device, auth: { deviceToken: token } });
    expect(hello.auth).toMatchObject({ role: 'node', scopes: [] });
  });
});
