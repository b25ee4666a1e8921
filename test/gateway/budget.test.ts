import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { networkOf } from '../../src/gateway/locality.ts';
import { type House, openHouse, SHARED } from '../support/harness.ts';
import { READ, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

const PROXY = { local: 'none', trustedProxies: ['127.0.0.1'] } as const;
/** A masked text frame that is no JSON. */
const BAD_FRAME = Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78]);

/** A peer that upgrades by hand and never answers a close; undefined when it is refused at the upgrade. */
async function rawPeer({ gateway }: House, address: string): Promise<Socket | undefined> {
  const socket = connect(gateway.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  socket.write(
    `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Forwarded-For: ${address}\r\n` +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  const [head] = await once(socket, 'data');
  return String(head).includes(' 101 ') ? socket : undefined;
}

/** Sends a bad frame and waits until the gateway has closed by its side. */
async function misbehave(socket: Socket): Promise<void> {
  let seen = Buffer.alloc(0);
  const told = new Promise<void>((resolve) => {
    socket.on('data', (data: Buffer) => {
      seen = Buffer.concat([seen, data]);
      if (seen.includes('invalid request frame')) resolve();
    });
  });
  socket.write(BAD_FRAME);
  await told;
}

describe('the budget of sockets that have proved nothing', () => {
  it('a socket that is refused keeps its place until it is gone, and is cut when its peer does not answer', async () => {
    const house = await openHouse({ gateway: { limits: { unprovenPerAddress: 4 }, locality: PROXY } });
    const peers: Socket[] = [];
    for (let peer = 0; peer < 20; peer++) {
      const socket = await rawPeer(house, '203.0.113.1');
      if (!socket) continue;
      peers.push(socket);
      await misbehave(socket);
    }
    expect(peers).toHaveLength(4);
    const gone = Promise.all(peers.map((socket) => once(socket, 'close')));
    await house.pass(1500, 100);
    await gone;
    expect(await rawPeer(house, '203.0.113.1')).toBeDefined();
  });

  it('a peer that answers the close gives its place back without waiting for that', async () => {
    const house = await openHouse({ gateway: { limits: { unprovenPerAddress: 2 }, locality: PROXY } });
    for (let attempt = 0; attempt < 5; attempt++) {
      const client = await house.client({ 'x-forwarded-for': '203.0.113.1' });
      client.sendText('x');
      await client.closed();
    }
  });

  it('the addresses of one /64 share it', async () => {
    const house = await openHouse({ gateway: { limits: { unprovenPerAddress: 2 }, locality: PROXY } });
    expect(await rawPeer(house, '2001:db8:0:1::1')).toBeDefined();
    expect(await rawPeer(house, '2001:db8:0:1:ffff::2')).toBeDefined();
    expect(await rawPeer(house, '2001:db8:0:1::3')).toBeUndefined();
    expect(await rawPeer(house, '2001:db8:0:2::1')).toBeDefined();
  });

  it('there is one for all addresses together, and loopback is no part of it', async () => {
    const house = await openHouse({ gateway: { limits: { unproven: 3 }, locality: PROXY } });
    await house.client();
    for (const last of [1, 2, 3]) expect(await rawPeer(house, `203.0.113.${last}`)).toBeDefined();
    expect(await rawPeer(house, '203.0.113.4')).toBeUndefined();
    await house.client();
  });
});

describe('one /64 is one peer', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::1', '::1'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0DB8:0:0:5:6:7:8', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1::3:4:5:6:192.0.2.1', '1:0:3:4::/64'],
  ])('%s is counted as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it('where sockets are parked', async () => {
    const house = await openHouse({ gateway: { limits: { parkedPerAddress: 1 }, locality: PROXY } });
    await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    const ask = () => ({ device: newDevice(), scopes: READ, mode: 'node', auth: SHARED });
    const first = await house.client({ 'x-forwarded-for': '2001:db8::1' });
    await first.sendConnect(ask());
    await first.event('connect.pending');
    const { answer } = await house.connect(ask(), { 'x-forwarded-for': '2001:db8::2' });
    expect(answer.error.details.code).toBe('PAIRING_REQUIRED');
  });
});
