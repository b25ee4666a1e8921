import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { attach } from '../../src/gateway/attach.ts';
import { ok } from '../../src/gateway/method.ts';
import { type House, openHouse, SHARED } from '../support/harness.ts';
import { ADMIN_BUNDLE, live, openRequest, pair, READ, wait } from '../support/pairing.ts';
import { newDevice, RawClient } from '../support/raw-client.ts';

const NODE = { role: 'node', mode: 'node', clientId: 'node-host' } as const;
const LOCAL = { gateway: { locality: { local: 'auto' } } } as const;

/** The owner at the gateway's own terminal: shared secret, no device. */
async function owner(house: House, scopes: readonly string[], protocol: 3 | 4 = 4): Promise<RawClient> {
  return (await live(house, { device: null, scopes, protocol })).client;
}

describe('what OpenClaw’s CLIs call', () => {
  it('status: each call of 2026.2.19 and of 2026.9.6 is answered with what their CLIs read', async () => {
    const house = await openHouse(LOCAL);
    const client = await owner(house, READ);
    const { payload: presence } = await client.request('system-presence');
    expect(presence[0]).toMatchObject({ mode: 'gateway', reason: 'self', version: 'test' });
    expect(presence[1]).toMatchObject({ mode: 'cli', roles: ['operator'], scopes: READ, reason: 'connect' });
    expect((await client.request('config.get', {})).payload).toMatchObject({ exists: false, valid: true });
    const channels = await client.request('channels.status', { probe: false, timeoutMs: 8000 });
    expect(channels.payload).toMatchObject({ ts: house.clock.now(), channels: {}, channelAccounts: {} });
    expect(await client.request('last-heartbeat', {})).toMatchObject({ ok: true, payload: null });
    const asked = { includeChannelSummary: false, includeCliProjection: true };
    expect((await client.request('status', asked)).payload).toMatchObject({
      runtimeVersion: 'test',
      heartbeat: { agents: [] },
      sessions: { paths: [], count: 0, recent: [], byAgent: [] },
    });
    expect((await client.request('health', { probe: true })).payload).toMatchObject({ ok: true, agents: [] });
  });

  it('all of them need operator.read, and say so in the words of each generation', async () => {
    const house = await openHouse(LOCAL);
    for (const [protocol, code] of [
      [3, 'INVALID_REQUEST'],
      [4, 'FORBIDDEN'],
    ] as const) {
      const client = await owner(house, ['operator.approvals'], protocol);
      for (const method of [
        'system-presence',
        'config.get',
        'channels.status',
        'last-heartbeat',
        'node.list',
      ]) {
        const { error } = await client.request(method, {});
        expect(error).toMatchObject({ code, message: 'missing scope: operator.read' });
        expect(error.details).toMatchObject({ code: 'MISSING_SCOPE', requiredScopes: READ });
      }
      const pairing = await client.request('node.pair.list', {});
      expect(pairing.error).toMatchObject({ code, message: 'missing scope: operator.pairing' });
    }
  });

  it.each(['logs.tail', 'cron.list', 'sessions.list'])('%s is not of this gateway', async (method) => {
    const house = await openHouse(LOCAL);
    for (const protocol of [3, 4] as const) {
      const client = await owner(house, ADMIN_BUNDLE, protocol);
      const { error } = await client.request(method, {});
      expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: `unknown method: ${method}` });
      expect(error.retryable).toBeUndefined();
      expect(error.details.remediationHint).toContain('features.methods');
    }
  });

  it('features of hello name every method that is there, and no other', async () => {
    const house = await openHouse(LOCAL);
    const { client, hello } = await live(house, { device: null, scopes: ADMIN_BUNDLE });
    const told: readonly string[] = hello.features.methods;
    for (const method of told) {
      const { error } = await client.request(method, {});
      expect(error?.message ?? '', method).not.toContain('unknown method');
    }
    expect(told).toEqual(
      expect.arrayContaining(['health', 'node.pair.approve', 'skills.bins', 'config.get']),
    );
    expect(told).not.toContain('cron.list');
  });
});

