import { type House, SHARED } from '../support/harness.ts';
import { newDevice } from '../support/raw-client.ts';
import { BRING_ABOUT, type Condition, WISH } from './conditions.ts';
import type { Case } from './connection-cases.ts';
import type { ConnectionStage } from './connection-stage.ts';
import type { Stand, Where } from './stands.ts';

/** What one deed of somebody outside leads to, besides what would have come anyway. */
export interface Effect {
  /** What the client is told at once, and after its hello. */
  readonly frames?: readonly string[];
  readonly later?: readonly string[];
  /** How it ends: nothing follows any more. */
  readonly close?: string;
  /** It comes to this in the words of the connection: told as any such event. */
  readonly like?: Case['type'];
  /** Whether it changes what is stored, and how many requests of the device are open then. */
  readonly writes?: boolean;
  readonly openRequests?: number;
  /** Others that wait then, and lines that they add to the audit log. */
  readonly others?: number;
  /** Where its connect has not been judged yet: what the record then says to it, and whether it opens a request. */
  readonly judged?: { readonly record: Condition; readonly opens: boolean };
}

/** Something that can be done from outside to a connection, wherever it stands. */
export interface Deed {
  readonly name: string;
  /** Where nobody can do it. */
  readonly not: readonly Where[];
  does(stage: ConnectionStage, stand: Stand): Promise<void>;
  /** From the design, and not from the machine. */
  effect(stand: Stand): Effect;
}

const NOTHING: Effect = {};
const NOT_JSON = 'invalid request frame: not JSON';
const NOT_A_REQUEST = 'invalid request frame';
const NOT_FIRST = 'invalid handshake: first request must be connect';
const OUTSIDE: readonly Where[] = ['greeted', 'asking', 'waiting', 'entering'];

/** A frame that is no request: before hello it ends the socket, after it it is answered (PROTOCOL 1.3). */
function fault(name: string, text: string | Buffer, problem: string): Deed {
  return {
    name,
    not: ['gone'],
    does: async ({ client }, { where }) => {
      const seen = client.frames.length;
      client.sendText(text);
      if (where === 'live') await client.until(() => client.frames.length > seen);
    },
    effect: ({ where }) => {
      if (OUTSIDE.includes(where)) return { close: `1008 ${problem}` };
      return where === 'live' ? { frames: [`error INVALID_REQUEST ${problem}`] } : NOTHING;
    },
  };
}

/** Calls: before hello they wait for it, also when it never comes; what breaks off the handshake is another matter. */
function calls(name: string, method: string, answer: (stand: Stand) => string, times = 1): Deed {
  return {
    name,
    not: ['gone'],
    does: async ({ client }, { where }) => {
      const ids = Array.from({ length: times }, () => client.sendRequest(method, {}));
      if (where === 'live') await Promise.all(ids.map((id) => client.response(id)));
    },
    effect: (stand) => {
      const answers = Array.from({ length: times }, () => answer(stand));
      if (stand.where === 'live') return { frames: answers };
      if (stand.where === 'greeted') {
        return { frames: [`error INVALID_REQUEST ${NOT_FIRST}`], close: `1008 ${NOT_FIRST}` };
      }
      if (stand.where === 'turned away') return NOTHING;
      return times > 15 ? { close: '1008 too many pending handshake frames' } : { later: answers };
    },
  };
}

const FRAMES: readonly Deed[] = [
  fault('sends what is no JSON', '{', NOT_JSON),
  fault('sends bytes', Buffer.from([1, 2, 3]), NOT_JSON),
  fault('sends an event', '{"type":"event","event":"tick"}', NOT_A_REQUEST),
  fault('sends a request without a method', '{"type":"req","id":"r0"}', NOT_A_REQUEST),
  calls('calls what it may call', 'health', () => 'answer -'),
  calls('calls what nobody knows', 'no.such.method', () => 'error INVALID_REQUEST UNKNOWN_METHOD'),
  calls('calls what it may not call', 'device.pair.list', ({ waitsFor }) =>
    waitsFor > 0 ? `error FORBIDDEN MISSING_SCOPE r${waitsFor}` : 'error FORBIDDEN MISSING_SCOPE',
  ),
  calls('calls sixteen times', 'health', () => 'answer -', 16),
  {
    ...calls(
      'connects again',
      'connect',
      () => 'error INVALID_REQUEST connect is only valid as the first request',
    ),
    // The first one is no second.
    not: ['gone', 'greeted'],
  },
];

