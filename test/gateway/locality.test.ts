import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { FORWARDING_HEADERS } from '../../src/gateway/locality.ts';
import { type House, openHouse, SHARED } from '../support/harness.ts';
import { READ } from '../support/pairing.ts';
import { newDevice, RawClient } from '../support/raw-client.ts';

const LOCAL = { gateway: { locality: { local: 'auto' } } } as const;

/** A local first pairing is let in by itself; anybody else is asked about. Both are told at once. */
async function isLocal(
  house: House,
  headers: Record<string, string> = {},
  url = house.gateway.url,
): Promise<boolean> {
  const client = await RawClient.open(url, headers);
  const connectId = await client.sendConnect({
    device: newDevice(),
    scopes: READ,
    mode: 'node',
    auth: SHARED,
  });
  const first = await client.until(() =>
    client.frames.find(({ id, event }) => id === connectId || event === 'connect.pending'),
  );
  await client.end();
  return first.event === undefined;
}

describe('who is local (I14)', () => {
  it.each([
    ['localhost', true],
    ['LOCALHOST:18789', true],
    ['127.0.0.1:18789', true],
    ['127.1.2.3', true],
    ['[::1]:18789', true],
    ['evil.example', false],
    ['localhost.evil.example', false],
    ['127.0.0.1.evil.example', false],
    ['192.168.0.7:18789', false],
    ['gateway.tailnet.ts.net', false],
  ])('Host %s: %s (DNS rebinding)', async (host, expected) => {
    expect(await isLocal(await openHouse(LOCAL), { host })).toBe(expected);
  });

  it.each(FORWARDING_HEADERS)('%s says that somebody stands between', async (header) => {
    expect(await isLocal(await openHouse(LOCAL), { [header]: '127.0.0.1' })).toBe(false);
  });

  it.each(['http://localhost:18789', 'https://evil.example', 'null'])(
    'Origin %s: a page is never local, wherever it is from',
    async (origin) => {
      expect(await isLocal(await openHouse(LOCAL), { origin })).toBe(false);
    },
  );

  it('an IPv4 peer inside IPv6 is that IPv4 peer: loopback is local, over ::1 and over a dual-stack socket', async () => {
    const dual = await openHouse({ gateway: { ...LOCAL.gateway, host: '::' } });
    const { port } = dual.gateway;
    // The dual-stack socket sees this peer as ::ffff:127.0.0.1.
    expect(await isLocal(dual, {}, `ws://127.0.0.1:${port}`)).toBe(true);
    expect(await isLocal(dual, {}, `ws://[::1]:${port}`)).toBe(true);
  });

  it('#16305: the host’s own address on the network is not loopback', async (context) => {
    const own = Object.values(networkInterfaces())
      .flat()
      .find((one) => one && !one.internal && one.family === 'IPv4');
    if (!own) return context.skip('this machine has no address but loopback');
    const house = await openHouse({ gateway: { ...LOCAL.gateway, host: '0.0.0.0' } });
    const url = `ws://${own.address}:${house.gateway.port}`;
    expect(await isLocal(house, { host: 'localhost' }, url)).toBe(false);
  });

  it('local: none turns it off', async () => {
    expect(await isLocal(await openHouse({ gateway: { locality: { local: 'none' } } }))).toBe(false);
  });

  it.each(['0.0.0.0', '::'])('none is the default on %s, and auto on loopback', async (host) => {
    const open = await openHouse({ gateway: { host, locality: {} } });
    expect(await isLocal(open, {}, `ws://127.0.0.1:${open.gateway.port}`)).toBe(false);
    expect(await isLocal(await openHouse({ gateway: { locality: {} } }))).toBe(true);
  });

  it('none is the default behind a trusted proxy', async () => {
    const house = await openHouse({ gateway: { locality: { trustedProxies: ['10.0.0.0/8'] } } });
    expect(await isLocal(house)).toBe(false);
  });
});

describe('which address a peer has', () => {
  const from = async (house: House, forwarded: string): Promise<string> => {
    house.log.length = 0;
    // An hour later the same refusal of the same address is a line again.
    house.clock.advance(61 * 60_000);
    const { client } = await house.connect(
      { device: newDevice(), scopes: READ, auth: { token: 'wrong' } },
      { 'x-forwarded-for': forwarded },
    );
    await client.closed();
    return /ip="([^"]*)"/.exec(house.log.join('\n'))?.[1] ?? '';
  };

  it('what a trusted proxy says, from the right, and nothing that a peer can write to its left', async () => {
    const house = await openHouse({
      gateway: { locality: { local: 'none', trustedProxies: ['127.0.0.1', '10.0.0.0/8'] } },
    });
    expect(await from(house, '198.51.100.5')).toBe('198.51.100.5');
    expect(await from(house, '127.0.0.1, 198.51.100.5')).toBe('198.51.100.5');
    expect(await from(house, '203.0.113.1, 198.51.100.5, 10.1.2.3')).toBe('198.51.100.5');
    expect(await from(house, 'nonsense')).toBe('127.0.0.1');
  });

  it.each([
    ['1.2.3.4, 203.0.113.9:4711', '203.0.113.9'],
    ['1.2.3.4, [2001:db8::1]:99', '2001:db8::1'],
    ['1.2.3.4, [2001:db8::1]', '2001:db8::1'],
    ['1.2.3.4, 203.0.113.9:4711, 10.1.2.3:80', '203.0.113.9'],
    ['1.2.3.4, ::ffff:203.0.113.9', '203.0.113.9'],
    ['1.2.3.4, unknown', '127.0.0.1'],
    ['1.2.3.4, unknown, 10.1.2.3', '127.0.0.1'],
    ['1.2.3.4, ', '127.0.0.1'],
  ])('X-Forwarded-For "%s" is %s: never the entry that the client made up', async (forwarded, expected) => {
    const house = await openHouse({
      gateway: { locality: { local: 'none', trustedProxies: ['127.0.0.1', '10.0.0.0/8'] } },
    });
    expect(await from(house, forwarded)).toBe(expected);
  });

  it('nothing of it from a proxy that is not trusted', async () => {
    expect(await from(await openHouse(), '198.51.100.5')).toBe('127.0.0.1');
  });
});