describe('an embedder’s gateway', () => {
  const telegram = {
    ts: 1,
    channelOrder: ['telegram'],
    channelLabels: { telegram: 'Telegram' },
    channels: { telegram: {} },
    channelAccounts: {},
    channelDefaultAccountId: {},
  };

  it('answers in its own way what it has', async () => {
    const own = { scope: 'operator.read', handle: () => ok(telegram) } as const;
    const house = await openHouse({ gateway: { ...LOCAL.gateway, methods: { 'channels.status': own } } });
    const client = await owner(house, READ);
    expect((await client.request('channels.status')).payload).toEqual(telegram);
  });

  it('is not said to have no channels and no configuration, and has its nodes', async () => {
    const house = await openHouse();
    await pair(house, newDevice(), [], 'node');
    const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(sockets, 'listening');
    const attached = attach(sockets, { ...LOCAL.gateway, authority: house.authority, runTimers: false });
    onTestFinished(async () => {
      await attached.stop('test over');
      sockets.close();
    });
    const reader = newDevice();
    await pair(house, reader, READ);
    const { port } = sockets.address() as AddressInfo;
    const client = await RawClient.open(`ws://127.0.0.1:${port}`);
    const hello = await client.connect({ device: reader, scopes: READ });
    for (const method of ['channels.status', 'config.get', 'last-heartbeat', 'skills.bins']) {
      expect(hello.payload.features.methods).not.toContain(method);
      expect((await client.request(method, {})).error.message).toBe(`unknown method: ${method}`);
    }
    expect((await client.request('node.list', {})).payload.nodes).toHaveLength(1);
    expect((await client.request('system-presence')).payload[0].mode).toBe('gateway');
  });
});

