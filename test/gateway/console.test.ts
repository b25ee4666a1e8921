import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { remove, rename } from '../../src/authority/device-decisions.ts';
import { reject } from '../../src/authority/request-decisions.ts';
import { countsOverTime } from '../../src/gateway/fleet.ts';
import { type House, openHouse, SHARED, temporaryFolder } from '../support/harness.ts';
import { live, openRequest, pair, READ, WRITE, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

const INDEX = '<meta name="antechamber-socket" content="../" /><script src="./assets/a-1.js"></script>';
const SCRIPT = 'console.log("here")';

/** A gateway with a console of two small files. */
function openWithConsole(socket?: string, gateway: object = {}): Promise<House> {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), INDEX);
  writeFileSync(join(folder, 'assets', 'a-1.js'), SCRIPT);
  writeFileSync(join(folder, 'secret.json'), '{}');
  return openHouse({ gateway: { console: { folder, ...(socket && { socket }) }, ...gateway } });
}

async function ask(house: House, path: string, headers: Record<string, string> = {}, method = 'GET') {
  // As it is, and not as a URL would be tidied up.
  const sent = request({ host: '127.0.0.1', port: house.gateway.port, path, method, headers, agent: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
}

describe('the pages of the console', () => {
  it('run nothing but their own files, in no frame, and tell nobody where they are', async () => {
    const house = await openWithConsole();
    const { status, headers, body } = await ask(house, '/console/');
    expect(status).toBe(200);
    expect(body.toString()).toBe(INDEX);
    const policy = String(headers['content-security-policy']);
    const host = `127.0.0.1:${house.gateway.port}`;
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        `connect-src 'self' ws://${host} wss://${host}`,
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
      ]),
    );
    expect(policy).not.toMatch(/unsafe|\*|https:/);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-cache',
    });
  });

  it('are kept for good where the name says what is in them, and asked for again where not', async () => {
    const house = await openWithConsole();
    const script = await ask(house, '/console/assets/a-1.js');
    expect(script.headers['cache-control']).toContain('immutable');
    const { headers } = await ask(house, '/console/');
    const again = await ask(house, '/console/', { 'if-none-match': String(headers.etag) });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });

  it('come packed as the browser likes it', async () => {
    const house = await openWithConsole();
    const path = '/console/assets/a-1.js';
    const br = await ask(house, path, { 'accept-encoding': 'gzip, br' });
    expect(brotliDecompressSync(br.body).toString()).toBe(SCRIPT);
    const gzip = await ask(house, path, { 'accept-encoding': 'gzip' });
    expect(gunzipSync(gzip.body).toString()).toBe(SCRIPT);
    expect(gzip.headers.vary).toBe('accept-encoding');
  });

  it('answer GET and HEAD, know no file but their own, and show a browser the way', async () => {
    const house = await openWithConsole();
    expect((await ask(house, '/console/', {}, 'POST')).status).toBe(405);
    expect((await ask(house, '/console/', {}, 'HEAD')).body.length).toBe(0);
    for (const path of [
      '/console/../package.json',
      '/console/%2e%2e/x',
      '/console/secret.json',
      '/console/a',
    ]) {
      expect((await ask(house, path)).status, path).toBe(404);
    }
    expect((await ask(house, '/console')).headers.location).toBe('/console/');
    expect((await ask(house, '/', { accept: 'text/html' })).headers.location).toBe('/console/');
    expect((await ask(house, '/')).status).toBe(426);
    expect((await ask(house, '/healthz')).status).toBe(200);
  });

  it('find a gateway that is elsewhere on the same origin', async () => {
    const house = await openWithConsole('../gateway/ws');
    expect((await ask(house, '/console/')).body.toString()).toContain('content="../gateway/ws"');
  });

  it('are not there unless they are asked for', async () => {
    expect((await ask(await openHouse(), '/console/')).status).toBe(426);
  });
});

