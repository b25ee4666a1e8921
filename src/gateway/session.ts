import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import type { EndReason, Manner } from '../../machines/connection-setup.ts';
import type { Denial } from '../../machines/denial.ts';
import type { View } from '../../machines/verdict.ts';
import {
  formatRequestId,
  type GrantedScopes,
  type Outcome,
  type RequestRef,
  type Role,
} from '../../machines/vocabulary.ts';
import type { Caller } from '../authority/callers.ts';
import { parseConnect } from '../protocol/connect.ts';
import { clientKindOf, wireDenial } from '../protocol/denial.ts';
import { type Fault, HANDSHAKE_TIMEOUT, NOT_CONNECT_FIRST, TOO_MANY_PENDING } from '../protocol/faults.ts';
import { errorFrame, eventFrame, parseFrame, type RequestFrame } from '../protocol/frames.ts';
import type { Core } from './core.ts';
import type { Credential } from './credentials.ts';
import { dispatch, dispatchFault } from './dispatch.ts';
import { type ConnectionActor, startConnection } from './effects.ts';
import { type Admission, askAuthority, checkProof, lookAt, sendHello } from './handshake.ts';
import type { PeerAddress } from './locality.ts';
import { limitPayload } from './payload-limit.ts';
import { mannerFor, sliceFor } from './settings.ts';
import type { Due, Timer } from './timer-wheel.ts';
import type { Guest } from './waiting-room.ts';

/** How a session that was let in ends, by what ended it (PROTOCOL 6.3; each text says what happened, once). */
const ENDINGS: Readonly<
  Record<Exclude<EndReason, 'fault'>, { readonly code: number; readonly reason: string }>
> = {
  revoked: { code: 4001, reason: 'device role revoked' },
  removed: { code: 4001, reason: 'device removed' },
  rotated: { code: 4001, reason: 'device token rotated; reconnect' },
  narrowed: { code: 4001, reason: 'device grant narrowed; reconnect' },
  'auth-changed': { code: 4001, reason: 'gateway auth changed' },
  restart: { code: 1012, reason: 'service restart' },
  timeout: { code: HANDSHAKE_TIMEOUT.close.code, reason: HANDSHAKE_TIMEOUT.close.reason },
};

const MOST_MISSED_PINGS = 2;
let opened = 0;

/** One socket: it carries bytes to and from its connection actor, and does what the actor's effects say. */
export class Session implements Guest, Due {
  readonly connId = randomUUID();
  readonly nonce = randomUUID();
  readonly core: Core;
  readonly peer: PeerAddress;
  readonly actor: ConnectionActor;
  /** Set by the first `connect`; what it signed is kept for the session's life and never written to. */
  admission: Admission | undefined;
  credential: Credential = 'none';
  isParked = false;
  /** Pings in a row that were not answered. */
  missedPings = 0;
  /** Which part of the ping interval this socket is pinged in, so that not all are at once. */
  readonly shard: number;
  /** Scopes that `requestUpgrade` asked for beyond the signed wish. */
  asked: readonly string[] = [];
  /** Grows with every change of the record: a hello built from an older look is built again. */
  changes = 0;
  /** Calls under way; a session that its own call ends is closed after the answer. */
  calls = 0;
  readonly #socket: WebSocket;
  #request: IncomingMessage | undefined;
  #timer: Timer | undefined;
  #queue: RequestFrame[] = [];
  #fault: Fault = NOT_CONNECT_FIRST;
  #ending: { readonly code: number; readonly reason: string } | undefined;
  #reading: Promise<void> | undefined;
  #wasAuthorized = false;
  #isUnproven = true;
  #changed: PromiseWithResolvers<void> | undefined;
  #isAsking = false;
  #deliveries = 0;

  constructor(core: Core, socket: WebSocket, request: IncomingMessage, peer: PeerAddress) {
    this.core = core;
    this.peer = peer;
    this.#socket = socket;
    this.#request = request;
    this.shard = opened++;
    core.unproven.set(peer.address, (core.unproven.get(peer.address) ?? 0) + 1);
    this.actor = startConnection(this);
    this.#timer = core.wheel.schedule(core.authority.clock.now() + core.limits.handshakeMs, this);
    this.send(eventFrame('connect.challenge', { nonce: this.nonce, ts: core.authority.clock.now() }));
  }

