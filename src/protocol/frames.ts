/**
 * The envelopes of PROTOCOL section 1.1: tolerant in what is read (unknown fields are ignored), exact in what is
 * sent, because 2026.2.19 drops a frame with an unknown top-level key (PROTOCOL Appendix C).
 */
import { type Fault, INVALID_FRAME, NESTED_TOO_DEEPLY, NOT_JSON, type WireError } from './faults.ts';

export type { WireError };

/** `params` is whatever the peer sent; undefined when it sent none. */
export interface RequestFrame {
  readonly kind: 'request';
  readonly id: string;
  readonly method: string;
  readonly params: unknown;
}

/** `id` is the frame's own when it can be read and `invalid` otherwise: what an answer after hello goes to. */
export interface FaultyFrame {
  readonly kind: 'fault';
  readonly id: string;
  readonly fault: Fault;
}

const LONGEST_ID = 256;
const LONGEST_METHOD = 128;
const DEEPEST = 64;
const NO_ID = 'invalid';

/**
 * Reads one text message. Never throws.
 * @param limits `maxDepth` counts nested objects and arrays, the frame itself included; 64 unless told. JSON.parse
 *   takes any depth, but whoever walks or writes the value later would overflow the stack.
 */
export function parseFrame(
  text: string,
  limits: { readonly maxDepth?: number } = {},
): RequestFrame | FaultyFrame {
  if (isDeeperThan(text, limits.maxDepth ?? DEEPEST)) return faulty(NESTED_TOO_DEEPLY);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return faulty(NOT_JSON);
  }
  if (typeof value !== 'object' || value === null) return faulty(INVALID_FRAME);
  const { type, id, method, params } = value as Readonly<Record<string, unknown>>;
  if (!isShort(id, LONGEST_ID)) return faulty(INVALID_FRAME);
  if (type !== 'req' || !isShort(method, LONGEST_METHOD)) return faulty(INVALID_FRAME, id);
  return { kind: 'request', id, method, params };
}

/** The text of a successful response; without `payload` when it is undefined. */
export function okFrame(id: string, payload?: unknown): string {
  return JSON.stringify({ type: 'res', id, ok: true, payload });
}

/** The text of a failed response. Keys that a client does not know are left out, whatever the value carries. */
export function errorFrame(id: string, error: WireError): string {
  const { code, message, details, retryable, retryAfterMs } = error;
  const shape = { code, message, details, retryable, retryAfterMs: wholeMs(retryAfterMs) };
  return JSON.stringify({ type: 'res', id, ok: false, error: shape });
}

/** The text of an event; no `seq`, which clients use only to notice gaps in broadcasts (PROTOCOL section 1.1). */
export function eventFrame(event: string, payload?: unknown): string {
  return JSON.stringify({ type: 'event', event, payload });
}

const LONGEST_REASON = 120;

/** Cuts a close reason to at most `mostBytes` (120 unless told) of UTF-8, between characters (PROTOCOL 1.3). */
export function closeReason(text: string, mostBytes: number = LONGEST_REASON): string {
  // A lone surrogate becomes three bytes on the wire, so it is replaced before anything is counted.
  const wellFormed = text.toWellFormed();
  if (wellFormed.length * 3 <= mostBytes) return wellFormed;
  const bytes = Buffer.from(wellFormed);
  if (bytes.length <= mostBytes) return wellFormed;
  let end = mostBytes;
  while (end > 0 && isContinuation(bytes[end])) end -= 1;
  return bytes.toString('utf8', 0, end);
}

function faulty(fault: Fault, id: string = NO_ID): FaultyFrame {
  return { kind: 'fault', id, fault };
}

function isShort(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= longest;
}

/** Clients drop a whole response whose `retryAfterMs` is not a non-negative integer. */
function wholeMs(ms: number | undefined): number | undefined {
  return ms === undefined || !Number.isFinite(ms) ? undefined : Math.max(0, Math.ceil(ms));
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Counts brackets outside strings. For text that is not JSON the answer may be either; JSON.parse refuses it. */
function isDeeperThan(text: string, most: number): boolean {
  if (hasAtMost(most, text)) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at + 1);
      if (at < 0) return false;
    }
    depth += nesting(code);
    if (depth > most) return true;
  }
  return false;
}

/** Whether the text has at most `most` opening brackets, inside strings or not: then it cannot be deeper. */
function hasAtMost(most: number, text: string): boolean {
  let left = most;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (left === 0) return false;
      left -= 1;
    }
  }
  return true;
}

/** 1 for an opening bracket, -1 for a closing one. */
function nesting(code: number): number {
  if (code === 0x7b || code === 0x5b) return 1;
  return code === 0x7d || code === 0x5d ? -1 : 0;
}

/** The index of the quote that ends the string whose text starts at `start`; -1 when nothing ends it. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start);
  while (end >= 0) {
    let before = end - 1;
    while (before >= start && text.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 1) return end;
    end = text.indexOf('"', end + 1);
  }
  return -1;
}
