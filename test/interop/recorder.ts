/** A proxy on loopback that passes every frame on as it is and remembers it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';

// biome-ignore lint/suspicious/noExplicitAny: it holds whatever was on the wire.
export type Json = any;

/** One thing that passed: a frame, the end of a socket, or an HTTP request. */
export type Passed =
  | {
      readonly socket: number;
      readonly from: 'client' | 'gateway';
      readonly frame: Json;
      readonly atMs: number;
    }
  | {
      readonly socket: number;
      readonly from: 'client' | 'gateway';
      readonly close: { readonly code: number; readonly reason: string };
      readonly atMs: number;
    }
  | { readonly socket: 0; readonly http: string; readonly status: number; readonly atMs: number };

/** A forwarding header, so that the client on the other side does not count as local. */
export const FROM_ELSEWHERE = { 'x-forwarded-for': '203.0.113.7' } as const;

export interface RecorderOptions {
  /** The port of the gateway on loopback. */
  readonly port: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const HOP_BY_HOP = /^(connection|upgrade|host|sec-websocket-.*)$/;

/** A close code that may be sent; 1005 and 1006 say only that none was received. */
function closeBoth(socket: WebSocket, code: number, reason: string): void {
  if (code === 1005 || code === 1006) socket.close();
  else socket.close(code, reason);
}

export class Recorder {
  readonly passed: Passed[] = [];
  readonly port: number;
  readonly #stop: () => Promise<void>;
  #wake = Promise.withResolvers<void>();
  #sockets = 0;

  private constructor(port: number, stop: () => Promise<void>) {
    this.port = port;
    this.#stop = stop;
  }

  static async start({ port, headers = {} }: RecorderOptions): Promise<Recorder> {
    const open = new Set<WebSocket>();
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const doors = new WebSocketServer({ noServer: true, perMessageDeflate: false, autoPong: false });
    const recorder = new Recorder((server.address() as AddressInfo).port, async () => {
      for (const socket of open) socket.terminate();
      server.closeAllConnections();
      server.close();
    });
    server.on('request', (asked, answer) => recorder.#passHttp(port, headers, asked, answer));
    server.on('upgrade', (asked: IncomingMessage, socket, head) => {
      doors.handleUpgrade(asked, socket, head, (client) => {
        const kept = Object.entries(asked.headers).filter(([name]) => !HOP_BY_HOP.test(name));
        const gateway = new WebSocket(`ws://127.0.0.1:${port}${asked.url}`, {
          headers: { ...(Object.fromEntries(kept) as Record<string, string>), ...headers },
          perMessageDeflate: false,
          autoPong: false,
        });
        for (const one of [client, gateway]) {
          open.add(one);
          one.once('close', () => open.delete(one));
        }
        recorder.#join(client, gateway);
      });
    });
    return recorder;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  #add(passed: Passed): void {
    this.passed.push(passed);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  #passHttp(port: number, headers: object, asked: IncomingMessage, answer: ServerResponse): void {
    const { method, url } = asked;
    const passedOn = request(
      { host: '127.0.0.1', port, method, path: url, headers: { ...headers } as Record<string, string> },
      (reply) => {
        const status = reply.statusCode ?? 0;
        this.#add({ socket: 0, http: `${method} ${url}`, status, atMs: performance.now() });
        answer.writeHead(status, reply.headers);
        reply.pipe(answer);
      },
    );
    passedOn.on('error', () => answer.destroy());
    asked.pipe(passedOn);
  }

  #join(client: WebSocket, gateway: WebSocket): void {
    this.#sockets += 1;
    const socket = this.#sockets;
    const opened = once(gateway, 'open').catch(() => client.terminate());
    const passOn = (from: 'client' | 'gateway', to: WebSocket, data: RawData): void => {
      this.#add({ socket, from, frame: JSON.parse(String(data)), atMs: performance.now() });
      to.send(String(data));
    };
    gateway.on('message', (data) => passOn('gateway', client, data));
    client.on('message', (data) => opened.then(() => passOn('client', gateway, data)));
    gateway.on('ping', (data) => client.ping(data));
    client.on('pong', (data) => opened.then(() => gateway.pong(data)));
    client.on('ping', (data) => opened.then(() => gateway.ping(data)));
    gateway.on('pong', (data) => client.pong(data));
    const end = (from: 'client' | 'gateway', to: WebSocket) => (code: number, reason: Buffer) => {
      const close = { code, reason: reason.toString() };
      this.#add({ socket, from, close, atMs: performance.now() });
      closeBoth(to, code, close.reason);
    };
    gateway.on('close', end('gateway', client));
    client.on('close', end('client', gateway));
    for (const one of [client, gateway]) one.on('error', () => one.terminate());
  }

  /** Waits for the first thing that passes and that `wanted` accepts, from the `from`th on. */
  async until(wanted: (passed: Passed) => boolean, from = 0, patienceMs = 60_000): Promise<Passed> {
    const late = AbortSignal.timeout(patienceMs);
    late.addEventListener('abort', () => this.#wake.resolve());
    for (;;) {
      const found = this.passed.slice(from).find(wanted);
      if (found) return found;
      if (late.aborted) throw new Error(`nothing of what was waited for passed in ${patienceMs} ms`);
      await this.#wake.promise;
    }
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}
