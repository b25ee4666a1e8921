/**
 * An emulation of how OpenClaw 2026.2.19 decides who may connect, written for the demo: its rules as they can be read
 * in what was shipped, none of its code. In a process of its own, with the shared token in DEMO_TOKEN. The log goes to
 * stdout; the first line says where it listens.
 *
 * The rules that make openclaw/openclaw#21688:
 * 1. A wish is covered only if every scope is an exact member of the device's list: operator.admin covers itself.
 * 2. A device that asks for more is closed with 1008, and each attempt writes an audit line.
 * 3. One pending request per device: the first one stands, retries change nothing, 300 s after it was made it is gone.
 * 4. Rotating with scopes overwrites the list of what was approved.
 * 5. Only a device that was never paired is approved by itself on loopback.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { OPENCLAW_VOCABULARY } from '../../machines/vocabulary.ts';
import { type ConnectRequest, parseConnect } from '../../src/protocol/connect.ts';
import { errorFrame, eventFrame, okFrame, parseFrame, type RequestFrame } from '../../src/protocol/frames.ts';
import { importPublicKey, verifyDeviceProof } from '../../src/protocol/signature.ts';

interface Pending {
  readonly requestId: string;
  readonly deviceId: string;
  readonly scopes: readonly string[];
  readonly ts: number;
}

interface CallParams {
  readonly deviceId?: string;
  readonly scopes?: readonly string[];
  readonly requestId?: string;
}

const PENDING_LIFE_MS = 300_000;
const paired = new Map<string, readonly string[]>();
const pending = new Map<string, Pending>();

const log = (line: string): void => void writeSync(1, `${line}\n`);
const lacks = (held: readonly string[], wish: readonly string[]): boolean =>
  wish.some((scope) => !held.includes(scope));

function pendingOf(deviceId: string, scopes: readonly string[]): Pending {
  const known = pending.get(deviceId);
  if (known && Date.now() - known.ts <= PENDING_LIFE_MS) return known;
  const request = { requestId: randomUUID(), deviceId, scopes, ts: Date.now() };
  pending.set(deviceId, request);
  return request;
}

class EmulatedConnection {
  readonly #socket: WebSocket;
  readonly #nonce = randomUUID();
  readonly #connId = randomUUID();
  #isIn = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#message(String(data)));
    socket.send(eventFrame('connect.challenge', { nonce: this.#nonce, ts: Date.now() }));
  }

  #message(text: string): void {
    const frame = parseFrame(text);
    if (frame.kind === 'fault') return this.#socket.close(1008, 'invalid request frame');
    if (this.#isIn) return this.#call(frame);
    const reading = parseConnect(frame.params, OPENCLAW_VOCABULARY);
    if (!reading.ok) return this.#socket.close(1008, 'invalid connect params');
    this.#connect(frame.id, reading.connect);
  }

  #connect(id: string, connect: ConnectRequest): void {
    const keyFor = (_: string, raw: Buffer) => importPublicKey(raw);
    const isProven =
      connect.auth.token === process.env.DEMO_TOKEN &&
      verifyDeviceProof({ connect, nonce: this.#nonce, nowMs: Date.now(), keyFor }).ok;
    if (!isProven || !connect.device) return this.#refuse(id, 'unauthorized');
    const { device, wish, client } = connect;
    const held = paired.get(device.id) ?? wish;
    if (lacks(held, wish)) {
      const { requestId } = pendingOf(device.id, wish);
      log(
        `security audit: device access upgrade requested reason=scope-upgrade device=${device.id} ip=127.0.0.1 ` +
          `auth=token roleFrom=operator roleTo=operator scopesFrom=${held.join(',')} scopesTo=${wish.join(',')} ` +
          `client=${client.id} conn=${this.#connId}`,
      );
      return this.#refuse(id, 'pairing required', { requestId });
    }
    paired.set(device.id, held);
    this.#isIn = true;
    this.#socket.send(okFrame(id, { type: 'hello-ok', protocol: 3, server: { connId: this.#connId } }));
  }

  #refuse(id: string, message: string, details: Readonly<Record<string, unknown>> = {}): void {
    this.#socket.send(errorFrame(id, { code: 'NOT_PAIRED', message, details }));
    this.#socket.close(1008, message);
  }

  #call({ id, method, params }: RequestFrame): void {
    const { deviceId = '', scopes = [], requestId } = (params ?? {}) as CallParams;
    if (method === 'device.pair.list') {
      const list = { pending: [...pending.values()], paired: [...paired.keys()] };
      return this.#socket.send(okFrame(id, list));
    }
    const request = [...pending.values()].find((one) => one.requestId === requestId);
    if (method === 'device.pair.approve' && request) {
      paired.set(request.deviceId, [...(paired.get(request.deviceId) ?? []), ...request.scopes]);
      pending.delete(request.deviceId);
    } else if (method === 'device.token.rotate' && paired.has(deviceId)) {
      paired.set(deviceId, scopes);
    } else {
      return this.#socket.send(errorFrame(id, { code: 'INVALID_REQUEST', message: `cannot ${method}` }));
    }
    this.#socket.send(okFrame(id, { requestId, deviceId, scopes }));
  }
}

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
server.on('connection', (socket) => new EmulatedConnection(socket));
await once(server, 'listening');
log(`listening on ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
