import type { IncomingMessage } from 'node:http';
import type { WebSocket, WebSocketServer } from 'ws';
import { OPENCLAW_VOCABULARY, type Role, type Vocabulary } from '../../machines/vocabulary.ts';
import type { Authority } from '../authority/authority.ts';
import { type ActorTap, guardTap } from '../inspect/actor-tap.ts';
import { makeHello } from '../protocol/hello.ts';
import { Announcer } from './announcer.ts';
import { countStates } from './connection-states.ts';
import { consoleMethods } from './console-methods.ts';
import { type Authenticate, type Core, KeyCache, type Log, type SessionCallbacks } from './core.ts';
import { FailureLimiter, makeCredentialCheck, type SharedAuth } from './credentials.ts';
import { deviceMethods } from './device-methods.ts';
import { explainMethods } from './explain-methods.ts';
import type { LiveSession } from './live-session.ts';
import { isLoopback, type LocalitySettings, makeLocality, networkOf, plainAddress } from './locality.ts';
import { type Meter, SILENT_METER } from './meter.ts';
import type { Method } from './method.ts';
import { nodeMethods } from './node-methods.ts';
import { limitPayload } from './payload-limit.ts';
import { Progress } from './progress.ts';
import { RefusalLog } from './refusal-log.ts';
import { Session } from './session.ts';
import {
  DEFAULT_LIMITS,
  DEFAULT_WAITING,
  type Limits,
  type Retention,
  type WaitingSettings,
} from './settings.ts';
import { statusMethods } from './status-methods.ts';
import { TimerWheel } from './timer-wheel.ts';
import { upgradeMethods } from './upgrade-methods.ts';
import { broadcast, Upkeep } from './upkeep.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface AttachOptions extends SessionCallbacks {
  readonly authority: Authority;
  /** The shared secret of this gateway. Default: none, which asks every peer for a device, and `authenticate` for
   * its judgement if there is one. */
  readonly auth?: SharedAuth;
  /** The embedder's own check of credentials, in place of the shared secret. A device token that it refuses is still
   * judged with the device's record. */
  readonly authenticate?: Authenticate;
  /** Scopes besides those of OpenClaw; each starts with `<role>.`. */
  readonly scopes?: Partial<Readonly<Record<Role, readonly string[]>>>;
  /** The embedder's methods with the scope that each needs. A name of ours may be replaced. */
  readonly methods?: Readonly<Record<string, Method<LiveSession>>>;
  /** Events that the embedder sends, for the list in hello. */
  readonly events?: readonly string[];
  readonly waiting?: Partial<WaitingSettings>;
  readonly limits?: Partial<Limits>;
  /** Default: the history is kept for ever. */
  readonly retention?: Retention;
  /** Default for `local`: `none`, because only the host knows what stands between it and its peers (I14). */
  readonly locality?: Partial<LocalitySettings>;
  /** Whether a local peer with the shared secret and no device is an owner. Default `owner`. */
  readonly deviceless?: 'owner' | 'none';
  readonly version?: string;
  readonly log?: Log;
  /** For whoever counts what happens. */
  readonly meter?: Meter;
  /** For whoever looks at the live actors: an `Inspector`. One that throws is logged once, and hears no more. */
  readonly inspect?: ActorTap;
  /** False: the owner turns time with `turn` (tests). Default true. */
  readonly runTimers?: boolean;
}

/** A running waiting room on a host's WebSocket server. */
export interface Attached {
  /** Sessions that are let in. */
  sessions(): readonly LiveSession[];
  /** How many connections wait for an answer to their connect. */
  parked(): number;
  /** How many connections are in each state of the connection machine. */
  connections(): Readonly<Record<string, number>>;
  /** Whether too many sockets have proved nothing yet, of this peer's address or in all; for a host that wants to refuse
   * more at the upgrade. */
  isCrowded(request: IncomingMessage): boolean;
  /** Sends an event to every session that is let in and that `to` picks. */
  broadcast(event: string, payload: unknown, to?: (session: LiveSession) => boolean): void;
  /** Changes the shared secret, and ends every session that the old one let in (I18). */
  setAuth(auth: SharedAuth): void;
  /** Does what is due now: deadlines, slices, pings, and every change of the store that is known. */
  turn(): Promise<void>;
  /** Tells everybody to come back and detaches. Open requests stay open. `restartExpectedMs` is passed on to clients. */
  stop(reason: string, restartExpectedMs?: number): Promise<void>;
}

const EVENTS = [
  'connect.challenge',
  'connect.pending',
  'device.pair.requested',
  'device.pair.resolved',
  'device.pair.changed',
  'device.upgrade.resolved',
  'tick',
  'shutdown',
] as const;

const SILENT: Log = { info: () => {}, warn: () => {}, error: () => {} };

