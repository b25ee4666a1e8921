import { connectParams, type Frame } from '../support/raw-client.ts';
import type { ClientEnd, Link } from './link.ts';
import type { Net } from './net.ts';
import type { Task, World } from './world.ts';

/** A decision as it is sent. */
export interface Wanted {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A list as an owner has it on the screen: it may be old when the decision comes. */
export interface Listed {
  readonly pending: readonly {
    readonly requestId: string;
    readonly deviceId: string;
    readonly role: string;
    readonly scopes: readonly string[];
  }[];
  readonly paired: readonly {
    readonly deviceId: string;
    readonly roles: readonly string[];
    readonly scopes: readonly string[];
  }[];
  readonly declined: readonly { readonly deviceId: string }[];
}

/** How long an owner waits for an answer before it tries again. */
const ANSWER_MS = 10_000;

/**
 * An owner on the gateway's own computer, with the shared secret and no device. What was not answered is sent again, on
 * another connection and maybe to another gateway: the decision may have been made already.
 */
export class RpcOwner implements ClientEnd {
  readonly name: string;
  readonly #world: World;
  readonly #net: Net;
  readonly #secret: () => string;
  #link: Link | undefined;
  #isIn = false;
  #numbers = 0;
  #waiting: { readonly id: string; readonly wanted: Wanted; readonly deadline: Task } | undefined;
  readonly #queue: Wanted[] = [];
  list: Listed = { pending: [], paired: [], declined: [] };
  decided = 0;
  isOver = false;

  constructor(world: World, net: Net, name: string, secret: () => string) {
    this.#world = world;
    this.#net = net;
    this.name = name;
    this.#secret = secret;
    this.#dial();
  }

  /** Has it done, however often that has to be tried. */
  want(wanted: Wanted): void {
    if (this.#queue.length < 20) this.#queue.push(wanted);
    this.#next();
  }

  stop(): void {
    this.isOver = true;
    this.#link?.close(1000, '');
  }

  onFrame(frame: Frame): void {
    if (frame.event === 'connect.challenge') this.#connect(frame.payload);
    else if (frame.type === 'res' && frame.id === 'connect') this.#connected(frame);
    else if (frame.type === 'res' && frame.id === this.#waiting?.id) this.#answered(frame);
  }

  onClose(): void {
    this.#link = undefined;
    this.#isIn = false;
    this.#again();
    if (!this.isOver) this.#world.after(this.#world.rng.between(200, 3000), () => this.#dial());
  }

  #dial(): void {
    if (this.isOver || this.#link) return;
    this.#link = this.#net.dial(this, this.name, { address: '127.0.0.1', headers: {} });
    const link = this.#link;
    this.#world.after(ANSWER_MS, () => {
      if (this.#link === link && !this.#isIn) this.#drop();
    });
  }

  #connect(challenge: { readonly nonce: string; readonly ts: number }): void {
    const ask = { scopes: ['operator.admin'], auth: { token: this.#secret() } };
    this.#send('connect', 'connect', connectParams(ask, challenge));
  }

  #connected({ ok }: Frame): void {
    if (!ok) return this.#drop();
    this.#isIn = true;
    this.#next();
  }

  #drop(): void {
    const link = this.#link;
    this.#link = undefined;
    link?.close(1000, '');
    this.onClose();
  }

  #next(): void {
    if (!this.#isIn || this.#waiting) return;
    const wanted = this.#queue.shift();
    if (!wanted) return;
    this.#numbers += 1;
    const id = `o${this.#numbers}`;
    const deadline = this.#world.after(ANSWER_MS, () => this.#drop());
    this.#waiting = { id, wanted, deadline };
    this.#send(id, wanted.method, wanted.params);
    // A proxy, or a person who clicks twice.
    if (this.#world.rng.chance(0.03)) this.#send(`${id}x`, wanted.method, wanted.params);
  }

  /** The answer is lost: the same again, whatever came of it. */
  #again(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    this.#world.cancel(waiting.deadline);
    this.#waiting = undefined;
    this.#queue.unshift(waiting.wanted);
  }

  #answered({ ok, payload, error }: Frame): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    this.#world.cancel(waiting.deadline);
    this.#waiting = undefined;
    if (ok && waiting.wanted.method === 'device.pair.list') this.list = payload;
    else if (ok) this.decided += 1;
    else if (error.retryable) this.#queue.unshift(waiting.wanted);
    this.#world.after(this.#world.rng.between(10, 500), () => this.#next());
  }

  #send(id: string, method: string, params: unknown): void {
    this.#link?.send(JSON.stringify({ type: 'req', id, method, params }));
  }
}
