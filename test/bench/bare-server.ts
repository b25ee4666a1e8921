/**
 * What a gateway is measured against: a `ws` server with the same options that does the least which can be called
 * device authentication. Challenge, JSON, one Ed25519 check with a cached key, a hello of the same shape and size.
 */
import { type KeyObject, randomUUID, verify } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { DEFAULT_LIMITS } from '../../src/gateway/settings.ts';
import { importPublicKey } from '../../src/protocol/signature.ts';
import { answerCommands, cpuMicros, residentBytes } from './child.ts';

interface Hello {
  readonly server: object;
  readonly auth: object;
}

const keys = new Map<string, KeyObject>();
const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  clientTracking: false,
  maxPayload: DEFAULT_LIMITS.frameBytes,
});
const http = createServer();
let hello: Hello | undefined;
let connected = 0;

function keyOf(id: string, publicKey: string): KeyObject {
  const known = keys.get(id) ?? importPublicKey(Buffer.from(publicKey, 'base64url'));
  keys.set(id, known);
  return known;
}

function authenticate(socket: WebSocket, nonce: string, data: Buffer): void {
  const { id, params } = JSON.parse(data.toString('utf8'));
  const { client, device, role, scopes, auth } = params;
  const text =
    `v3|${device.id}|${client.id}|${client.mode}|${role}|${scopes.join(',')}|${device.signedAt}` +
    `|${auth.token}|${nonce}|${client.platform}|`;
  const key = keyOf(device.id, device.publicKey);
  if (!verify(null, Buffer.from(text), key, Buffer.from(device.signature, 'base64')))
    return socket.terminate();
  const payload = {
    ...hello,
    server: { ...hello?.server, connId: randomUUID() },
    auth: { ...hello?.auth, issuedAtMs: Date.now() },
  };
  socket.send(JSON.stringify({ type: 'res', id, ok: true, payload }));
}

sockets.on('connection', (socket) => {
  connected += 1;
  const nonce = randomUUID();
  socket.on('message', (data) => authenticate(socket, nonce, data as Buffer));
  socket.on('error', () => {});
  socket.on('close', () => {
    connected -= 1;
  });
  const payload = { nonce, ts: Date.now() };
  socket.send(JSON.stringify({ type: 'event', event: 'connect.challenge', payload }));
});
http.on('upgrade', (request, socket, head) =>
  sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws, request)),
);

answerCommands<{ readonly hello: Hello }>({
  start: async (args) => {
    hello = args.hello;
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}` };
  },
  sessions: () => connected,
  cpu: cpuMicros,
  resident: residentBytes,
});
