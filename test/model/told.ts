import type { Manner } from '../../machines/connection-setup.ts';
import type { Frame } from '../support/raw-client.ts';
import { type Condition, READ, WISH } from './conditions.ts';
import type { Case } from './connection-cases.ts';

/** Everything that can be seen of one connection from outside. */
export interface Told {
  /** One short line for each frame that the client got. */
  readonly frames: readonly string[];
  /** Null while it is open, and when nobody but the client ended it. */
  readonly close: string | null;
  readonly parked: number;
  /** What the session may use; null where no session was let in. */
  readonly live: readonly string[] | null;
  readonly openRequests: number;
  /** Lines that the gateway itself wrote to the audit log. */
  readonly audited: number;
}

const revisionOf = (id: unknown): string => /\.(r\d+)$/.exec(String(id))?.[1] ?? '-';

/** A frame in short: what a client acts on, with the request's random id left out. */
export function inShort({ type, event, payload, error, ok }: Frame): string {
  if (type === 'event') {
    const outcome = payload.outcome ? ` ${payload.outcome} ${payload.scopes}` : '';
    return `${event}${payload.requestId ? ` ${revisionOf(payload.requestId)}` : ''}${outcome}`;
  }
  if (!ok) return errorInShort(error);
  if (payload.type !== 'hello-ok') return `answer ${revisionOf(payload.requestId)}`;
  const { scopes, deviceToken } = payload.auth;
  return `hello ${scopes}${deviceToken ? ' with token' : ''}`;
}

function errorInShort(error: Frame['error']): string {
  const { code, reason, requestId, recommendedNextStep } = error.details ?? {};
  const comesBack = recommendedNextStep === 'wait_then_retry' || error.retryable;
  const named = requestId ? ` ${revisionOf(requestId)}` : '';
  const about = code === 'PAIRING_REQUIRED' ? ` ${reason} ${revisionOf(requestId)}` : named;
  return `error ${error.code} ${code ?? reason ?? error.message}${about}${comesBack ? ' again' : ''}`;
}

const ENDS: Partial<Record<Condition, string>> = {
  rotated: '4001 device token rotated; reconnect',
  revoked: '4001 device role revoked',
  removed: '4001 device removed',
  mended: '4001 device grant narrowed; reconnect',
};
/** By what is missing and why; `held` says that the client had been told of a request. */
const REFUSALS: Partial<Record<Condition, (held: boolean) => string>> = {
  open: () => 'not-paired r1',
  partAndOpen: () => 'scope-upgrade r1',
  partDeclined: (held) => `declined ${held ? 'r' : '-'}`,
  declined: () => 'declined -',
  rejected: () => 'declined r',
  revoked: () => `revoked -`,
  removed: (held) => (held ? 'request-ended r' : 'not-paired -'),
  emptied: () => 'scope-upgrade -',
};
const COMES_BACK: readonly Condition[] = ['open', 'partAndOpen', 'emptied', 'removed'];
const LATER = 'error UNAVAILABLE undecided again';

/**
 * What the people at both ends of a connection should see, told from DESIGN sections 1 and 4 and not from the machine:
 * it follows one path's causes and knows no state but the ones that a client could name.
 */
export class Expectation {
  readonly #frames = ['connect.challenge'];
  #close: string | null = null;
  #manner: Manner | null = null;
  #stage: 'outside' | 'asking' | 'admitted' | 'live' | 'over' = 'outside';
  /** The newest revision that the waiting client was told of; 0 for none. */
  #shown = 0;
  #isParked = false;
  #live: readonly string[] = [];
  /** The revision that a live session waits for; 0 for none. */
  #waitsFor = 0;
  #hasOpen = false;
  /** A part of its wish is granted, whether it is served with it or not. */
  #hasPart = false;
  #audited = 0;

  get told(): Told {
    return {
      frames: this.#frames,
      close: this.#close,
      parked: this.#isParked ? 1 : 0,
      live: this.#stage === 'live' ? this.#live : null,
      openRequests: this.#hasOpen ? 1 : 0,
      audited: this.#audited,
    };
  }