  get deviceId(): string {
    return this.admission?.deviceId ?? '';
  }

  get role(): Role {
    return this.admission?.role ?? 'operator';
  }

  get address(): string {
    return this.peer.address;
  }

  /** What the session may use now. Nothing after hello reads anything else. */
  get scopes(): GrantedScopes {
    return this.actor.getSnapshot().context.live;
  }

  get isAuthorized(): boolean {
    const snapshot = this.actor.getSnapshot();
    return snapshot.status === 'active' && snapshot.hasTag('authorized');
  }

  /** The request that it waits for; null if none is open. */
  get waitsFor(): RequestRef | null {
    return this.actor.getSnapshot().context.request;
  }

  get isWaiting(): boolean {
    return this.actor.getSnapshot().hasTag('waiting');
  }

  /** Who calls, for the authority (DESIGN section 4, Callers). */
  get caller(): Caller {
    const name = `${this.admission?.client.id ?? 'unknown'} at ${this.address}`;
    const { deviceId, scopes } = this;
    if (deviceId === '') return { class: 'deviceless', name, scopes };
    const byToken = this.credential === 'device-token';
    return { class: byToken ? 'device-token' : 'device-shared-secret', deviceId, name, scopes };
  }

  send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(text);
    if (this.#socket.bufferedAmount > this.core.limits.bufferedBytes) this.#close(1008, 'slow consumer');
  }