function buildCore(options: AttachOptions, core: () => Core): Core {
  const { authority, scopes, version = 'embedded' } = options;
  const { clock } = authority;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const log = options.log ?? SILENT;
  const vocabulary: Vocabulary = {
    operator: [...OPENCLAW_VOCABULARY.operator, ...(scopes?.operator ?? [])],
    node: [...OPENCLAW_VOCABULARY.node, ...(scopes?.node ?? [])],
  };
  const methods = new Map<string, Method>([
    ...statusMethods(core),
    ...deviceMethods(),
    ...explainMethods(),
    ...nodeMethods(),
    ...consoleMethods(),
    ...upgradeMethods(),
    ...Object.entries(options.methods ?? {}),
  ]);
  return {
    authority,
    wheel: new TimerWheel(clock),
    room: new WaitingRoom(limits),
    progress: new Progress(),
    limiter: new FailureLimiter(clock, limits),
    refusals: new RefusalLog(clock, (line) => log.warn(line)),
    keys: new KeyCache(),
    sessions: new Set(),
    opened: 0,
    methods,
    hello: makeHello({
      version,
      methods: [...methods.keys()],
      events: [...EVENTS, ...(options.events ?? [])],
      policy: {
        maxPayload: limits.frameBytes,
        maxBufferedBytes: limits.bufferedBytes,
        tickIntervalMs: limits.tickMs,
      },
      authMode: options.auth?.mode ?? (options.authenticate ? 'token' : 'none'),
    }),
    vocabulary,
    waiting: { ...DEFAULT_WAITING, ...options.waiting },
    limits,
    retention: options.retention ?? null,
    deviceless: options.deviceless ?? 'owner',
    version,
    startedMs: clock.now(),
    log,
    meter: options.meter ?? SILENT_METER,
    callbacks: options,
    inspect: options.inspect && guardTap(options.inspect, (err) => log.error({ err }, 'the inspector threw')),
    authenticate: options.authenticate ?? makeCredentialCheck(options.auth ?? { mode: 'none' }),
    unproven: new Map(),
    unread: new Set(),
    locate: makeLocality({ local: 'none', trustedProxies: [], ...options.locality }),
  };
}

/** Puts device authorization in front of a host's `ws` server: every connection to it is challenged from now on. */
export function attach(server: WebSocketServer, options: AttachOptions): Attached {
  const core: Core = buildCore(options, () => core);
  const announcer = new Announcer(() => core);
  const upkeep = new Upkeep(core);
  const { store } = core.authority;
  void store.head().then(
    (seq) => {
      announcer.startAfter(seq);
      core.progress.begin(seq);
      core.progress.done(seq);
    },
    (error: unknown) => core.log.error({ err: error }, 'the store does not answer'),
  );
  const unwatch = store.watch((notice) => {
    core.progress.begin(notice.seq);
    core.room
      .notice(notice)
      .catch((error: unknown) => core.log.error({ err: error }, 'a change could not be told'))
      .finally(() => core.progress.done(notice.seq));
    announcer
      .notice(notice)
      .catch((error: unknown) => core.log.error({ err: error }, 'a change could not be announced'));
  });
  // The store has told of its own commit by then: what is left to wait for is what follows from that.
  const unfollow = core.authority.follow((deviceId) => core.room.caughtUp(deviceId));
  const hasProxies = (options.locality?.trustedProxies?.length ?? 0) > 0;
  const onConnection = (socket: WebSocket, request: IncomingMessage): void => accept(core, socket, request);
  server.on('headers', holdForChallenge);
  server.on('connection', onConnection);
  if (options.runTimers !== false) upkeep.start();
  return {
    sessions: () => [...core.sessions].filter((session) => session.isAuthorized),
    parked: () => core.room.parkedCount,
    connections: () => countStates(core.sessions),
    isCrowded: (request) => {
      // Without a trusted proxy a loopback peer is itself, and not limited: its headers need no second reading.
      if (!hasProxies && isLoopback(plainAddress(request.socket.remoteAddress))) return false;
      const { address } = core.locate(request);
      return !isLoopback(address) && isCrowded(core, address);
    },
    broadcast: (event, payload, to) => broadcast(core, event, payload, to),
    setAuth: (auth) => {
      core.authenticate = options.authenticate ?? makeCredentialCheck(auth);
      endSharedSessions(core);
    },
    turn: () => upkeep.turn(),
    stop: async (reason, restartExpectedMs) => {
      server.off('headers', holdForChallenge);
      server.off('connection', onConnection);
      upkeep.stop();
      broadcast(core, 'shutdown', { reason, ...(restartExpectedMs !== undefined && { restartExpectedMs }) });
      for (const session of core.sessions) session.actor.send({ type: 'gateway.draining' });
      unwatch();
      unfollow();
      await Promise.all([...core.sessions].map((session) => session.wire.whenClosed(2000)));
    },
  };
}

/** The answer to the upgrade and the challenge leave in one segment: a write less for every connection. */
function holdForChallenge(_headers: readonly string[], { socket }: IncomingMessage): void {
  socket.cork();
  process.nextTick(() => socket.uncork());
}

function isCrowded({ limits, unproven }: Core, address: string): boolean {
  if ((unproven.get(networkOf(address)) ?? 0) >= limits.unprovenPerAddress) return true;
  let all = 0;
  for (const [network, sockets] of unproven) if (!isLoopback(network)) all += sockets;
  return all >= limits.unproven;
}

function accept(core: Core, socket: WebSocket, request: IncomingMessage): void {
  const peer = core.locate(request);
  limitPayload(socket, core.limits.preauthBytes);
  const session = new Session(core, socket, request, peer);
  core.sessions.add(session);
  socket.on('message', (data, isBinary) => session.message(data as Buffer, isBinary));
  socket.on('pong', () => session.wire.ponged());
  socket.on('close', () => session.closed());
  // ws closes the socket by itself; without a listener the process would end.
  socket.on('error', (error) =>
    core.refusals.note(`${peer.address} ${error.message}`, `socket error: ${error.message}`),
  );
}

/** Whoever came in by a secret that has changed must prove the new one. A device's own token stands. */
function endSharedSessions(core: Core): void {
  for (const session of core.sessions) {
    // One that has not sent its connect yet was let in by nothing.
    const cameByIt = session.admission !== undefined && session.credential !== 'device-token';
    if (cameByIt) session.actor.send({ type: 'credential.ended' });
  }
}
