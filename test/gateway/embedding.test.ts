import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import {
  type Access,
  type Attached,
  type AttachOptions,
  Authority,
  approve,
  attach,
  memoryStore,
  ok,
  openKeyRing,
  refused,
  revoke,
} from '../../src/index.ts';
import { TestClock } from '../support/clock.ts';
import { OWNER, SECRET, SHARED, temporaryFolder } from '../support/harness.ts';
import { READ } from '../support/pairing.ts';
import { type Ask, newDevice, RawClient } from '../support/raw-client.ts';

/** A host of an embedder: its own HTTP server, its own `ws` server, and what it was called back with. */
interface Host {
  readonly attached: Attached;
  readonly authority: Authority;
  readonly clock: TestClock;
  readonly calls: string[];
  /** Resolves when so many callbacks have come. */
  called(times: number): Promise<void>;
  readonly asked: Access[];
  readonly log: string[];
  readonly owner: Parameters<typeof approve>[0];
  connect(ask: Ask): Promise<{ client: RawClient; id: string }>;
}

async function openHost(
  options: Partial<AttachOptions> & { readonly autoApprove?: (access: Access) => boolean } = {},
): Promise<Host> {
  const store = memoryStore();
  const clock = new TestClock();
  const { realm } = await openKeyRing(temporaryFolder(), store);
  const asked: Access[] = [];
  const autoApprove = (access: Access): boolean => {
    asked.push(access);
    return options.autoApprove?.(access) ?? false;
  };
  const authority = new Authority({ store, realm, clock, autoApprove });
  const http = createServer();
  const sockets = new WebSocketServer({ server: http, path: '/gateway' });
  const calls: string[] = [];
  const log: string[] = [];
  let wake = Promise.withResolvers<void>();
  const note = (name: string) => (session: LiveSession) => {
    calls.push(`${name} ${session.deviceId.slice(0, 4)} ${session.scopes.join(',')}`);
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const attached = attach(sockets, {
    authority,
    auth: { mode: 'token', secret: SECRET },
    runTimers: false,
    onAuthorized: note('authorized'),
    onScopesChanged: note('changed'),
    onEnded: note('ended'),
    log: {
      info: (message) => log.push(message),
      warn: (message) => log.push(message),
      error: (_, message) => log.push(message),
    },
    ...options,
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(async () => {
    await attached.stop('test over');
    http.closeAllConnections();
    http.close();
  });
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/gateway`;
  return {
    attached,
    authority,
    clock,
    calls,
    called: async (times) => {
      while (calls.length < times) await wake.promise;
    },
    asked,
    log,
    owner: { authority, caller: OWNER, origin: {} },
    connect: async (ask) => {
      const client = await RawClient.open(url);
      onTestFinished(() => client.socket.terminate());
      return { client, id: await client.sendConnect({ auth: SHARED, ...ask }) };
    },
  };
}

type LiveSession = Parameters<NonNullable<AttachOptions['onEnded']>>[0];

const BOTH = ['operator.approvals', 'operator.read'];

describe('attach() on a ws server of one’s own', () => {
  it('calls back once when a session is let in, when its scopes change, and when it ends', async () => {
    const host = await openHost();
    const device = newDevice();
    const short = device.id.slice(0, 4);
    const { client, id } = await host.connect({ device, scopes: READ, mode: 'node' });
    const { requestId } = (await client.event('connect.pending')).payload;
    expect(host.calls).toEqual([]);
    await approve(host.owner, requestId);
    await client.response(id);
    expect(host.calls).toEqual([`authorized ${short} operator.read`]);
    expect(host.attached.sessions()).toHaveLength(1);
    const wider = await host.connect({ device, scopes: BOTH, mode: 'node' });
    await wider.client.response(wider.id);
    const asked = await wider.client.request('device.pair.list', {});
    await approve(host.owner, asked.error.details.requestId);
    await wider.client.event('device.upgrade.resolved');
    expect(host.calls.slice(1)).toEqual([
      `authorized ${short} operator.read`,
      `changed ${short} operator.approvals,operator.read`,
    ]);
    // A change of the record that changes nothing for a session is not told to it.
    expect(host.calls.filter((call) => call.startsWith('changed'))).toHaveLength(1);
    await revoke(host.owner, device.id, 'operator');
    await Promise.all([client.closed(), wider.client.closed(), host.called(5)]);
    expect(host.calls.slice(3).map((call) => call.split(' ')[0])).toEqual(['ended', 'ended']);
    expect(host.attached.sessions()).toEqual([]);
  });

  it('calls nothing back for a connection that was never let in, and survives a callback that throws', async () => {
    const host = await openHost({
      locality: { local: 'auto' },
      onAuthorized: () => {
        throw new Error('of the embedder');
      },
    });
    const waiting = await host.connect({ device: newDevice(), scopes: READ, mode: 'node' });
    await waiting.client.event('connect.pending');
    await waiting.client.end();
    const refusedOne = await host.connect({ device: newDevice(), scopes: READ, auth: { token: 'wrong' } });
    await refusedOne.client.closed();
    expect(host.calls).toEqual([]);
    const { client, id } = await host.connect({ device: null, scopes: READ });
    expect((await client.response(id)).ok).toBe(true);
    expect(host.log).toContain('onAuthorized threw');
    expect((await client.request('health')).ok).toBe(true);
  });

  it('checks credentials in the embedder’s way, late answers included', async () => {
    const host = await openHost({
      authenticate: async (connect, request) => {
        await Promise.resolve();
        const isKnown = connect.auth.password === 'of the host' && request.url === '/gateway';
        return isKnown ? { ok: true, credential: 'embedder' } : { ok: false, problem: 'embedder-refused' };
      },
    });
    const wrong = await host.connect({ device: newDevice(), scopes: READ });
    const { error } = await wrong.client.response(wrong.id);
    expect(error).toMatchObject({ message: 'unauthorized', details: { code: 'AUTH_UNAUTHORIZED' } });
    const right = await host.connect({
      device: newDevice(),
      scopes: READ,
      auth: { password: 'of the host' },
    });
    await right.client.event('connect.pending');
    expect(host.asked.at(-1)?.origin.auth).toBe('embedder');
  });

  it('an embedder’s check that fails decides nothing, and nobody hears why but its log', async () => {
    const host = await openHost({
      authenticate: () => Promise.reject(new Error('ldap is down: secret detail')),
    });
    const { client, id } = await host.connect({ device: newDevice(), scopes: READ });
    const close = await client.closed();
    expect(client.frames.find((frame) => frame.id === id)?.error).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
    });
    expect(close.code).toBe(1013);
    expect(JSON.stringify(client.frames)).not.toContain('secret detail');
    expect(host.log).toContain('a connection could not be handled');
  });

  it('knows the embedder’s scopes, and gives its methods only to who holds them', async () => {
    const host = await openHost({
      scopes: { operator: ['operator.robots'], node: ['node.camera'] },
      methods: {
        'robots.move': {
          scope: 'operator.robots',
          handle: ({ params, session }) => ok({ params, by: session.deviceId }),
        },
        'robots.fail': { scope: null, handle: () => Promise.reject(new Error('secret detail')) },
        'robots.refuse': { scope: null, handle: () => refused('no robot here', { code: 'NO_ROBOT' }) },
        'robots.node': { scope: 'node.camera', role: 'node', handle: () => ok('click') },
      },
      events: ['robots.moved'],
    });
    const device = newDevice();
    const { client, id } = await host.connect({ device, scopes: ['operator.robots'], mode: 'node' });
    await approve(host.owner, (await client.event('connect.pending')).payload.requestId);
    const { payload } = await client.response(id);
    expect(payload.auth.scopes).toEqual(['operator.robots']);
    expect(payload.features.methods).toContain('robots.move');
    expect(payload.features.events).toContain('robots.moved');
    expect((await client.request('robots.move', { to: 'x' })).payload).toEqual({
      params: { to: 'x' },
      by: device.id,
    });
    expect((await client.request('robots.node')).error.message).toBe('unauthorized role: operator');
    expect((await client.request('robots.refuse')).error).toMatchObject({ message: 'no robot here' });
    const failed = await client.request('robots.fail');
    expect(failed.error).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(JSON.stringify(failed)).not.toContain('secret detail');
    host.attached.broadcast('robots.moved', { to: 'x' }, (session) => session.deviceId === device.id);
    expect((await client.event('robots.moved')).payload).toEqual({ to: 'x' });
    const reader = await host.connect({ device: null, scopes: READ });
    await reader.client.response(reader.id);
    expect((await reader.client.request('robots.move')).error.message).toBe('missing scope: operator.robots');
  });

  it('asks the embedder’s own auto-approval, for what is not covered and never for a revoked device', async () => {
    const host = await openHost({
      autoApprove: (access) => access.wish.every((scope) => scope === 'operator.read'),
    });
    const device = newDevice();
    const first = await host.connect({ device, scopes: READ });
    expect((await first.client.response(first.id)).payload.auth.scopes).toEqual(READ);
    expect(host.asked).toHaveLength(1);
    const covered = await host.connect({ device, scopes: READ });
    await covered.client.response(covered.id);
    expect(host.asked).toHaveLength(1);
    const more = await host.connect({ device, scopes: ['operator.approvals'], mode: 'node' });
    await more.client.event('connect.pending');
    await revoke(host.owner, device.id, 'operator');
    const again = await host.connect({ device, scopes: READ });
    expect((await again.client.response(again.id)).error.details).toMatchObject({ reason: 'revoked' });
  });

  it('I18: a call that never ends does not keep a revoked session’s socket open', async () => {
    const host = await openHost({
      methods: { 'robots.watch': { scope: null, handle: () => new Promise(() => {}) } },
      autoApprove: () => true,
      limits: { pingMs: 1e9 },
    });
    const device = newDevice();
    const { client, id } = await host.connect({ device, scopes: READ });
    await client.response(id);
    client.sendRequest('robots.watch');
    await client.request('health');
    await revoke(host.owner, device.id, 'operator');
    expect(host.attached.sessions()).toEqual([]);
    host.clock.advance(5000);
    await host.attached.turn();
    expect((await client.closed()).reason).toBe('device role revoked');
  });
});