describe('a name that somebody else made point here', () => {
  it('gets neither the page nor a socket', async () => {
    const house = await openWithConsole();
    const host = `evil.example:${house.gateway.port}`;
    expect((await ask(house, '/console/', { host })).status).toBe(421);
    const upgrade = {
      host,
      origin: `http://${host}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    };
    expect((await ask(house, '/', upgrade)).status).toBe(421);
  });

  it('is known when an owner says so', async () => {
    const locality = { local: 'none', allowedOrigins: ['https://gate.example'] } as const;
    const house = await openWithConsole(undefined, { locality });
    expect((await ask(house, '/console/', { host: 'gate.example' })).status).toBe(200);
  });
});

describe('a page of somebody else', () => {
  it('is refused, as soon as there is a console whose rights it could want', async () => {
    const house = await openWithConsole();
    const device = newDevice();
    const connect = { device, scopes: READ, auth: SHARED };
    const { answer } = await house.connect(connect, { origin: 'https://evil.example' });
    expect(answer.error.details.code).toBe('CONTROL_UI_ORIGIN_NOT_ALLOWED');
    const own = house.gateway.url.replace(/^ws/, 'http');
    const client = await house.client({ origin: own });
    await client.sendConnect({ ...connect, mode: 'node' });
    await client.event('connect.pending');
  });
});

describe('what the console is told', () => {
  it('of other devices is nothing where a device’s own token asks without operator.admin', async () => {
    const house = await openHouse();
    const device = newDevice();
    const pairing = ['operator.pairing', ...READ];
    const { client: first } = await approveAndEnter(house, device, pairing);
    const token = first.frames.find(({ payload }) => payload?.auth?.deviceToken)?.payload.auth.deviceToken;
    const { client } = await live(house, { device, scopes: pairing, auth: { token } });
    const other = newDevice();
    await wait(house, { device: other, scopes: WRITE, mode: 'node' });
    const { payload } = await client.request('antechamber.devices', { waiting: true });
    expect(payload.devices).toEqual([]);
    expect((await client.request('antechamber.devices', { ids: [other.id] })).payload.gone).toEqual([
      other.id,
    ]);
    expect((await client.request('antechamber.connections', { deviceId: other.id })).ok).toBe(false);
  });

  it('of a socket is since when it is open', async () => {
    const house = await openHouse();
    const device = newDevice();
    const { client } = await approveAndEnter(house, device, ['operator.admin']);
    const openedAtMs = house.clock.now();
    house.clock.advance(10_000);
    const { payload } = await client.request('antechamber.connections', { deviceId: device.id });
    expect(payload.connections).toMatchObject([{ openedAtMs, state: 'paired', client: 'cli' }]);
  });

  it('in parts is all of it, each device once', async () => {
    const house = await openHouse();
    const device = newDevice();
    const { client } = await approveAndEnter(house, device, ['operator.admin']);
    const asking = [newDevice(), newDevice(), newDevice()];
    for (const one of asking) await wait(house, { device: one, scopes: READ, mode: 'node' });
    const seen: string[] = [];
    let after: string | null = '';
    while (after !== null) {
      const { payload } = await client.request('antechamber.devices', { limit: 2, ...(after && { after }) });
      seen.push(...payload.devices.map(({ deviceId }: { deviceId: string }) => deviceId));
      after = payload.next;
    }
    expect(seen).toEqual([device, ...asking].map(({ id }) => id).sort());
    const { payload } = await client.request('antechamber.devices', { waiting: true });
    expect(payload.devices.map(({ deviceId }: { deviceId: string }) => deviceId).sort()).toEqual(
      asking.map(({ id }) => id).sort(),
    );
    expect(payload.devices[0].roles[0]).toMatchObject({ state: 'pairingPending', parked: 1, live: 0 });
  });
});

describe('the note with a rejection', () => {
  const NOTE = 'ask again after the move';

  it('is told to the device whose connect is held', async () => {
    const house = await openHouse();
    const { client } = await approveAndEnter(house, newDevice(), ['operator.admin']);
    const told = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    const untold = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    expect(
      await client.request('antechamber.reject', { requestId: told.requestId, note: ` ${NOTE}\u202e ` }),
    ).toMatchObject({ ok: true });
    await client.request('antechamber.reject', { requestId: untold.requestId });
    const { error } = await told.client.response(told.connectId);
    expect(error.details).toMatchObject({ reason: 'declined', outcome: 'rejected' });
    // What could turn the words around is shown as what it is.
    expect(error.details.note).toMatch(/^ask again after the move[^\u202e]+$/);
    expect(error.details.remediationHint).toContain('The owner says: “ask again after the move');
    const { error: bare } = await untold.client.response(untold.connectId);
    expect(bare.details).not.toHaveProperty('note');
    expect(bare.details.remediationHint).toMatch(/^Ask the owner/);
  });

  it('is told to a session that waits for more', async () => {
    const house = await openHouse();
    const { client } = await approveAndEnter(house, newDevice(), ['operator.admin']);
    const device = newDevice();
    await pair(house, device, READ);
    const { client: serving } = await live(house, { device, scopes: [...READ, ...WRITE], protocol: 4 });
    const open = await openRequest(house, device.id);
    const { ok } = await client.request('antechamber.reject', { requestId: `${open?.id}.r1`, note: NOTE });
    expect(ok).toBe(true);
    const { payload } = await serving.event('device.upgrade.resolved');
    expect(payload).toMatchObject({ outcome: 'rejected', scopes: READ, note: NOTE });
  });
});

describe('what the console reads in parts', () => {
  const idsOf = ({ devices }: { devices: readonly { deviceId: string }[] }) =>
    devices.map(({ deviceId }) => deviceId);

  it('is of those that wait, the longest first, and of nobody who was turned away', async () => {
    const house = await openHouse();
    const { client } = await approveAndEnter(house, newDevice(), ['operator.admin']);
    const declined = newDevice();
    const { requestId } = await wait(house, { device: declined, scopes: READ, mode: 'node' });
    expect(await reject(house.owner, requestId)).toMatchObject({ ok: true });
    // Its quiet period has a deadline, as a request has.
    expect(await house.authority.store.due(Number.MAX_SAFE_INTEGER, 10)).toContain(declined.id);
    const asking = [newDevice(), newDevice(), newDevice()];
    for (const one of asking) {
      await wait(house, { device: one, scopes: READ, mode: 'node' });
      house.clock.advance(1000);
    }
    const { payload } = await client.request('antechamber.devices', { waiting: true, limit: 2 });
    expect(idsOf(payload)).toEqual(asking.slice(0, 2).map(({ id }) => id));
  });

  it('is as each device stands when its part is read', async () => {
    const house = await openHouse();
    const { client } = await approveAndEnter(house, newDevice(), ['operator.admin']);
    const others = [newDevice(), newDevice(), newDevice()].sort((one, two) => (one.id < two.id ? -1 : 1));
    for (const one of others) await pair(house, one, READ);
    const { payload: first } = await client.request('antechamber.devices', { limit: 1 });
    const left = others.filter(({ id }) => id > first.next);
    const [gone, renamed] = left.slice(-2);
    if (!gone || !renamed) throw new Error('two were to be left');
    expect(await remove(house.owner, gone.id)).toMatchObject({ ok: true });
    expect(await rename(house.owner, renamed.id, 'Upstairs')).toMatchObject({ ok: true });
    const { payload: rest } = await client.request('antechamber.devices', { after: first.next });
    const read = rest.devices.filter(({ deviceId }: { deviceId: string }) =>
      [gone.id, renamed.id].includes(deviceId),
    );
    // What was removed is kept for a while, so that nothing of before lets it in again.
    expect(read).toMatchObject([
      { deviceId: gone.id, roles: [{ state: 'unpaired', grant: [] }] },
      { deviceId: renamed.id, label: 'Upstairs', roles: [{ state: 'paired', grant: READ }] },
    ]);
  });
});

async function approveAndEnter(
  house: House,
  device: ReturnType<typeof newDevice>,
  scopes: readonly string[],
) {
  await pair(house, device, scopes);
  return live(house, { device, scopes });
}

describe('counts over time', () => {
  const event = (seq: number, deviceId: string, stateFrom: string, stateTo: string) => ({
    seq,
    deviceId,
    atMs: seq * 100,
    role: 'operator',
    type: 'x',
    requestId: null,
    detail: { stateFrom, stateTo },
  });

  it('are followed backwards, and a step that wrote two events is one step', () => {
    const events = [
      event(1, 'a', 'unpaired', 'pairingPending'),
      event(2, 'a', 'pairingPending', 'paired'),
      event(3, 'a', 'pairingPending', 'paired'),
      event(4, 'b', 'unpaired', 'pairingPending'),
    ];
    const counts = { unpaired: 0, pairingPending: 1, paired: 1 };
    const moments = countsOverTime(400, counts, events, { windowMs: 300, buckets: 4 });
    expect(
      moments.map(({ atMs, counts: { pairingPending, paired } }) => [atMs, pairingPending, paired]),
    ).toEqual([
      [100, 1, 0],
      [200, 0, 1],
      [300, 0, 1],
      [400, 1, 1],
    ]);
  });
});
