import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Frame } from '../support/raw-client.ts';
import type { Mortal, World } from './world.ts';

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
/** How long `ws` waits for its peer to answer a close before it cuts the socket. */
const CLOSE_TIMEOUT_MS = 30_000;
/** The longest close reason that the protocol can carry, in bytes. */
const LONGEST_REASON = 123;

/** The members of a `ws` WebSocket that the gateway uses, with the behaviour of `ws` 8. Any other does not exist. */
export class FakeSocket extends EventEmitter {
  readonly CONNECTING = CONNECTING;
  readonly OPEN = OPEN;
  readonly CLOSING = CLOSING;
  readonly CLOSED = CLOSED;
  readonly _receiver = { _maxPayload: 26_214_400 };
  readyState: number = OPEN;
  readonly #link: Link;

  constructor(link: Link) {
    super();
    this.#link = link;
  }

  get bufferedAmount(): number {
    return this.#link.unread;
  }

  send(text: string): void {
    if (this.readyState === OPEN) this.#link.toClient(text);
  }

  close(code = 1005, reason = ''): void {
    const isValid = (code >= 1000 && code <= 1014 && code !== 1004) || (code >= 3000 && code <= 4999);
    if (!isValid) throw new TypeError(`First argument must be a valid error code number: ${code}`);
    if (Buffer.byteLength(reason) > LONGEST_REASON) throw new RangeError('the close reason is too long');
    if (this.readyState !== OPEN) return;
    this.readyState = CLOSING;
    this.#link.closing(code, reason);
  }

  terminate(): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSING;
    this.#link.cut('gateway');
  }

  ping(): void {
    this.#link.pinged();
  }
}

/** Where a peer dials from. */
export interface Origin {
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the client end of a link hears. */
export interface ClientEnd {
  onFrame(frame: Frame): void;
  /** Once, at the end. */
  onClose(code: number, reason: string): void;
}

/** Who sees everything that passes, the moment the gateway sends or gets it. */
export interface Witness {
  sent(link: Link, frame: Frame): void;
  got(link: Link, text: string): void;
  ended(link: Link, code: number, reason: string): void;
}

/**
 * One connection between a client and a gateway: both directions keep their order and lose nothing but with the
 * connection itself. Either end may be gone without the other knowing.
 */
export class Link {
  readonly name: string;
  readonly socket: FakeSocket;
  readonly gateway: Mortal & { readonly name: string };
  readonly request: IncomingMessage;
  readonly origin: Origin;
  readonly #world: World;
  readonly #client: ClientEnd;
  readonly #witness: Witness;
  /** Bytes that the client has not read yet. */
  unread = 0;
  /** The gateway has heard of the end. */
  isGone = false;
  /** The client has heard of the end, or ended it. */
  isLeft = false;
  #isUpDead = false;
  #isDownDead = false;
  #upAt = 0;
  #downAt = 0;
  #lagMs: number;

  constructor(
    world: World,
    name: string,
    gateway: Mortal & { readonly name: string },
    origin: Origin,
    ends: { readonly client: ClientEnd; readonly witness: Witness },
  ) {
    this.name = name;
    this.#world = world;
    this.gateway = gateway;
    this.origin = origin;
    this.#client = ends.client;
    this.#witness = ends.witness;
    this.#lagMs = world.rng.between(0.1, 30);
    this.socket = new FakeSocket(this);
    this.request = {
      headers: { host: '127.0.0.1:18789', ...origin.headers },
      socket: { remoteAddress: origin.address },
    } as unknown as IncomingMessage;
  }

  /** From now on everything takes this long. */
  stall(ms: number): void {
    this.#lagMs = ms;
  }

  // The gateway's end.

  toClient(text: string): void {
    const frame = JSON.parse(text) as Frame;
    this.#witness.sent(this, frame);
    this.unread += text.length;
    this.#down(() => {
      this.unread -= text.length;
      this.#client.onFrame(frame);
    });
  }

  /** The gateway closes and waits for the client to answer that. */
  closing(code: number, reason: string): void {
    this.#witness.ended(this, code, reason);
    this.#down(() => {
      this.#leave(code, reason);
      this.#up(() => this.#gone(code, reason));
    });
    this.#world.after(CLOSE_TIMEOUT_MS, () => this.#gone(1006, ''), this.gateway);
  }

  pinged(): void {
    this.#down(() => this.#up(() => void this.socket.emit('pong', Buffer.alloc(0))));
  }

  // The client's end.

  send(text: string): void {
    if (this.isLeft) return;
    this.#up(() => {
      if (this.socket.readyState === CLOSED) return;
      this.#witness.got(this, text);
      const bytes = Buffer.from(text);
      if (bytes.length > this.socket._receiver._maxPayload) {
        this.socket.emit('error', new RangeError('Max payload size exceeded'));
        this.socket.close(1009, '');
        return;
      }
      this.socket.emit('message', bytes, false);
    });
  }

  close(code: number, reason: string): void {
    if (this.isLeft) return;
    this.#leave(code, reason);
    this.#up(() => {
      if (this.socket.readyState === OPEN) this.socket.readyState = CLOSING;
      this.#gone(code, reason);
    });
  }

  // What happens to it.

  /** Both ends hear of it, each in its time; what was on its way is lost. */
  cut(by: 'gateway' | 'network' = 'network'): void {
    this.#isUpDead = true;
    const isSilent = this.#isDownDead;
    this.#isDownDead = true;
    const { rng } = this.#world;
    this.#world.after(by === 'gateway' ? 0 : rng.between(0, 40), () => this.#gone(1006, ''), this.gateway);
    if (!isSilent) this.#world.after(rng.between(0, 40), () => this.#leave(1006, ''));
  }

  /** The client is gone, and the gateway does not hear of it. */
  vanish(): void {
    this.#isUpDead = true;
    this.#isDownDead = true;
    this.#leave(1006, '');
  }

  /** Nothing passes any more, and neither end hears of it. */
  hush(): void {
    this.#isUpDead = true;
    this.#isDownDead = true;
  }

  /** The gateway's process is dead; its machine says so, unless that is silent too. */
  orphan(isSilent: boolean): void {
    this.isGone = true;
    this.hush();
    if (!isSilent) this.#world.after(this.#world.rng.between(0, 20), () => this.#leave(1006, ''));
  }

  #leave(code: number, reason: string): void {
    if (this.isLeft) return;
    this.isLeft = true;
    this.#client.onClose(code, reason);
  }

  #gone(code: number, reason: string): void {
    if (this.isGone) return;
    this.isGone = true;
    this.socket.readyState = CLOSED;
    this.socket.emit('close', code, Buffer.from(reason));
  }

  #up(arrive: () => void): void {
    if (this.#isUpDead) return;
    this.#upAt = Math.max(this.#upAt, this.#world.nowMs + this.#world.rng.between(0.05, this.#lagMs));
    const run = (): void => {
      if (!this.#isUpDead && !this.isGone) arrive();
    };
    this.#world.after(this.#upAt - this.#world.nowMs, run, this.gateway);
  }

  #down(arrive: () => void): void {
    if (this.#isDownDead) return;
    this.#downAt = Math.max(this.#downAt, this.#world.nowMs + this.#world.rng.between(0.05, this.#lagMs));
    const run = (): void => {
      if (!this.#isDownDead && !this.isLeft) arrive();
    };
    this.#world.after(this.#downAt - this.#world.nowMs, run);
  }
}
