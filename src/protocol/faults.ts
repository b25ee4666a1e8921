/**
 * What is answered to a peer whose frames break the protocol before hello (PROTOCOL section 1.3). A fault is data:
 * the error to send, if any, and how the socket is closed after it. Nothing here says anything about rights.
 */

/** The `error` of a response. `retryAfterMs` is in milliseconds. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
}

/** The WebSocket close codes that a refusal may use (PROTOCOL section 6.3). */
export type CloseCode = 1002 | 1008 | 1012 | 1013;

/** How a socket is closed. `reason` is at most 120 bytes of UTF-8. */
export interface Close {
  readonly code: CloseCode;
  readonly reason: string;
}

/** `wire` is null where PROTOCOL section 1.3 closes without a response frame. */
export interface Fault {
  readonly wire: WireError | null;
  readonly close: Close;
}

function silent(code: CloseCode, reason: string): Fault {
  return { wire: null, close: { code, reason } };
}

/** Upstream closes with 1000 and no reason here; a reason is what the person who debugs a client needs. */
export const NOT_JSON = silent(1008, 'invalid request frame: not JSON');
export const NESTED_TOO_DEEPLY = silent(1008, 'invalid request frame: nested too deeply');
export const INVALID_FRAME = silent(1008, 'invalid request frame');
export const TOO_MANY_PENDING = silent(1008, 'too many pending handshake frames');

/** 2026.2.19 closes with 1000 and no reason, which its client takes for a passing fault. */
export const HANDSHAKE_TIMEOUT = silent(1008, 'handshake timeout');

const FIRST_MUST_BE_CONNECT = 'invalid handshake: first request must be connect';

export const NOT_CONNECT_FIRST: Fault = {
  wire: { code: 'INVALID_REQUEST', message: FIRST_MUST_BE_CONNECT },
  close: { code: 1008, reason: FIRST_MUST_BE_CONNECT },
};

/** A `connect` after hello is answered with this and the socket stays open. */
export const SECOND_CONNECT: WireError = {
  code: 'INVALID_REQUEST',
  message: 'connect is only valid as the first request',
};

/** After hello a malformed frame does not end the socket: it is answered with this (PROTOCOL section 1.3). */
export function errorAfterHello(fault: Fault): WireError {
  return fault.wire ?? { code: 'INVALID_REQUEST', message: fault.close.reason };
}
