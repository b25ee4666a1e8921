import type { Manner } from '../../machines/connection-setup.ts';
import type { ConnectRequest } from '../protocol/connect.ts';

/** How long and in which manner clients wait (DESIGN section 4, Waiting). All times in ms. */
export interface WaitingSettings {
  /** For every client that `modes` does not name. */
  readonly manner: Manner;
  /** By `client.mode` as the client sends it. */
  readonly modes: Readonly<Record<string, Manner>>;
  /** How long one connect is held, by `client.mode`, or by `client.mode@protocol` where generations differ. */
  readonly sliceMs: Readonly<Record<string, number>>;
  readonly defaultSliceMs: number;
  /** For a client with the capability `antechamber.wait`. */
  readonly longSliceMs: number;
}

/**
 * The slices fit the deadlines that clients keep themselves: the official client gives a connect 15 s, one-shot calls
 * 10 s, 2026.2.19's `status` 2.5 s. A person at a terminal is often the one who approves, and is told how after 2 s.
 * The node host of 2026.2.19 has no deadline, and ends when it is refused once: nothing else keeps its process alive.
 */
export const DEFAULT_WAITING: WaitingSettings = {
  manner: 'auto',
  modes: {},
  sliceMs: {
    'backend@3': 2000,
    'backend@4': 7000,
    cli: 2000,
    'node@3': 5 * 60_000,
    node: 12_000,
    ui: 12_000,
    webchat: 12_000,
  },
  defaultSliceMs: 7000,
  longSliceMs: 5 * 60_000,
};

/** What one peer can make the gateway hold. Bytes, ms and counts. */
export interface Limits {
  /** Longest frame before hello. */
  readonly preauthBytes: number;
  /** Longest frame after hello. */
  readonly frameBytes: number;
  /** Bytes that may wait to be read by a slow client before it is dropped. */
  readonly bufferedBytes: number;
  /** From the upgrade until the proof is checked. */
  readonly handshakeMs: number;
  /** Frames a client may send ahead of its hello. */
  readonly queuedFrames: number;
  /** Sockets of one address (of one /64 in IPv6, here and below) that have not proved anything; loopback is not limited. */
  readonly unprovenPerAddress: number;
  /** The same of all addresses together; loopback is not limited. */
  readonly unproven: number;
  readonly parkedPerRole: number;
  readonly parkedPerAddress: number;
  readonly parked: number;
  /** Every socket is pinged this often; two unanswered pings end it. */
  readonly pingMs: number;
  readonly tickMs: number;
  /** Wrong credentials of one address within a minute, before it has to wait. On loopback each page in a browser is
   * limited by itself, and nothing else is. */
  readonly failures: number;
  readonly lockoutMs: number;
}

/** How much of the history is kept. */
export interface Retention {
  /** How old an event may become, in ms. It stays for as long as a request may live, and a day, in any case: an answer
   * to a late decision is read off it (I7). */
  readonly historyMs: number;
  /** The newest so many of each device that there is stay, however old. */
  readonly historyKeep: number;
}

export const DEFAULT_LIMITS: Limits = {
  preauthBytes: 65_536,
  frameBytes: 26_214_400,
  bufferedBytes: 52_428_800,
  handshakeMs: 15_000,
  queuedFrames: 15,
  unprovenPerAddress: 32,
  unproven: 1024,
  parkedPerRole: 8,
  parkedPerAddress: 64,
  parked: 20_000,
  pingMs: 20_000,
  tickMs: 30_000,
  failures: 10,
  lockoutMs: 5 * 60_000,
};

/** A probe is answered at once with what is covered, or refused at once. */
export function mannerFor(waiting: WaitingSettings, connect: ConnectRequest): Manner {
  if (connect.probe) return 'serve';
  return waiting.modes[connect.client.mode] ?? waiting.manner;
}

/** The manner when there is no place left to park: what is covered is served, the rest refused, and joined. */
export function unparked(manner: Manner): Manner {
  return manner === 'auto' || manner === 'serve' ? 'serve' : 'refuse';
}

export function sliceFor(waiting: WaitingSettings, connect: ConnectRequest): number {
  if (connect.patient) return waiting.longSliceMs;
  const { mode } = connect.client;
  const { sliceMs } = waiting;
  return sliceMs[`${mode}@${connect.protocol}`] ?? sliceMs[mode] ?? waiting.defaultSliceMs;
}
