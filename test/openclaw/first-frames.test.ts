import { once } from 'node:events';
import { get } from 'node:http';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openHouse, SHARED } from '../support/harness.ts';
import { live, pair, READ } from '../support/pairing.ts';
import { newDevice, RawClient } from '../support/raw-client.ts';

/** PROTOCOL 1.3 and 2.2: what each range of protocols is answered. */
const RANGES = [
  { min: 3, max: 3, spoken: 3, who: '2026.2.19' },
  { min: 4, max: 4, spoken: 4, who: '2026.9' },
  { min: 3, max: 4, spoken: 4, who: 'a probe or a node of 2026.9' },
  { min: 1, max: 3, spoken: 3, who: 'an older one that learned 3' },
  { min: 1, max: 99, spoken: 4, who: 'one that speaks all' },
  { min: 2, max: 2, expected: 3, who: 'one that is too old' },
  { min: 1, max: 2, expected: 3, who: 'a range that is too old' },
  { min: 5, max: 9, expected: 4, who: 'one that is too new' },
  { min: 4, max: 3, expected: 4, who: 'an empty range' },
] as const;

describe('the range of protocols', () => {
  it.each(RANGES)('$min to $max ($who)', async ({ min, max, ...range }) => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client, answer } = await house.connect({
      device,
      scopes: READ,
      auth: SHARED,
      forge: (params) => ({ ...params, minProtocol: min, maxProtocol: max }),
    });
    if ('spoken' in range) return expect(answer.payload.protocol).toBe(range.spoken);
    expect(answer.error).toEqual({
      code: 'INVALID_REQUEST',
      message: 'protocol mismatch',
      details: {
        code: 'PROTOCOL_MISMATCH',
        clientMinProtocol: min,
        clientMaxProtocol: max,
        expectedProtocol: range.expected,
        minimumProbeProtocol: 3,
      },
    });
    expect(await client.closed()).toEqual({ code: 1002, reason: 'protocol mismatch' });
  });
});

describe('the challenge (PROTOCOL 2.1)', () => {
  it('comes before anything is asked, so that nobody waits 750 ms for it, with a nonce of its own for each socket', async () => {
    const house = await openHouse();
    const nonces = new Set<string>();
    for (let socket = 0; socket < 3; socket++) {
      const client = await house.client();
      const { payload } = await client.event('connect.challenge');
      expect(client.frames).toHaveLength(1);
      expect(payload.ts).toBe(house.clock.now());
      expect(payload.nonce).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      nonces.add(payload.nonce);
    }
    expect(nonces.size).toBe(3);
  });
});

describe('who a client may be (PROTOCOL 2.2)', () => {
  const IDS = [
    'webchat-ui',
    'openclaw-control-ui',
    'webchat',
    'cli',
    'gateway-client',
    'openclaw-macos',
    'openclaw-ios',
    'openclaw-android',
    'node-host',
    'test',
    'fingerprint',
    'openclaw-probe',
    'openclaw-browser-copilot',
    'openclaw-tui',
    'openclaw-linux',
    'openclaw-watchos',
    'openclaw-worker',
    'one-that-is-not-made-yet',
  ];
  const MODES = ['webchat', 'cli', 'ui', 'backend', 'node', 'probe', 'test', 'worker', 'not-made-yet'];

  it('every id and mode of both generations, and later ones; fields that nobody knows are ignored', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const asks = [...IDS.map((clientId) => ({ clientId })), ...MODES.map((mode) => ({ mode }))];
    for (const ask of asks) {
      const { answer, client } = await house.connect({
        device,
        scopes: READ,
        auth: SHARED,
        ...ask,
        forge: (params) => ({
          ...params,
          computerUse: {},
          modelCatalog: [],
          locale: 'de',
          pathEnv: '/bin',
          x: 1,
        }),
      });
      expect(answer.payload?.auth.scopes, JSON.stringify(ask)).toEqual(READ);
      await client.end();
    }
  });
});

describe('limits (PROTOCOL 1.2)', () => {
  it('are told in hello as both generations tell them', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    for (const protocol of [3, 4] as const) {
      const { hello } = await live(house, { device, scopes: READ, protocol });
      expect(hello.policy).toEqual({
        maxPayload: 26_214_400,
        maxBufferedBytes: 52_428_800,
        tickIntervalMs: 30_000,
      });
    }
  });

  it('a socket too many is answered 503 with upstream’s words, before it is a WebSocket', async () => {
    const house = await openHouse({
      gateway: {
        limits: { unprovenPerAddress: 0 },
        locality: { local: 'auto', trustedProxies: ['127.0.0.1', '::1'] },
      },
    });
    const request = get(house.gateway.url.replace('ws', 'http'), {
      headers: {
        connection: 'Upgrade',
        // Loopback is not limited.
        'x-forwarded-for': '203.0.113.1',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      },
    });
    const [response] = await once(request, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    expect(response.statusCode).toBe(503);
    expect(Buffer.concat(chunks).toString()).toBe('Too many unauthenticated sockets');
  });

  it('compression is not offered, whoever asks for it', async () => {
    const house = await openHouse();
    const client = await RawClient.open(house.gateway.url, {}, { perMessageDeflate: true });
    expect(client.socket.extensions).toBe('');
    client.socket.terminate();
  });

  it('is served on any path', async () => {
    const house = await openHouse();
    const socket = new WebSocket(`${house.gateway.url}/gateway/ws?x=1`);
    const [message] = await once(socket, 'message');
    expect(JSON.parse(String(message)).event).toBe('connect.challenge');
    socket.terminate();
  });
});

describe('after hello (PROTOCOL 1.2, 3)', () => {
  it('a tick comes every 30 s with the time, to both generations', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const clients = await Promise.all(
      ([3, 4] as const).map(
        async (protocol) => (await live(house, { device, scopes: READ, protocol })).client,
      ),
    );
    for (let tick = 0; tick < 2; tick++) {
      await house.pass(30_000);
      // An answer says that the pings of that time are answered, too.
      for (const client of clients) await client.request('health');
    }
    for (const client of clients) {
      const ticks = client.frames.filter(({ event }) => event === 'tick');
      expect(ticks.map(({ payload }) => Object.keys(payload))).toEqual([['ts'], ['ts']]);
      expect(ticks[1]?.payload.ts - ticks[0]?.payload.ts).toBe(30_000);
    }
  });

  it('who does not read what it asked for is dropped as a slow consumer', async () => {
    const payload = 'x'.repeat(1_000_000);
    const house = await openHouse({
      gateway: {
        limits: { bufferedBytes: 4_000_000 },
        methods: { 'test.much': { scope: null, handle: () => ({ ok: true, payload }) } },
      },
    });
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: READ });
    client.socket.pause();
    for (let call = 0; call < 32; call++) client.sendRequest('test.much');
    await expect.poll(() => house.gateway.sessions().length).toBe(0);
    client.socket.resume();
    expect(await client.closed()).toEqual({ code: 1008, reason: 'slow consumer' });
  });
});