describe('#6836, #9625, #24998, #22655, #38124: nodes are where operators look for them', () => {
  it('a node that waits is in nodes pending, nodes list and nodes status, and nodes approve lets it in', async () => {
    const house = await openHouse(LOCAL);
    const remote = { 'x-forwarded-for': '192.0.2.7' };
    const device = newDevice();
    const waiting = await house.client(remote);
    const connectId = await waiting.sendConnect({ device, ...NODE, auth: SHARED });
    const { requestId } = (await waiting.event('connect.pending')).payload;
    const client = await owner(house, ADMIN_BUNDLE);
    const { payload } = await client.request('node.pair.list', {});
    expect(payload).toMatchObject({
      paired: [],
      pending: [{ requestId, nodeId: device.id, isRepair: false }],
    });
    // 2026.9's CLI connects with these to approve it.
    expect(payload.pending[0].requiredApproveScopes).toEqual(['operator.pairing', 'operator.admin']);
    expect((await client.request('node.list', {})).payload.nodes).toMatchObject([
      { nodeId: device.id, paired: false, connected: false, pendingRequestId: requestId },
    ]);
    const approved = await client.request('node.pair.approve', { requestId });
    expect(approved.payload).toMatchObject({ requestId, node: { nodeId: device.id, clientId: 'node-host' } });
    expect(JSON.stringify(approved.payload)).not.toContain('oken');
    expect((await waiting.response(connectId)).payload.auth.role).toBe('node');
    const node = { nodeId: device.id, paired: true, connected: true, approvalState: 'approved' };
    expect((await client.request('node.list', {})).payload).toMatchObject({
      ts: house.clock.now(),
      nodes: [node],
    });
    await waiting.end();
    const gone = await client.request('node.list', {});
    expect(gone.payload.nodes).toMatchObject([{ ...node, connected: false }]);
    expect((await client.request('node.pair.list', {})).payload).toMatchObject({
      pending: [],
      paired: [{ nodeId: device.id, connected: false }],
    });
  });

  it('an operator’s device is no node, and its request is not decided as one', async () => {
    const house = await openHouse(LOCAL);
    const device = newDevice();
    const remote = await house.client({ 'x-forwarded-for': '192.0.2.7' });
    await remote.sendConnect({ device, scopes: READ, mode: 'node', auth: SHARED });
    const { requestId } = (await remote.event('connect.pending')).payload;
    const client = await owner(house, ADMIN_BUNDLE);
    expect((await client.request('node.pair.list', {})).payload).toEqual({ pending: [], paired: [] });
    for (const method of ['node.pair.approve', 'node.pair.reject']) {
      const { error } = await client.request(method, { requestId });
      expect(error.message).toBe('unknown requestId');
      expect(error.details.remediationHint).toContain(`openclaw devices approve ${requestId}`);
    }
    expect(await openRequest(house, device.id)).not.toBeNull();
    const none = await client.request('node.pair.approve', { requestId: 'aaaaaaaaaaaaaaaa.r1' });
    expect(none.error.message).toBe('unknown requestId');
    expect((await client.request('node.pair.approve', {})).error.message).toContain(
      'invalid node.pair.approve params',
    );
  });

  it('nodes reject turns the node away, and the second one who decides is told who was first', async () => {
    const house = await openHouse();
    const device = newDevice();
    const { client: node, connectId, requestId } = await wait(house, { device, ...NODE });
    const admin = newDevice();
    await pair(house, admin, ADMIN_BUNDLE);
    const { client } = await live(house, { device: admin, scopes: ADMIN_BUNDLE });
    const rejected = await client.request('node.pair.reject', { requestId });
    expect(rejected.payload).toEqual({ requestId, nodeId: device.id });
    expect((await node.response(connectId)).ok).toBe(false);
    const { error } = await client.request('node.pair.approve', { requestId });
    expect(error).toMatchObject({ details: { code: 'ALREADY_DECIDED', outcome: 'rejected' } });
  });

  it('approving a node needs admin, as it does under the other name', async () => {
    const house = await openHouse(LOCAL);
    const remote = await house.client({ 'x-forwarded-for': '192.0.2.7' });
    await remote.sendConnect({ device: newDevice(), ...NODE, auth: SHARED });
    const { requestId } = (await remote.event('connect.pending')).payload;
    const client = await owner(house, ['operator.pairing']);
    for (const method of ['device.pair.approve', 'node.pair.approve']) {
      const { error } = await client.request(method, { requestId });
      expect(error).toMatchObject({ message: 'device pairing approval denied' });
      expect(error.details).toMatchObject({ missingScope: 'operator.admin' });
    }
  });

  it('who may only read sees paired nodes and no request; a device token alone sees no other device’s', async () => {
    const house = await openHouse();
    const node = newDevice();
    await pair(house, node, [], 'node');
    await wait(house, { device: newDevice(), ...NODE });
    const reader = newDevice();
    await pair(house, reader, READ);
    const { client } = await live(house, { device: reader, scopes: READ });
    const { nodes } = (await client.request('node.list', {})).payload;
    expect(nodes.map((row: { nodeId: string }) => row.nodeId)).toEqual([node.id]);
    const manager = newDevice();
    const deviceToken = await pair(house, manager, ['operator.pairing', 'operator.read']);
    const ask = { device: manager, scopes: ['operator.pairing', 'operator.read'], auth: { deviceToken } };
    const byToken = await live(house, ask);
    expect((await byToken.client.request('node.pair.list', {})).payload).toEqual({ pending: [], paired: [] });
    expect((await byToken.client.request('node.list', {})).payload.nodes).toHaveLength(1);
  });

  it('a revoked node is no node any more', async () => {
    const house = await openHouse(LOCAL);
    const node = newDevice();
    const { client } = await live(house, { device: node, ...NODE });
    const admin = await owner(house, ADMIN_BUNDLE);
    expect((await admin.request('node.list', {})).payload.nodes).toHaveLength(1);
    await admin.request('device.token.revoke', { deviceId: node.id, role: 'node' });
    await client.closed();
    expect((await admin.request('node.list', {})).payload.nodes).toEqual([]);
    expect((await admin.request('node.pair.list', {})).payload.paired).toEqual([]);
  });
});

describe('calls of the other role', () => {
  it('a node host asks for skills.bins and is told that there are none; an operator may not', async () => {
    const house = await openHouse(LOCAL);
    const { client } = await live(house, { device: newDevice(), ...NODE });
    expect((await client.request('skills.bins', {})).payload).toEqual({ bins: [] });
    const operator = await owner(house, ADMIN_BUNDLE);
    expect((await operator.request('skills.bins', {})).error.message).toBe('unauthorized role: operator');
  });

  it.each([
    [3, false],
    [4, true],
  ] as const)('more than ten in a row end a session of protocol %i: %s', async (protocol, isClosed) => {
    const house = await openHouse(LOCAL);
    const { client } = await live(house, { device: newDevice(), ...NODE, protocol });
    const calls = async (times: number): Promise<void> => {
      for (let call = 0; call < times; call++) {
        const { error } = await client.request('node.list', {});
        expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: 'unauthorized role: node' });
      }
    };
    await calls(10);
    // Any other call begins the count anew.
    await client.request('skills.bins', {});
    await calls(11);
    if (isClosed)
      expect(await client.closed()).toEqual({ code: 1008, reason: 'repeated unauthorized calls' });
    else expect((await client.request('skills.bins', {})).ok).toBe(true);
  });
});
