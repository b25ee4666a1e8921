import { uncovered } from '../../machines/policy.ts';
import { type Ask, type Challenge, connectParams } from './device.ts';
import type { Peer, Received } from './peer.ts';
import type { Target } from './target.ts';

type Scopes = readonly string[];

/** One connect, and what the gateway made of it. */
export interface Attempt {
  readonly peer: Peer;
  /** The id of its `connect`. */
  readonly connectId: string;
  readonly asked: Scopes;
  /** `held`: neither let in nor refused; it waits on its open socket. `silent`: closed without any answer. */
  readonly end: 'let-in' | 'held' | 'refused' | 'silent';
  /** What it may use, as hello says; nothing unless it was let in. */
  readonly scopes: Scopes;
  /** The part of what it asked for that it did not get. */
  readonly missing: Scopes;
  /** The request that waits for an owner, where the gateway names it. */
  readonly requestId: string | null;
  readonly deviceToken: string | null;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** How long a gateway that says nothing at all is given before it counts as holding the connect. */
const HELD_AFTER_MS = 2500;

/** Sends one signed `connect` and waits until it is let in, refused or held. */
export async function attempt(target: Target, peer: Peer, ask: Ask): Promise<Attempt> {
  const challenge = await peer.event('connect.challenge');
  if (!challenge) throw new Error('the gateway sent no connect.challenge');
  const params = connectParams(ask, challenge.payload as unknown as Challenge, target.protocol);
  const connectId = peer.send('connect', params);
  const isPending = (): boolean => peer.frames.some(({ event }) => event === 'connect.pending');
  await peer.until(() => answerOf(peer, connectId) || isPending() || peer.closed, HELD_AFTER_MS);
  return read(peer, connectId, ask.scopes);
}

/** The same connect again, after its answer has come or `ms` have passed. */
export async function answered(before: Attempt, ms: number): Promise<Attempt> {
  if (before.end !== 'held') return before;
  const { peer, connectId, asked } = before;
  await peer.response(connectId, ms);
  return read(peer, connectId, asked);
}

function answerOf(peer: Peer, connectId: string): Received | undefined {
  return peer.frames.find(({ type, id }) => type === 'res' && id === connectId);
}

function read(peer: Peer, connectId: string, asked: Scopes): Attempt {
  const answer = answerOf(peer, connectId);
  const error = answer?.error;
  const details = error?.details ?? {};
  const auth = record(answer?.payload?.auth);
  const isIn = answer?.ok === true;
  // A gateway that does not say what it gave has given what was asked for.
  const scopes = isIn ? (texts(auth.scopes) ?? asked) : [];
  return {
    peer,
    connectId,
    asked,
    end: isIn ? 'let-in' : answer ? 'refused' : peer.closed ? 'silent' : 'held',
    scopes,
    missing: uncovered(scopes, asked),
    requestId: isIn ? null : requestIdOf(peer, details, error?.message ?? ''),
    deviceToken: text(auth.deviceToken),
    message: error?.message ?? peer.closed?.reason ?? '',
    details,
  };
}

function requestIdOf(peer: Peer, details: Attempt['details'], message: string): string | null {
  const pending = peer.frames.find(({ event }) => event === 'connect.pending');
  const named = /\(requestId: ([\w.:-]+)\)/.exec(message)?.[1];
  return text(details.requestId) ?? text(pending?.payload?.requestId) ?? named ?? null;
}

/** Whether a refusal, or the lack of one, keeps a client waiting: it is held, or is told to come back. */
export function keepsWaiting({ end, details }: Attempt): boolean {
  if (end === 'held') return true;
  return details.recommendedNextStep === 'wait_then_retry' || details.pauseReconnect === false;
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

export function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function texts(value: unknown): Scopes | undefined {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : undefined;
}