  after(event: Case): this {
    if (event.type === 'connect.received') this.#manner = event.manner;
    else if (event.type === 'proof.accepted') this.#stage = 'asking';
    else if (event.type === 'record.read' || event.type === 'delivery.flushed') this.#reads(event);
    else if (event.type === 'upgrade.asked') this.#asksMore();
    else if (event.type === 'socket.closed' || event.type === 'delivery.failed') this.#over(null);
    else if (this.#stage === 'live') this.#endsLive(event.type);
    else this.#endsOutside(event.type);
    return this;
  }

  #reads({ type, condition }: Case): void {
    if (condition === undefined) throw new Error('a record that is read stands somehow');
    if (this.#stage === 'live') return this.#readsLive(condition);
    // Its own connect has asked, whatever became of that.
    if (this.#stage === 'asking') this.#audited += 1;
    this.#stage = 'admitted';
    this.#hasOpen = ['open', 'partAndOpen', 'wider', 'same'].includes(condition);
    if (type === 'delivery.flushed') return this.#welcome(condition);
    const serves = this.#manner === 'auto' || this.#manner === 'serve';
    if (condition !== 'same' && condition !== 'wider') this.#hasPart = condition.startsWith('part');
    if (condition === 'covered' || (this.#hasPart && serves)) return;
    const waits = this.#manner === 'auto' || this.#manner === 'hold';
    if (this.#hasOpen && waits) this.#holds(condition);
    else this.#turnsAway(condition);
  }

  #welcome(condition: Condition): void {
    const isCovered = condition === 'covered';
    this.#live = isCovered ? WISH : [READ];
    this.#frames.push(`hello ${this.#live}${isCovered ? ' with token' : ''}`);
    this.#isParked = false;
    this.#stage = 'live';
    this.#waitsFor = condition === 'partAndOpen' ? 1 : 0;
  }

  #holds(condition: Condition): void {
    // A request that it knows already is not told again.
    if (condition === 'same') return;
    this.#shown = condition === 'wider' ? 2 : 1;
    this.#frames.push(`connect.pending r${this.#shown}`);
    this.#isParked = true;
  }

  #turnsAway(condition: Condition): void {
    const refusal = REFUSALS[condition]?.(this.#shown > 0) ?? '';
    const named = refusal.endsWith(' r') ? `${refusal}${this.#shown}` : refusal;
    const again = COMES_BACK.includes(condition) && this.#manner !== 'refuse' ? ' again' : '';
    this.#answer(`error NOT_PAIRED PAIRING_REQUIRED ${named}${again}`, 1008);
  }

  #readsLive(condition: Condition): void {
    const end = ENDS[condition];
    if (condition === 'revoked' || condition === 'removed') this.#hasOpen = false;
    if (end) return this.#over(end);
    if (condition === 'wider') this.#waitsFor = 2;
    const outcome = condition === 'approved' || condition === 'rejected' ? condition : null;
    if (!outcome) return;
    this.#hasOpen = false;
    if (this.#waitsFor === 0) return;
    if (outcome === 'approved') this.#live = WISH;
    this.#frames.push(`device.upgrade.resolved r${this.#waitsFor} ${outcome} ${this.#live}`);
    this.#waitsFor = 0;
  }

  #asksMore(): void {
    this.#waitsFor += 1;
    this.#audited += 1;
    this.#hasOpen = true;
    this.#frames.push(`answer r${this.#waitsFor}`);
  }

  #endsLive(type: Case['type']): void {
    if (type === 'gateway.draining') {
      this.#frames.push('shutdown');
      return this.#over('1012 service restart');
    }
    if (type !== 'credential.ended') throw new Error(`${type} does not end a live session`);
    this.#over('4001 gateway auth changed');
  }

  #endsOutside(type: Case['type']): void {
    const asked = this.#stage !== 'outside';
    const [line, code, reason] = {
      'proof.refused': asked
        ? (['error INVALID_REQUEST AUTH_DEVICE_TOKEN_MISMATCH', 1008] as const)
        : (['error INVALID_REQUEST AUTH_UNAUTHORIZED', 1008] as const),
      'credential.ended': ['error INVALID_REQUEST AUTH_TOKEN_MISMATCH', 1008] as const,
      'gateway.draining': [
        'error UNAVAILABLE gateway-restarting again',
        1012,
        '1012 service restart',
      ] as const,
      'frame.illegal': [null, 1008, '1008 invalid request frame: not JSON'] as const,
      'authority.failed': [LATER, 1013] as const,
      'deadline.reached': asked
        ? ([LATER, 1013] as const)
        : ([null, 1008, '1008 handshake timeout'] as const),
      'slice.ended': [
        `error NOT_PAIRED PAIRING_REQUIRED ${this.#hasPart ? 'scope-upgrade' : 'not-paired'} r${this.#shown} again`,
        1008,
      ] as const,
    }[type as string] ?? [null, 0, `nobody knows ${type}`];
    this.#answer(line, code, reason);
  }

  /** An answer to its connect, if it sent one, and the end. */
  #answer(line: string | null, code: number, reason?: string): void {
    if (line !== null && this.#manner !== null) this.#frames.push(line);
    this.#over(reason ?? String(code));
  }

  #over(close: string | null): void {
    // What follows an end by itself does not change how it ended.
    if (this.#stage !== 'over') this.#close = close;
    this.#stage = 'over';
    this.#isParked = false;
  }
}