/** A decision that falls where nobody reads the record yet, or any more: it is told to nobody, and read later (I5). */
function decision(name: string, condition: Condition, judged: NonNullable<Effect['judged']>): Deed {
  return {
    name,
    // Where the record is read all the time, each decision is a path of its own.
    not: ['waiting', 'entering', 'live'],
    does: async ({ deeds }, { where }) => {
      if (where === 'greeted' || where === 'asking') await deeds.ask(WISH);
      await BRING_ABOUT[condition](deeds);
    },
    effect: ({ where }) => ({
      // One that was let in with all has what would be approved.
      writes: where !== 'gone' || condition !== 'covered',
      openRequests: condition === 'partAndOpen' ? 1 : 0,
      judged,
    }),
  };
}

const DECISIONS: readonly Deed[] = [
  decision('an owner approves', 'covered', { record: 'covered', opens: false }),
  decision('an owner approves a part, and is asked for the rest', 'partAndOpen', {
    record: 'partAndOpen',
    opens: false,
  }),
  decision('an owner rejects', 'declined', { record: 'declined', opens: false }),
  decision('an owner revokes', 'revoked', { record: 'revoked', opens: false }),
  // Neither says no to what it asks for next.
  decision('an owner approves, and takes all rights away', 'emptied', { record: 'open', opens: true }),
  decision('an owner removes the device', 'removed', { record: 'open', opens: true }),
];

const OTHERS: readonly Deed[] = [
  {
    name: 'another program of the device asks for the same',
    not: [],
    does: ({ deeds }) => deeds.ask(WISH),
    effect: ({ where }) =>
      where === 'greeted' || where === 'asking'
        ? { writes: true, openRequests: 1, judged: { record: 'open', opens: false } }
        : NOTHING,
  },
  {
    name: 'a stranger breaks off',
    not: [],
    does: async ({ house }) => {
      const stranger = await house.client();
      stranger.sendText('{');
      await stranger.closed();
    },
    effect: () => NOTHING,
  },
  {
    name: 'a stranger asks, and waits',
    // Whoever checks its proof and reads its record is held up with the connection itself.
    not: ['greeted', 'asking', 'entering'],
    does: async ({ house }) => {
      const stranger = await house.client();
      await stranger.sendConnect({ device: newDevice(), scopes: WISH, mode: 'node', auth: SHARED });
      await stranger.event('connect.pending');
    },
    effect: () => ({ writes: true, others: 1 }),
  },
];

const GATEWAY: readonly Deed[] = [
  {
    name: 'a moment passes',
    not: [],
    does: ({ house }) => pass(house, 900),
    effect: () => NOTHING,
  },
  {
    name: 'fifteen seconds pass',
    // A socket that does not read on is cut by then.
    not: ['turned away'],
    does: ({ house }) => pass(house, 15_000),
    effect: ({ where, waited }) => {
      if (where === 'waiting') return { like: 'slice.ended' };
      // A parked socket has a slice instead of a deadline, and it has been answered within it.
      return OUTSIDE.includes(where) && !waited ? { like: 'deadline.reached' } : NOTHING;
    },
  },
  {
    name: 'the shared secret changes',
    not: [],
    does: async ({ house }) => house.gateway.setAuth({ mode: 'token', secret: 'another-secret' }),
    // Who has sent no connect was let in by nothing.
    effect: ({ where }) =>
      where === 'greeted' || where === 'turned away' || where === 'gone'
        ? NOTHING
        : { like: 'credential.ended' },
  },
  {
    name: 'its record cannot be read',
    // Where it is read for its connect, the failure is a path of its own; elsewhere nobody reads it.
    not: ['greeted', 'asking', 'entering', 'turned away', 'gone'],
    does: async (stage, { where }) => {
      await stage.failRead();
      if (where === 'waiting') await pass(stage.house, 1000);
    },
    // Whoever waits has no rights that may be gone; whoever is live may have lost them.
    effect: ({ where }) =>
      where === 'live' ? { writes: true, close: '1013 record unreadable; reconnect' } : { writes: true },
  },
  {
    name: 'the gateway stops',
    not: [],
    // It resolves only once the sockets are gone.
    does: async ({ house }) => void house.gateway.stop('drill'),
    effect: ({ where }) =>
      where === 'turned away' || where === 'gone' ? NOTHING : { like: 'gateway.draining' },
  },
  {
    name: 'it hangs up',
    not: ['turned away', 'gone'],
    does: async ({ client }) => client.socket.terminate(),
    effect: () => ({ like: 'socket.closed' }),
  },
];

async function pass({ clock, gateway }: House, ms: number): Promise<void> {
  clock.advance(ms);
  await gateway.turn();
}

/** All that somebody outside can do. What an owner decides while its record is read is in the connection's cases. */
export const DEEDS: readonly Deed[] = [...FRAMES, ...DECISIONS, ...OTHERS, ...GATEWAY];
