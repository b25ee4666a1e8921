import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import type { EndReason, RecordRead } from '../../machines/connection-setup.ts';
import type { Denial } from '../../machines/denial.ts';
import type { View } from '../../machines/verdict.ts';
import { formatRequestId, type RequestRef, type Role } from '../../machines/vocabulary.ts';
import type { Look } from '../authority/authority.ts';
import type { ClientClaim } from '../protocol/connect.ts';
import { type Fault, NOT_CONNECT_FIRST, TOO_MANY_PENDING } from '../protocol/faults.ts';
import { errorFrame, eventFrame, parseFrame, type RequestFrame } from '../protocol/frames.ts';
import { type Core, tellEmbedder } from './core.ts';
import type { Credential } from './credentials.ts';
import { dispatch, dispatchFault } from './dispatch.ts';
import { type ConnectionActor, startConnection } from './effects.ts';
import { ENDINGS, noteFault, refusalFor, UNREADABLE } from './endings.ts';
import { type Admission, admit, askAuthority, checkProof, lookAt, sendHello } from './handshake.ts';
import { type LiveSession, UNKNOWN_CLIENT } from './live-session.ts';
import type { PeerAddress } from './locality.ts';
import { Place } from './place.ts';
import { RecordWatch } from './record-watch.ts';
import { unparked } from './settings.ts';
import type { Due } from './timer-wheel.ts';
import type { Guest } from './waiting-room.ts';
import { type Ending, Wire } from './wire.ts';

/** How long a session that has ended may still answer the calls that were under way. */
const LAST_ANSWERS_MS = 2000;

/** One connection: it carries frames to and from its connection actor, and does what the actor's effects say. */
export class Session implements LiveSession, Guest, Due {
  readonly connId = randomUUID();
  /** Epoch ms. */
  readonly openedAtMs: number;
  readonly nonce = randomUUID();
  /** Which part of the ping interval this socket is pinged in, so that not all are at once. */
  readonly shard: number;
  readonly core: Core;
  readonly peer: PeerAddress;
  readonly wire: Wire;
  readonly actor: ConnectionActor;
  readonly place: Place;
  /** Set by the first `connect`; what it signed is kept for the session's life and never written to. */
  admission: Admission | undefined;
  credential: Credential = 'none';
  /** Scopes that `requestUpgrade` asked for beyond the signed wish. */
  asked: readonly string[] = [];
  /** Keeps it in step with its device's record until it is over. */
  readonly watch: RecordWatch;
  /** The upgrade request, until the proof is checked. */
  #request: IncomingMessage | undefined;
  #connectId = 'invalid';
  #queue: RequestFrame[] = [];
  #fault: Fault = NOT_CONNECT_FIRST;
  #deliveries = 0;
  /** What its actor is told, if that was loaded in this same turn: a second look for its hello would see the same. */
  #told: Look | undefined;
  #wasAuthorized = false;
  #calls = 0;
  #ending: Ending | undefined;

