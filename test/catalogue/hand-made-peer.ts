/** Peers that speak WebSocket by hand: ones that no client library would be. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { House } from '../support/harness.ts';

/** Upgrades from `address`, as a trusted proxy would say; undefined when the upgrade itself is refused. */
export async function upgradeByHand({ gateway }: House, address: string): Promise<Socket | undefined> {
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
