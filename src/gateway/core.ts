import type { KeyObject } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Vocabulary } from '../../machines/vocabulary.ts';
import type { Authority } from '../authority/authority.ts';
import { callEmbedder } from '../authority/embedder.ts';
import type { ActorTap } from '../inspect/actor-tap.ts';
import type { ConnectRequest } from '../protocol/connect.ts';
import type { HelloFacts } from '../protocol/hello.ts';
import { importPublicKey } from '../protocol/signature.ts';
import type { CredentialReading, FailureLimiter } from './credentials.ts';
import type { LiveSession } from './live-session.ts';
import type { PeerAddress } from './locality.ts';
import type { Meter } from './meter.ts';
import type { Method } from './method.ts';
import type { Progress } from './progress.ts';
import type { RefusalLog } from './refusal-log.ts';
import type { Session } from './session.ts';
import type { Limits, Retention, WaitingSettings } from './settings.ts';
import type { TimerWheel } from './timer-wheel.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** The few calls of a logger that the gateway makes; a pino logger fits. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(fields: object, message: string): void;
}

/** What an embedder hears of its sessions. A callback that throws or rejects is logged and changes nothing. */
export interface SessionCallbacks {
  /** The session was let in: its hello is sent. */
  readonly onAuthorized?: (session: LiveSession) => void;
  /** What it may use became more or less; `session.scopes` is the new value. */
  readonly onScopesChanged?: (session: LiveSession) => void;
  /** An authorized session is over, whoever ended it. */
  readonly onEnded?: (session: LiveSession) => void;
}

/** Checks credentials that the embedder brings, in place of the shared secret. */
export type Authenticate = (
  connect: ConnectRequest,
  request: IncomingMessage,
) => CredentialReading | Promise<CredentialReading>;

/** What the sessions of one gateway share. */
export interface Core {
  readonly authority: Authority;
  readonly wheel: TimerWheel;
  readonly room: WaitingRoom;
  readonly progress: Progress;
  readonly limiter: FailureLimiter;
  readonly refusals: RefusalLog;
  readonly keys: KeyCache;
  readonly sessions: Set<Session>;
  /** Sockets since the start. */
  opened: number;
  readonly methods: ReadonlyMap<string, Method>;
  readonly hello: (facts: HelloFacts) => string;
  readonly vocabulary: Vocabulary;
  readonly waiting: WaitingSettings;
  readonly limits: Limits;
  /** Null: the history is kept for ever. */
  readonly retention: Retention | null;
  readonly deviceless: 'owner' | 'none';
  readonly version: string;
  readonly startedMs: number;
  readonly log: Log;
  readonly meter: Meter;
  readonly callbacks: SessionCallbacks;
  /** Where actors are inspected; it never throws. */
  readonly inspect: ActorTap | undefined;
  /** Replaced when the shared secret changes. */
  authenticate: Authenticate;
  /** Sockets of an address that have not proved anything yet. */
  readonly unproven: Map<string, number>;
  /** Sessions whose record could not be read; they are read again soon. */
  readonly unread: Set<Session>;
  readonly locate: (request: IncomingMessage) => PeerAddress;
}

/** Tells an embedder of a session, if it wants to know. */
export function tellEmbedder(session: Session, name: keyof SessionCallbacks): void {
  const { callbacks, log } = session.core;
  callEmbedder(log, `${name} threw`, () => callbacks[name]?.(session), { conn: session.connId });
}

/** Tells that a session's scopes are about to be `live`, if they differ: an effect runs before its actor's snapshot is
 * the new one, and the callback must read the new scopes. */
export function tellScopes(session: Session, live: readonly string[]): void {
  if (live.join() === session.scopes.join()) return;
  queueMicrotask(() => tellEmbedder(session, 'onScopesChanged'));
}

/** Imported public keys of the devices seen last: importing one costs about as much as a third of verifying with it. */
export class KeyCache {
  readonly #keys = new Map<string, KeyObject>();
  readonly #most: number;

  /** A key held costs 1 KiB, one that is imported again 25 us: so many as are likely to come back in the next seconds. */
  constructor(most = 1000) {
    this.#most = most;
  }

  /** `deviceId` is the hash of `raw`, checked by the caller, so that one entry can never answer for another key. */
  get(deviceId: string, raw: Buffer): KeyObject {
    const known = this.#keys.get(deviceId);
    const key = known ?? importPublicKey(raw);
    this.#keys.delete(deviceId);
    this.#keys.set(deviceId, key);
    const [oldest] = this.#keys.keys();
    if (this.#keys.size > this.#most && oldest !== undefined) this.#keys.delete(oldest);
    return key;
  }
}
