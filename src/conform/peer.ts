import { WebSocket } from 'ws';
import type { Trace } from './trace.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A frame of the gateway: whatever it holds is its word, and is looked at field by field. */
export interface Received {
  readonly type?: string;
  readonly id?: string;
  readonly ok?: boolean;
  readonly event?: string;
  readonly payload?: Fields;
  readonly error?: {
    readonly code?: string;
    readonly message?: string;
    readonly details?: Fields;
  };
}

export interface PeerOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the trace calls this socket. */
  readonly name: string;
  readonly trace: Trace;
  /** Ends every wait on this socket. */
  readonly signal: AbortSignal;
}

/** Nothing answers at the address: no case can be judged. */
export class Unreachable extends Error {}

const OPEN_MS = 5000;
/** Longer than any answer of a gateway that is up. */
const ANSWER_MS = 8000;

/** One socket to the gateway, and all that came on it. */
export class Peer {
  readonly frames: Received[] = [];
  readonly name: string;
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #socket: WebSocket;
  readonly #trace: Trace;
  readonly #signal: AbortSignal;
  #failure: string | undefined;
  /** From here. */
  #ended = false;
  #next = 1;
  #wake = Promise.withResolvers<void>();

  private constructor({ url, headers, name, trace, signal }: PeerOptions) {
    this.name = name;
    this.#trace = trace;
    this.#signal = signal;
    this.#socket = new WebSocket(url, { headers, perMessageDeflate: false, handshakeTimeout: OPEN_MS });
    this.#socket.on('open', () => this.#stir());
    this.#socket.on('message', (data) => this.#receive(String(data)));
    this.#socket.on('error', (error) => {
      this.#failure = error.message;
      this.#stir();
    });
    this.#socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      if (!this.#ended) trace.text(name, 'closed', `${code} ${JSON.stringify(this.closed.reason)}`);
      this.#stir();
    });
    signal.addEventListener('abort', this.#stir, { once: true });
  }

  /** Rejects with Unreachable. */
  static async open(options: PeerOptions): Promise<Peer> {
    const peer = new Peer(options);
    let isOpen = false;
    try {
      await peer.until(() => peer.isOpen || peer.#failure || peer.closed, OPEN_MS);
      isOpen = peer.isOpen;
    } finally {
      if (!isOpen) peer.end();
    }
    if (isOpen) return peer;
    throw new Unreachable(peer.#failure ?? 'no answer');
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  readonly #stir = (): void => {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  };

  #receive(text: string): void {
    let frame: Received;
    try {
      frame = JSON.parse(text) as Received;
    } catch {
      this.#trace.text(this.name, 'note', 'received a frame that is not JSON');
      return;
    }
    this.frames.push(frame);
    this.#trace.frame(this.name, 'received', frame);
    this.#stir();
  }

  /** What `find` gives once it gives something; undefined when it has not within `ms`. Rejects when the run is ended. */
  async until<T>(find: () => T | undefined | false | '', ms: number): Promise<T | undefined> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#stir();
    }, ms);
    try {
      for (;;) {
        this.#signal.throwIfAborted();
        const found = find();
        if (found) return found;
        if (late) return undefined;
        await this.#wake.promise;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** The answer to a request; undefined when the socket closes, or is silent, without one. */
  async response(id: string, ms: number = ANSWER_MS): Promise<Received | undefined> {
    const found = (): Received | undefined =>
      this.frames.find((frame) => frame.type === 'res' && frame.id === id);
    await this.until(() => found() || this.closed, ms);
    return found();
  }

  event(name: string, ms: number = ANSWER_MS): Promise<Received | undefined> {
    return this.until(() => this.frames.find(({ event }) => event === name), ms);
  }

  /** How it closed; undefined when it is still open after `ms`. */
  async close(ms: number): Promise<{ readonly code: number; readonly reason: string } | undefined> {
    return this.until(() => this.closed, ms);
  }

  sendText(text: string, note: string): void {
    this.#trace.text(this.name, 'note', `sends ${note}`);
    this.#socket.send(text);
  }

  /** Sends a request and answers its id. */
  send(method: string, params: unknown): string {
    const id = `${this.#next++}`;
    const frame = { type: 'req', id, method, params };
    this.#trace.frame(this.name, 'sent', frame);
    if (this.isOpen) this.#socket.send(JSON.stringify(frame));
    return id;
  }

  call(method: string, params: unknown): Promise<Received | undefined> {
    return this.response(this.send(method, params));
  }

  /** Ends the socket without ceremony, as a program does that is killed. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#signal.removeEventListener('abort', this.#stir);
    if (!this.closed) this.#trace.text(this.name, 'note', 'ends its socket');
    if (this.#socket.readyState !== WebSocket.CLOSED) this.#socket.terminate();
  }
}