  constructor(core: Core, socket: WebSocket, request: IncomingMessage, peer: PeerAddress) {
    this.core = core;
    this.shard = core.opened++;
    this.peer = peer;
    this.#request = request;
    this.wire = new Wire(socket, core.limits.bufferedBytes);
    this.place = new Place(core, this);
    this.watch = new RecordWatch((isCurrent) => this.#read(isCurrent));
    this.actor = startConnection(this);
    this.openedAtMs = core.authority.clock.now();
    this.sendEvent('connect.challenge', { nonce: this.nonce, ts: this.openedAtMs });
  }

  get deviceId(): string {
    return this.admission?.deviceId ?? '';
  }

  get role(): Role {
    return this.admission?.role ?? 'operator';
  }

  get client(): ClientClaim {
    return this.admission?.client ?? UNKNOWN_CLIENT;
  }

  get address(): string {
    return this.peer.address;
  }

  /** What the session may use now. Nothing after hello reads anything else. */
  get scopes(): LiveSession['scopes'] {
    return this.actor.getSnapshot().context.live;
  }

  get isAuthorized(): boolean {
    const snapshot = this.actor.getSnapshot();
    return snapshot.status === 'active' && snapshot.hasTag('authorized') && this.wire.isOpen;
  }

  get isWaiting(): boolean {
    return this.actor.getSnapshot().hasTag('waiting');
  }

  get isParked(): boolean {
    return this.place.isParked;
  }

  /** The request that it waits for; null if none is open. */
  get waitsFor(): RequestRef | null {
    return this.actor.getSnapshot().context.request;
  }

  sendEvent(event: string, payload: unknown): void {
    this.wire.send(eventFrame(event, payload));
  }

  close(code: number, reason: string): void {
    this.wire.close({ code, reason });
  }

  message(data: Buffer, isBinary: boolean): void {
    const frame = parseFrame(isBinary ? '' : data.toString('utf8'));
    const snapshot = this.actor.getSnapshot();
    if (snapshot.hasTag('settled') || snapshot.status !== 'active' || !this.wire.isOpen) return;
    if (snapshot.hasTag('authorized')) {
      if (frame.kind === 'fault') dispatchFault(this, frame);
      else void dispatch(this, frame);
    } else if (frame.kind === 'fault') this.#break(frame.fault);
    else if (snapshot.matches('challenged')) this.#connect(frame);
    else this.#enqueue(frame);
  }

  closed(): void {
    this.actor.send({ type: 'socket.closed' });
    this.place.gone();
    this.watch.wake();
    this.#queue = [];
    this.core.unread.delete(this);
    this.core.sessions.delete(this);
    if (this.#wasAuthorized) tellEmbedder(this, 'onEnded');
    this.actor.stop();
  }

  due(): void {
    this.place.spent();
    if (this.#ending) this.wire.close(this.#ending);
    else if (this.isParked) this.#endSlice().catch((error: unknown) => this.failed(error));
    else this.actor.send({ type: 'deadline.reached' });
  }

  verify(): void | Promise<void> {
    const request = this.#request;
    this.#request = undefined;
    return request && checkProof(this, request);
  }

  async ask(): Promise<void> {
    this.place.proved();
    this.place.startDeadline(this.core.limits.handshakeMs);
    // Before the record is loaded: no change can fall between the load and the wait (R10).
    if (this.deviceId !== '') this.core.room.enter(this);
    const seen = this.watch.version;
    const answer = await this.watch.holdWhile(() => askAuthority(this));
    if (answer === undefined) return;
    // The record that the authority answered from is the newest, unless something has changed since (R10).
    if (answer === null || seen !== this.watch.version) return this.watch.changed();
    if (answer.asLoaded) this.#told = answer.look;
    this.actor.send({ type: 'record.read', ...answer.look.reading });
  }

  async deliver(): Promise<void> {
    this.#deliveries += 1;
    const delivery = this.#deliveries;
    for (;;) {
      const seen = this.watch.version;
      const told = this.#told;
      this.#told = undefined;
      const look = await (told ?? lookAt(this));
      if (delivery !== this.#deliveries || !this.actor.getSnapshot().matches('approved')) return;
      // Something changed while we looked: the answer may be about rights that are gone (I18).
      if (seen !== this.watch.version) continue;
      if (look !== told) this.actor.send({ type: 'record.read', ...look.reading });
      if (!this.actor.getSnapshot().matches('approved')) return;
      this.place.settle();
      if (!this.wire.isOpen) return this.actor.send({ type: 'delivery.failed' });
      sendHello(this, look);
      this.actor.send({ type: 'delivery.flushed', view: look.reading.view });
      return this.#welcomed();
    }
  }

  park({ open, openUntilMs }: View): void {
    const { admission } = this;
    if (!admission || !open) return;
    this.place.park(admission.sliceMs);
    const requestId = formatRequestId(open);
    if (admission.pendingShown === requestId) return;
    admission.pendingShown = requestId;
    this.sendEvent('connect.pending', { requestId, expiresAtMs: openUntilMs });
  }

  refuse(denial: Denial): void {
    const { error, close } = refusalFor(this, denial);
    if (this.admission) this.wire.send(errorFrame(this.admission.connectId, error));
    this.place.dismiss(this.wire, close);
  }

  tellResolved({ view, outcome, denial }: Pick<RecordRead, 'view' | 'outcome' | 'denial'>): void {
    const requestId = this.waitsFor && formatRequestId(this.waitsFor);
    this.asked = [];
    const why = 'note' in denial ? { note: denial.note } : {};
    if (requestId) {
      this.sendEvent('device.upgrade.resolved', { requestId, outcome, scopes: view.live, ...why });
    }
  }

  end(reason: EndReason): void {
    const ending = reason === 'fault' ? this.#fault.close : ENDINGS[reason];
    if (reason === 'fault' && this.#fault.wire) this.wire.send(errorFrame(this.#connectId, this.#fault.wire));
    if (!this.#wasAuthorized) noteFault(this, ending.reason);
    this.place.leave(this.#wasAuthorized && this.wire.isOpen ? undefined : this.wire);
    if (this.#calls === 0) return this.wire.close(ending);
    this.#ending = ending;
    this.place.startDeadline(LAST_ANSWERS_MS);
    // A call that waits for the next change of the record would keep the socket open until one comes.
    this.watch.wake();
  }

  /** Something of ours failed. The peer is not told more than that nothing was decided. */
  failed(error: unknown): void {
    this.core.log.error({ err: error, conn: this.connId }, 'a connection could not be handled');
    const snapshot = this.actor.getSnapshot();
    if (snapshot.status !== 'active') this.close(1011, 'internal error');
    // What changed may be that its rights are gone: it must prove itself again. Whoever waits has none to lose.
    else if (snapshot.hasTag('authorized')) this.place.dismiss(this.wire, UNREADABLE);
    // A hello that was being delivered is tried by nobody again, also when the socket was parked before.
    else if (snapshot.hasTag('waiting')) this.core.unread.add(this);
    else this.actor.send({ type: 'authority.failed' });
  }

  /** A call begins; a session that its own call ends is closed only after the answer. Returns how it is ended. */
  beginCall(): () => void {
    this.#calls += 1;
    return () => {
      this.#calls -= 1;
      if (this.#calls === 0 && this.#ending) this.wire.close(this.#ending);
    };
  }

  #connect(frame: RequestFrame): void {
    this.#connectId = frame.id;
    const admitted = admit(frame, this.core);
    if (!admitted.ok) return this.#break(admitted.fault);
    this.admission = admitted.admission;
    const { manner, client } = admitted.admission;
    const isFull = !this.core.room.hasPlace(this);
    const commandLine = client.mode === 'cli';
    this.actor.send({ type: 'connect.received', manner: isFull ? unparked(manner) : manner, commandLine });
  }

  #enqueue(frame: RequestFrame): void {
    this.#queue.push(frame);
    if (this.#queue.length > this.core.limits.queuedFrames) this.#break(TOO_MANY_PENDING);
  }

  #break(fault: Fault): void {
    this.#fault = fault;
    this.actor.send({ type: 'frame.illegal' });
  }

  async #read(isCurrent: () => boolean): Promise<void> {
    if (this.actor.getSnapshot().hasTag('settled')) return;
    try {
      const { reading } = await lookAt(this);
      if (isCurrent()) this.actor.send({ type: 'record.read', ...reading });
    } catch (error) {
      this.failed(error);
    }
  }

  async #endSlice(): Promise<void> {
    const { reading } = await lookAt(this);
    if (!this.isParked) return;
    // What was decided in the meantime is told instead (I5), also when that is a part of what it asked for (I12).
    this.actor.send({ type: 'record.read', ...reading });
    if (this.isParked) this.actor.send({ type: 'slice.ended', denial: reading.denial });
  }

  #welcomed(): void {
    this.#wasAuthorized = true;
    this.wire.allowFrames(this.core.limits.frameBytes);
    tellEmbedder(this, 'onAuthorized');
    const queued = this.#queue;
    this.#queue = [];
    for (const frame of queued) void dispatch(this, frame);
  }
}
