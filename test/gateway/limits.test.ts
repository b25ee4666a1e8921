import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { revoke, rotate } from '../../src/authority/device-decisions.ts';
import { limitPayload } from '../../src/gateway/payload-limit.ts';
import { type House, openHouse, SHARED } from '../support/harness.ts';
import { expectServing, live, pair, READ } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

/** A plain `ws` server whose sockets are limited to 1000 bytes as soon as they are open, then to `later`. */
async function limitedServer(later?: number): Promise<{ url: string; sizes: number[] }> {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http, maxPayload: 10_000_000 });
  const sizes: number[] = [];
  sockets.on('connection', (socket) => {
    limitPayload(socket, 1000);
    socket.on('error', () => {});
    socket.on('message', (data: Buffer) => {
      sizes.push(data.length);
      if (later) limitPayload(socket, later);
      socket.send('read');
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
    http.close();
  });
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`, sizes };
}

describe('the private field of ws that src/gateway/payload-limit.ts sets', () => {
  it('limits one socket of a server that allows more: a longer frame ends it with 1009, unread', async () => {
    const { url, sizes } = await limitedServer();
    const client = new WebSocket(url);
    await once(client, 'open');
    client.send('x'.repeat(1000));
    await once(client, 'message');
    client.send('x'.repeat(1001));
    const [code] = await once(client, 'close');
    expect(code).toBe(1009);
    expect(sizes).toEqual([1000]);
  });

  it('lifts the limit of a socket that is open already', async () => {
    const { url, sizes } = await limitedServer(100_000);
    const client = new WebSocket(url);
    await once(client, 'open');
    for (const size of [1000, 100_000]) {
      client.send('x'.repeat(size));
      await once(client, 'message');
    }
    expect(sizes).toEqual([1000, 100_000]);
  });

  it('says so when a version of ws keeps it elsewhere', () => {
    expect(() => limitPayload({} as WebSocket, 1)).toThrow('keeps its payload limit elsewhere');
  });
});

describe('frames', () => {
  it('GHSA-jv4g-m82p-2j93: 64 KiB before hello, 25 MiB after', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const stranger = await house.client();
    stranger.sendText(' '.repeat(65_537));
    expect((await stranger.closed()).code).toBe(1009);
    const { client } = await live(house, { device, scopes: READ });
    expect((await client.request('health', { padding: 'x'.repeat(1_000_000) })).ok).toBe(true);
    client.sendText(' '.repeat(26_214_401));
    expect((await client.closed()).code).toBe(1009);
    await expectServing(house);
  });
});

const BEHIND_PROXY = { locality: { local: 'none', trustedProxies: ['127.0.0.1'] } } as const;

async function guess(house: House, address: string, token: string) {
  const { client, answer } = await house.connect(
    { device: newDevice(), scopes: READ, auth: { token } },
    { 'x-forwarded-for': address },
  );
  await client.closed();
  return answer.error;
}

describe('guessing the shared secret', () => {
  it('ten wrong ones of an address within a minute, then it waits five, whatever it brings; others do not', async () => {
    const house = await openHouse({ gateway: BEHIND_PROXY });
    for (let wrong = 0; wrong < 10; wrong++) {
      expect((await guess(house, '203.0.113.1', `guess ${wrong}`)).details.code).toBe('AUTH_TOKEN_MISMATCH');
    }
    const error = await guess(house, '203.0.113.1', SHARED.token);
    expect(error).toMatchObject({ retryable: true, retryAfterMs: 300_000 });
    expect(error.details).toMatchObject({ code: 'AUTH_RATE_LIMITED' });
    expect((await guess(house, '203.0.113.2', 'wrong')).details.code).toBe('AUTH_TOKEN_MISMATCH');
    await house.pass(299_000, 1000);
    expect((await guess(house, '203.0.113.1', 'wrong')).details.code).toBe('AUTH_RATE_LIMITED');
    await house.pass(2000, 1000);
    expect((await guess(house, '203.0.113.1', 'wrong')).details.code).toBe('AUTH_TOKEN_MISMATCH');
  });

  it('a missing secret is no guess, nor is a slow trickle of wrong ones', async () => {
    const house = await openHouse({ gateway: BEHIND_PROXY });
    for (let attempt = 0; attempt < 15; attempt++) {
      const { client, answer } = await house.connect(
        { device: newDevice(), scopes: READ },
        { 'x-forwarded-for': '203.0.113.1' },
      );
      expect(answer.error.details.code).toBe('AUTH_TOKEN_MISSING');
      await client.closed();
    }
    for (let attempt = 0; attempt < 15; attempt++) {
      expect((await guess(house, '203.0.113.1', 'wrong')).details.code).toBe('AUTH_TOKEN_MISMATCH');
      await house.pass(7000);
    }
  });

  it('a device does not guess the shared secret behind a token of its own, live or revoked', async () => {
    for (const isRevoked of [false, true]) {
      const house = await openHouse({ gateway: BEHIND_PROXY });
      const device = newDevice();
      const deviceToken = await pair(house, device, READ);
      if (isRevoked) await revoke(house.owner, device.id, 'operator');
      const from = { 'x-forwarded-for': '203.0.113.1' };
      const come = async (token: string) => {
        const { client, answer } = await house.connect(
          { device, scopes: READ, auth: { token, deviceToken } },
          from,
        );
        await client.end();
        return answer;
      };
      // The secret of before, every time: nobody told the client of the new one.
      for (let attempt = 0; attempt < 15; attempt++) expect((await come('stale')).ok).toBe(!isRevoked);
      for (let wrong = 1; wrong < 10; wrong++) expect((await come(`guess ${wrong}`)).ok).toBe(!isRevoked);
      expect((await come(SHARED.token)).error.details.code).toBe('AUTH_RATE_LIMITED');
    }
  });

  it('#20679: a device whose own token has expired is no guesser, and does not lock its address out for others', async () => {
    const house = await openHouse({ gateway: BEHIND_PROXY });
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    await rotate(house.owner, device.id, 'operator', null);
    await house.pass(31 * 24 * 3_600_000, 24 * 3_600_000);
    const from = { 'x-forwarded-for': '203.0.113.1' };
    for (let attempt = 0; attempt < 15; attempt++) {
      const { client, answer } = await house.connect({ device, scopes: READ, auth: { deviceToken } }, from);
      expect(answer.error.message).toContain('superseded');
      await client.closed();
    }
    expect((await house.connect({ device, scopes: READ, auth: SHARED }, from)).answer.ok).toBe(true);
  });

  it('a made-up device token is a guess', async () => {
    const house = await openHouse({ gateway: BEHIND_PROXY });
    const device = newDevice();
    const deviceToken = `${(await pair(house, device, READ)).slice(0, -3)}xyz`;
    const from = { 'x-forwarded-for': '203.0.113.1' };
    const codes: string[] = [];
    for (let attempt = 0; attempt < 11; attempt++) {
      const { client, answer } = await house.connect({ device, scopes: READ, auth: { deviceToken } }, from);
      codes.push(answer.error.details.code);
      await client.closed();
    }
    expect(codes).toEqual([...Array(10).fill('AUTH_DEVICE_TOKEN_MISMATCH'), 'AUTH_RATE_LIMITED']);
  });

  it('a wrong signature beside what has the shape of a device token is a guess', async () => {
    const house = await openHouse({ gateway: BEHIND_PROXY });
    const codes: string[] = [];
    for (let attempt = 0; attempt < 11; attempt++) {
      const { client, answer } = await house.connect(
        {
          device: newDevice(),
          scopes: READ,
          auth: { deviceToken: 'atk1_x' },
          forge: (params) => ({ ...params, scopes: ['operator.admin'] }),
        },
        { 'x-forwarded-for': '203.0.113.1' },
      );
      codes.push(answer.error.details.code);
      await client.closed();
    }
    expect(codes).toEqual([...Array(10).fill('DEVICE_AUTH_SIGNATURE_INVALID'), 'AUTH_RATE_LIMITED']);
  });

  it('the addresses of one /64 are one guesser', async () => {
    const house = await openHouse({ gateway: BEHIND_PROXY });
    for (let wrong = 1; wrong <= 10; wrong++) await guess(house, `2001:db8::${wrong}`, 'wrong');
    expect((await guess(house, '2001:db8::ffff', 'wrong')).details.code).toBe('AUTH_RATE_LIMITED');
  });

  it.each(['auto', 'none'] as const)(
    'a page in a browser on loopback guesses no more than others, and locks nobody else out (local: %s)',
    async (local) => {
      const house = await openHouse({ gateway: { locality: { local } } });
      const ask = (token: string) => ({ device: newDevice(), scopes: READ, mode: 'probe', auth: { token } });
      const code = async (token: string, headers: Record<string, string>): Promise<string> => {
        const { client, answer } = await house.connect(ask(token), headers);
        await client.closed();
        return answer.error.details.code;
      };
      const evil = { origin: 'https://evil.example' };
      for (let wrong = 0; wrong < 10; wrong++) expect(await code('wrong', evil)).toBe('AUTH_TOKEN_MISMATCH');
      expect(await code(SHARED.token, evil)).toBe('AUTH_RATE_LIMITED');
      expect(await code('wrong', { origin: 'http://localhost:18789' })).toBe('AUTH_TOKEN_MISMATCH');
      for (let wrong = 0; wrong < 15; wrong++) expect(await code('wrong', {})).toBe('AUTH_TOKEN_MISMATCH');
    },
  );

  it('somebody behind a proxy on loopback that nobody trusts is limited by its address, whatever its Origin', async () => {
    const house = await openHouse();
    const codes: string[] = [];
    for (let wrong = 0; wrong < 11; wrong++) {
      const { client, answer } = await house.connect(
        { device: newDevice(), scopes: READ, auth: { token: 'wrong' } },
        { 'x-forwarded-for': `203.0.113.${wrong}`, origin: `https://${wrong}.example` },
      );
      codes.push(answer.error.details.code);
      await client.closed();
    }
    expect(codes).toEqual([...Array(10).fill('AUTH_TOKEN_MISMATCH'), 'AUTH_RATE_LIMITED']);
  });

  it('#77979: nobody who knows no secret makes the gateway check a signature', async () => {
    const house = await openHouse();
    const forge = (params: Record<string, unknown>) => ({
      ...params,
      device: { ...(params.device as object), signature: 'AAAA' },
    });
    const { answer } = await house.connect({
      device: newDevice(),
      scopes: READ,
      auth: { token: 'wrong' },
      forge,
    });
    expect(answer.error.details.code).toBe('AUTH_TOKEN_MISMATCH');
  });
});
