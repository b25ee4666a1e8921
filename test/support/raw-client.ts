import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import { newDevice, type TestDevice } from '../protocol/device.ts';
import { openLedger } from './frame-ledger.ts';

export interface Frame {
  readonly type: 'res' | 'event';
  readonly id?: string;
  readonly ok?: boolean;
  readonly event?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the wire holds.
  readonly payload?: any;
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly error?: any;
}

export interface Ask {
  readonly device?: Pick<TestDevice, 'id' | 'publicKey' | 'sign'> | null;
  readonly role?: string;
  readonly scopes?: readonly string[];
  readonly clientId?: string;
  readonly mode?: string;
  readonly protocol?: 3 | 4;
  readonly auth?: Readonly<Record<string, string>>;
  readonly caps?: readonly string[];
  readonly platform?: string;
  /** Changes the params after they were signed: for forgeries. */
  readonly forge?: (params: Record<string, unknown>) => Record<string, unknown>;
  readonly signedAtMs?: number;
  readonly nonce?: string;
}

/** The `connect` params that a real client of that generation sends, signed as it signs. */
export function connectParams(ask: Ask, challenge: { nonce: string; ts: number }): Record<string, unknown> {
  const { device, role = 'operator', scopes = [], clientId = 'cli', mode = 'cli', protocol = 4 } = ask;
  const { auth = {}, caps = [], platform = 'linux' } = ask;
  const nonce = ask.nonce ?? challenge.nonce;
  const signedAt = ask.signedAtMs ?? challenge.ts;
  const token = auth.token ?? auth.deviceToken ?? '';
  const common = `${device?.id}|${clientId}|${mode}|${role}|${scopes.join(',')}|${signedAt}|${token}|${nonce}`;
  const text = protocol === 3 ? `v2|${common}` : `v3|${common}|${platform}|`;
  const params = {
    minProtocol: protocol,
    maxProtocol: protocol,
    client: { id: clientId, version: 'test', platform, mode },
    caps,
    auth,
    role,
    scopes,
    ...(device && {
      device: { id: device.id, publicKey: device.publicKey, signature: device.sign(text), signedAt, nonce },
    }),
  };
  return ask.forge ? ask.forge(params) : params;
}

/** A WebSocket that remembers every frame, so that a test can wait for one that came already. */
export class RawClient {
  readonly frames: Frame[] = [];
  readonly socket: WebSocket;
  close: { readonly code: number; readonly reason: string } | undefined;
  readonly #ledger = openLedger();
  #next = 1;
  #wake = Promise.withResolvers<void>();

  constructor(url: string, headers: Readonly<Record<string, string>> = {}, options: ClientOptions = {}) {
    this.socket = new WebSocket(url, { headers, perMessageDeflate: false, ...options });
    this.socket.on('message', (data) => {
      this.#ledger.received(String(data));
      this.frames.push(JSON.parse(String(data)));
      this.#stir();
    });
    this.socket.on('close', (code, reason) => {
      this.close = { code, reason: reason.toString() };
      this.#stir();
    });
    this.socket.on('error', () => this.#stir());
  }

  static async open(
    url: string,
    headers?: Readonly<Record<string, string>>,
    options?: ClientOptions,
  ): Promise<RawClient> {
    const client = new RawClient(url, headers, options);
    if (client.socket.readyState !== WebSocket.OPEN) await once(client.socket, 'open');
    return client;
  }

  #stir(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** Waits until `find` gives something. */
  async until<T>(find: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = find();
      if (found) return found;
      if (this.socket.readyState === WebSocket.CLOSED && this.close) {
        const last = find();
        if (last) return last;
        throw new Error(
          `closed ${this.close.code} ${this.close.reason} while waiting; frames: ${JSON.stringify(this.frames.slice(-3))}`,
        );
      }
      await this.#wake.promise;
    }
  }

  event(name: string): Promise<Frame> {
    return this.until(() => this.frames.find(({ event }) => event === name));
  }

  response(id: string): Promise<Frame> {
    return this.until(() => this.frames.find((frame) => frame.type === 'res' && frame.id === id));
  }

  closed(): Promise<{ readonly code: number; readonly reason: string }> {
    return this.until(() => this.close);
  }

  /** A buffer goes as a binary frame. */
  sendText(text: string | Buffer): void {
    this.#ledger.sent(String(text));
    this.socket.send(text);
  }

  sendRequest(method: string, params?: unknown): string {
    const id = `r${this.#next++}`;
    this.sendText(JSON.stringify({ type: 'req', id, method, params }));
    return id;
  }

  request(method: string, params?: unknown): Promise<Frame> {
    return this.response(this.sendRequest(method, params));
  }

  /** Answers the challenge; returns the id of the request. */
  async sendConnect(ask: Ask): Promise<string> {
    const { payload } = await this.event('connect.challenge');
    return this.sendRequest('connect', connectParams(ask, payload));
  }

  async connect(ask: Ask): Promise<Frame> {
    return this.response(await this.sendConnect(ask));
  }

  async end(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.terminate();
    await this.until(() => this.close);
  }
}

export { newDevice, type TestDevice };
