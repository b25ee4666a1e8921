import type { AddressInfo } from 'node:net';
import { memoryStore } from 'antechamber';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { Authority } from '../../src/authority/authority.ts';
import { openKeyRing } from '../../src/authority/keys.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { Looker } from '../inspect/looking.ts';
import { OWNER, temporaryFolder } from '../support/harness.ts';
import { type Ask, newDevice, RawClient } from '../support/raw-client.ts';
import { startChat } from './embed.ts';
import { attachInspected } from './inspected.ts';
import { startWithAccounts } from './own-credentials.ts';
import { checkOwnStore } from './own-store.ts';

const SECRET = 'example-shared-secret-0123456789';

async function connect(url: string, ask: Ask) {
  const client = await RawClient.open(url);
  onTestFinished(() => client.end());
  return { client, connectId: await client.sendConnect({ auth: { token: SECRET }, ...ask }) };
}

const decidingFor = (authority: Authority) => ({ authority, caller: OWNER, origin: {} });

describe('examples of the README', () => {
  it('embed.ts: a chat whose members an owner lets in', async () => {
    const lines: string[] = [];
    const { url, authority, stop } = await startChat(temporaryFolder(), SECRET, (line) => lines.push(line));
    onTestFinished(stop);
    const device = newDevice();
    const name = device.id;
    const first = await connect(url, { device, scopes: ['operator.read'] });
    const { requestId } = (await first.client.event('connect.pending')).payload;
    expect((await approve(decidingFor(authority), requestId)).ok).toBe(true);
    await first.client.response(first.connectId);
    expect((await first.client.request('chat.say', { text: 'hello' })).error.message).toBe(
      'missing scope: operator.write',
    );
    const more = await connect(url, { device, scopes: ['operator.read', 'operator.write'] });
    expect((await more.client.response(more.connectId)).payload.auth.scopes).toEqual(['operator.read']);
    const refusal = await more.client.request('chat.say', { text: 'hello' });
    expect((await approve(decidingFor(authority), refusal.error.details.requestId)).ok).toBe(true);
    await more.client.event('device.upgrade.resolved');
    expect((await more.client.request('chat.say', { text: 'hello' })).payload).toEqual({ told: 2 });
    expect((await first.client.event('chat.said')).payload).toEqual({ said: { text: 'hello' }, from: name });
    await more.client.end();
    await expect.poll(() => lines).toContain(`${name} is gone`);
    expect(lines).toContain(`${name} may use operator.read`);
    expect(lines).toContain(`${name} may now use operator.read operator.write`);
    expect(lines.filter((line) => line.startsWith('security audit: device access upgrade'))).toHaveLength(2);
  });

  it('own-credentials.ts: accounts of the host, and scopes of the host', async () => {
    const store = memoryStore();
    const keys = await openKeyRing(temporaryFolder(), store);
    const authority = new Authority({ store, realm: keys.realm });
    const gateway = await startWithAccounts(authority, async (key) => key === 'account-key');
    onTestFinished(() => gateway.stop('test over'));
    const device = newDevice();
    const stranger = await connect(gateway.url, { device, auth: { token: 'guess' } });
    expect((await stranger.client.response(stranger.connectId)).ok).toBe(false);
    const scopes = ['operator.deploy'];
    const known = await connect(gateway.url, { device, scopes, auth: { token: 'account-key' } });
    const hello = await known.client.response(known.connectId);
    expect((await known.client.request('deploy.start')).payload).toEqual({ by: device.id });
    const { deviceToken } = hello.payload.auth;
    const again = await connect(gateway.url, { device, scopes, auth: { deviceToken } });
    expect((await again.client.response(again.connectId)).ok).toBe(true);
    const wider = ['operator.deploy', 'operator.deploy.production'];
    const production = await connect(gateway.url, { device, scopes: wider, auth: { deviceToken } });
    expect((await production.client.response(production.connectId)).payload.auth.scopes).toEqual(scopes);
  });

  it('inspected.ts: the live actors of a server of ones own', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => server.close());
    const { authority, url, socketUrl, stop } = await attachInspected(server, temporaryFolder(), SECRET);
    onTestFinished(stop);
    const viewer = new Looker(socketUrl);
    const gateway = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { client, connectId } = await connect(gateway, { device: newDevice(), scopes: ['operator.read'] });
    const { requestId } = (await client.event('connect.pending')).payload;
    await viewer.standing('connection', { upgradePending: 'held' });
    await approve(decidingFor(authority), requestId);
    await client.response(connectId);
    await viewer.standing('connection', 'paired');
    await viewer.standing('authorization', 'paired');
    expect((await fetch(url)).headers.get('content-type')).toBe('text/html; charset=utf-8');
  });

  it('own-store.ts: a store of ones own keeps the contract', async () => {
    const saves: number[] = [];
    await checkOwnStore(temporaryFolder(), (ms) => saves.push(ms));
    expect(saves.length).toBeGreaterThan(50);
  });
});
