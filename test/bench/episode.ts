/** One client that waits for its approval over real sockets, while its own delays pass on a turned clock. */
import { WebSocket } from 'ws';
import type { TestDevice } from '../protocol/device.ts';
import { connectParams } from '../support/raw-client.ts';
import { type ClientModel, delayBefore } from './clients.ts';
import { SECRET } from './house.ts';

export class Episode {
  readonly #url: string;
  readonly #model: ClientModel;
  readonly #device: TestDevice;
  readonly #now: () => number;
  #socket: WebSocket | undefined;
  #reconnects = 0;
  #reconnectAtMs = 0;
  #parkedSinceMs: number | undefined;
  #isWaitingForTimer = true;
  #gaveUp = false;
  requestId: string | undefined;
  connects = 0;
  parkedMs = 0;
  usableAtMs: number | undefined;

  constructor(url: string, model: ClientModel, device: TestDevice, now: () => number) {
    this.#url = url;
    this.#model = model;
    this.#device = device;
    this.#now = now;
    this.#reconnectAtMs = now();
  }

  get isOver(): boolean {
    return this.usableAtMs !== undefined || this.#gaveUp;
  }

  get isParked(): boolean {
    return this.#parkedSinceMs !== undefined;
  }

  /** Whether bytes are on their way: time must not pass meanwhile, because in reality this takes a millisecond. */
  get isBusy(): boolean {
    return !this.isOver && !this.isParked && !this.#isWaitingForTimer;
  }

  /** Runs the client's timer, if its time has come. */
  turn(): void {
    if (this.isOver || !this.#isWaitingForTimer || this.#reconnectAtMs > this.#now()) return;
    this.#isWaitingForTimer = false;
    this.#connect();
  }

  end(): void {
    this.#gaveUp = true;
    this.#socket?.terminate();
  }

  #connect(): void {
    const socket = new WebSocket(this.#url, { perMessageDeflate: false });
    this.#socket = socket;
    this.connects += 1;
    let mayComeBack = true;
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data));
      if (frame.event === 'connect.challenge') this.#answer(socket, frame.payload);
      else if (frame.event === 'connect.pending') this.#parked(frame.payload.requestId);
      else if (frame.type === 'res' && frame.ok) this.#welcome();
      else if (frame.type === 'res') mayComeBack = !this.#model.stopsOn(frame.error?.details ?? {});
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#closed(mayComeBack));
  }

  #answer(socket: WebSocket, challenge: { nonce: string; ts: number }): void {
    const { protocol, mode, clientId, userAgent } = this.#model;
    const [role, scopes] = mode === 'node' ? ['node', []] : ['operator', ['operator.read']];
    const auth = { token: SECRET };
    const ask = { device: this.#device, role, scopes, auth, protocol, mode, clientId };
    const params = { ...connectParams(ask, challenge), ...(userAgent !== undefined && { userAgent }) };
    socket.send(JSON.stringify({ type: 'req', id: 'c1', method: 'connect', params }));
  }

  #parked(requestId: string): void {
    this.requestId = requestId;
    this.#parkedSinceMs ??= this.#now();
  }

  #unparked(): void {
    if (this.#parkedSinceMs !== undefined) this.parkedMs += this.#now() - this.#parkedSinceMs;
    this.#parkedSinceMs = undefined;
  }

  #welcome(): void {
    this.#unparked();
    this.usableAtMs = this.#now();
    this.#socket?.terminate();
  }

  #closed(mayComeBack: boolean): void {
    this.#unparked();
    if (this.isOver) return;
    this.#gaveUp = !mayComeBack || this.#reconnects >= this.#model.mostReconnects;
    this.#reconnectAtMs = this.#now() + delayBefore(this.#reconnects);
    this.#reconnects += 1;
    this.#isWaitingForTimer = true;
  }
}
