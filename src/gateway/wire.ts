import type { WebSocket } from 'ws';
import { limitPayload } from './payload-limit.ts';

/** How a socket ends. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

const MOST_MISSED_PINGS = 2;
/** A reader that is this many bytes behind misses hints. */
const SLOW_BYTES = 1_048_576;

/** The socket of one session: text out, pings, and its end. Nothing here throws, also on a socket that is gone. */
export class Wire {
  readonly #socket: WebSocket;
  readonly #bufferedBytes: number;
  #missedPings = 0;

  /** `bufferedBytes`: a reader that is further behind is dropped. */
  constructor(socket: WebSocket, bufferedBytes: number) {
    this.#socket = socket;
    this.#bufferedBytes = bufferedBytes;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  send(text: string): void {
    if (!this.isOpen) return;
    this.#socket.send(text);
    if (this.#socket.bufferedAmount > this.#bufferedBytes)
      this.close({ code: 1008, reason: 'slow consumer' });
  }

  /** Sends what may be missed: a slow reader simply does not get it. */
  sendHint(text: string): void {
    if (this.#socket.bufferedAmount < SLOW_BYTES) this.send(text);
  }

  close({ code, reason }: Ending): void {
    this.#socket.close(code, reason);
  }

  /** Ends the socket without asking its peer. */
  terminate(): void {
    this.#socket.terminate();
  }

  ping(): void {
    this.#missedPings += 1;
    if (this.#missedPings > MOST_MISSED_PINGS) return this.terminate();
    if (this.isOpen) this.#socket.ping();
  }

  ponged(): void {
    this.#missedPings = 0;
  }

  allowFrames(bytes: number): void {
    limitPayload(this.#socket, bytes);
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
}