  /** Sends what may be missed: a slow reader simply does not get it. */
  sendHint(text: string): void {
    if (this.#socket.bufferedAmount < 1_048_576) this.send(text);
  }

  // --- from the socket

  message(data: Buffer, isBinary: boolean): void {
    const frame = parseFrame(isBinary ? '' : data.toString('utf8'));
    if (this.isAuthorized) {
      if (frame.kind === 'fault') dispatchFault(this, frame);
      else void dispatch(this, frame);
      return;
    }
    const snapshot = this.actor.getSnapshot();
    if (snapshot.hasTag('settled')) return;
    if (frame.kind === 'fault') this.#break(frame.fault);
    else if (!snapshot.matches('challenged')) this.#enqueue(frame);
    else this.#connect(frame);
  }

  closed(): void {
    this.actor.send({ type: 'socket.closed' });
    this.#release();
    this.core.sessions.delete(this);
    if (this.#wasAuthorized) this.#callback('onEnded');
    this.actor.stop();
  }

  ping(): void {
    this.missedPings += 1;
    if (this.missedPings > MOST_MISSED_PINGS) return this.#socket.terminate();
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  /** Resolves when the socket is gone; after `patienceMs` it is cut. */
  whenClosed(patienceMs: number): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState === socket.CLOSED) return Promise.resolve();
    const cut = setTimeout(() => socket.terminate(), patienceMs);
    return new Promise((resolve) => {
      socket.once('close', () => {
        clearTimeout(cut);
        resolve();
      });
    });
  }

  // --- from the timer wheel and the waiting room

  due(): void {
    this.#timer = undefined;
    if (this.isParked) this.#endSlice().catch((error: unknown) => this.failed(error));
    else this.actor.send({ type: 'deadline.reached' });
  }

  /** Reads the record and hands it to the actor; one reading at a time, and never an old one after a new change. */
  recordChanged(): Promise<void> {
    this.changes += 1;
    this.#changed?.resolve();
    this.#changed = undefined;
    // Until its own request is part of the record, the record says nothing to it.
    if (this.#isAsking) return Promise.resolve();
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  // --- effects of the connection machine

  verify(): void | Promise<void> {
    const request = this.#request;
    this.#request = undefined;
    return request && checkProof(this, request);
  }

  async ask(): Promise<void> {
    this.#proved();
    this.core.wheel.cancel(this.#timer);
    this.#timer = this.core.wheel.schedule(
      this.core.authority.clock.now() + this.core.limits.handshakeMs,
      this,
    );
    if (this.deviceId !== '') this.core.room.enter(this);
    this.#isAsking = true;
    try {
      if (!(await askAuthority(this))) return;
    } finally {
      this.#isAsking = false;
    }
    await this.recordChanged();
  }

  async deliver(): Promise<void> {
    this.#deliveries += 1;
    const delivery = this.#deliveries;
    for (;;) {
      const seen = this.changes;
      const { reading, device } = await lookAt(this);
      if (delivery !== this.#deliveries || !this.actor.getSnapshot().matches('approved')) return;
      // Something changed while we looked: the answer may be about rights that are gone (I18).
      if (seen !== this.changes) continue;
      this.actor.send({ type: 'record.read', ...reading });
      if (!this.actor.getSnapshot().matches('approved')) return;
      this.#settle();
      if (this.#socket.readyState !== this.#socket.OPEN) return this.actor.send({ type: 'delivery.failed' });
      sendHello(this, reading.view, device);
      this.actor.send({ type: 'delivery.flushed', view: reading.view });
      return this.#welcomed();
    }
  }

  park({ open, openUntilMs }: View): void {
    const { admission, core } = this;
    if (!admission || !open) return;
    const now = core.authority.clock.now();
    if (!this.isParked) {
      core.wheel.cancel(this.#timer);
      this.#timer = core.wheel.schedule(core.room.hasPlace(this) ? now + admission.sliceMs : now, this);
      this.isParked = true;
      core.room.parked(this.address);
    }
    // Its slice ran out while it was about to be let in, and now it waits again: it is over at once.
    this.#timer ??= core.wheel.schedule(now, this);
    if (admission.pendingShown === formatRequestId(open)) return;
    admission.pendingShown = formatRequestId(open);
    this.send(eventFrame('connect.pending', { requestId: admission.pendingShown, expiresAtMs: openUntilMs }));
  }

  refuse(denial: Denial): void {
    const { admission, core, peer } = this;
    const client = admission?.client ?? { id: 'unknown', mode: 'unknown' };
    const { error, close } = wireDenial(denial, {
      protocol: admission?.protocol ?? 4,
      clientKind: clientKindOf(client, peer.local),
      ...(this.deviceId && { deviceId: this.deviceId }),
    });
    this.#note(denial, client.id, close.reason);
    this.#settle();
    if (admission) this.send(errorFrame(admission.connectId, error));
    this.#close(close.code, close.reason);
    core.room.leave(this);
  }

  grantChanged(): void {
    this.#callback('onScopesChanged');
  }

  tellResolved(view: View, outcome: Outcome | null): void {
    const request = this.waitsFor;
    this.asked = [];
    if (!request) return;
    const payload = { requestId: formatRequestId(request), outcome, scopes: view.live };
    this.send(eventFrame('device.upgrade.resolved', payload));
  }

  end(reason: EndReason): void {
    const ending = reason === 'fault' ? this.#fault.close : ENDINGS[reason];
    if (reason === 'fault' && this.#fault.wire) {
      this.send(errorFrame(this.admission?.connectId ?? this.#connectId, this.#fault.wire));
    }
    if (!this.#wasAuthorized) this.#noteLine(`fault ${ending.reason}`, ending.reason);
    this.#settle();
    if (this.calls === 0) return this.#close(ending.code, ending.reason);
    this.#ending = ending;
    // A call that waits for the next change of the record would keep the socket open until one comes.
    this.#changed?.resolve();
    this.#changed = undefined;
  }

  /** Something of ours failed. The peer is not told more than that nothing was decided. */
  failed(error: unknown): void {
    this.core.log.error({ err: error, conn: this.connId }, 'a connection could not be handled');
    const snapshot = this.actor.getSnapshot();
    if (snapshot.status !== 'active') this.#close(1011, 'internal error');
    // A hello that was being delivered is tried by nobody again, also when the socket was parked before.
    else if (this.isAuthorized || snapshot.hasTag('waiting')) this.core.unread.add(this);
    else this.actor.send({ type: 'authority.failed' });
  }

  // --- for methods

  /** Resolves at the next change of the record, or when the session is over. */
  nextChange(): Promise<void> {
    this.#changed ??= Promise.withResolvers();
    return this.#changed.promise;
  }

  callDone(): void {
    this.calls -= 1;
    if (this.calls === 0 && this.#ending) this.#close(this.#ending.code, this.#ending.reason);
  }

  // --- inside

  #connectId = 'invalid';

  #connect(frame: RequestFrame): void {
    this.#connectId = frame.id;
    if (frame.method !== 'connect') return this.#break(NOT_CONNECT_FIRST);
    const reading = parseConnect(frame.params, this.core.vocabulary);
    if (!reading.ok) return this.#break(reading.fault);
    const { connect } = reading;
    const manner = mannerFor(this.core.waiting, connect);
    this.admission = {
      connectId: frame.id,
      deviceId: connect.device?.id ?? '',
      role: connect.role,
      wish: connect.wish,
      unknownScopes: connect.unknownScopes,
      client: connect.client,
      protocol: connect.protocol,
      probe: connect.probe,
      sliceMs: sliceFor(this.core.waiting, connect),
      wait: manner !== 'refuse' && !connect.probe,
      pendingShown: null,
      declined: false,
      connect,
    };
    const commandLine = connect.client.mode === 'cli';
    this.actor.send({ type: 'connect.received', manner: this.#mannerWithPlace(manner), commandLine });
  }

  #mannerWithPlace(manner: Manner): Manner {
    const isFull = !this.core.room.hasPlace(this);
    if (!isFull || manner === 'refuse' || manner === 'serve') return manner;
    return manner === 'auto' ? 'serve' : 'refuse';
  }

  #enqueue(frame: RequestFrame): void {
    this.#queue.push(frame);
    if (this.#queue.length > this.core.limits.queuedFrames) this.#break(TOO_MANY_PENDING);
  }

  #break(fault: Fault): void {
    this.#fault = fault;
    this.actor.send({ type: 'frame.illegal' });
  }

  async #read(): Promise<void> {
    let seen = -1;
    while (seen !== this.changes && !this.actor.getSnapshot().hasTag('settled')) {
      seen = this.changes;
      try {
        const { reading } = await lookAt(this);
        if (seen === this.changes) this.actor.send({ type: 'record.read', ...reading });
      } catch (error) {
        this.failed(error);
        return;
      }
    }
  }

  async #endSlice(): Promise<void> {
    const { reading } = await lookAt(this);
    if (!this.isParked) return;
    // What was decided in the meantime is told instead (I5).
    if (reading.view.covered || !reading.view.open) this.actor.send({ type: 'record.read', ...reading });
    else this.actor.send({ type: 'slice.ended', denial: reading.denial });
  }

  /** Its connect is answered: it no longer waits for an answer, and no deadline of the handshake holds. */
  #settle(): void {
    this.core.wheel.cancel(this.#timer);
    this.#timer = undefined;
    if (this.isParked) this.core.room.unparked(this.address);
    this.isParked = false;
  }

  #welcomed(): void {
    this.#wasAuthorized = true;
    limitPayload(this.#socket, this.core.limits.frameBytes);
    this.#callback('onAuthorized');
    const queued = this.#queue;
    this.#queue = [];
    for (const frame of queued) void dispatch(this, frame);
  }

  #proved(): void {
    if (!this.#isUnproven) return;
    this.#isUnproven = false;
    const left = (this.core.unproven.get(this.address) ?? 1) - 1;
    if (left === 0) this.core.unproven.delete(this.address);
    else this.core.unproven.set(this.address, left);
  }

  #release(): void {
    this.#proved();
    this.#settle();
    this.core.room.leave(this);
    this.core.unread.delete(this);
    this.#queue = [];
    this.#changed?.resolve();
  }

  #callback(name: 'onAuthorized' | 'onScopesChanged' | 'onEnded'): void {
    try {
      this.core.callbacks[name]?.(this);
    } catch (error) {
      this.core.log.error({ err: error, conn: this.connId }, `${name} threw`);
    }
  }

  #note(denial: Denial, client: string, reason: string): void {
    const request = 'request' in denial && denial.request ? formatRequestId(denial.request) : '';
    const kind = 'problem' in denial ? denial.problem : 'outcome' in denial ? denial.outcome : '';
    const line = `refused code=${denial.code} kind=${kind} request=${request} client=${JSON.stringify(client)}`;
    this.#noteLine(line, `${denial.code} ${kind} ${request} ${denial.code === 'UNDECIDED' ? reason : ''}`);
  }

  #noteLine(line: string, key: string): void {
    const who = `device=${this.deviceId || '<none>'} ip=${JSON.stringify(this.address)}`;
    this.core.refusals.note(
      `${this.deviceId || this.address} ${key}`,
      `connect ${line} ${who} conn=${this.connId}`,
    );
  }

  #close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}
