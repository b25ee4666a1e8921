import type { Role } from '../../machines/vocabulary.ts';
import { detailOf } from '../authority/audit.ts';
import type { Authority } from '../authority/authority.ts';
import { RecordWatch } from '../gateway/record-watch.ts';
import type { StoredEvent } from '../store/store.ts';

/** Where the figures go. Times in seconds. */
export interface RequestTally {
  opened(): void;
  widened(): void;
  settled(outcome: string, waitedSeconds: number): void;
  usable(seconds: number): void;
}

/** Requests and approvals that are remembered until what they wait for happens; the oldest are forgotten first. */
const MOST_REMEMBERED = 10_000;
/** More than fall between two readings, which follow every change at once. */
const MOST_AT_ONCE = 100_000;

/**
 * Follows the one history of the store from now on, so that what a command line or another gateway decides on the same
 * file is counted, too.
 */
export class RequestFigures {
  readonly #authority: Authority;
  readonly #tally: RequestTally;
  readonly #watch = new RecordWatch(() => this.#read());
  readonly #openedAtMs = new Map<string, number>();
  /** When a device was approved in a role, until it can use that. */
  readonly #approvedAtMs = new Map<string, number>();
  #seq = 0;
  #stop = (): void => {};

  constructor(authority: Authority, tally: RequestTally) {
    this.#authority = authority;
    this.#tally = tally;
  }

  async start(): Promise<void> {
    const { store } = this.#authority;
    this.#seq = await store.head();
    this.#stop = store.watch(() => void this.#watch.changed());
  }

  stop(): void {
    this.#stop();
  }

  /** Resolves when everything that is committed by now is counted. */
  upToDate(): Promise<void> {
    return this.#watch.changed();
  }

  /** A session of this device was let in, or may use more. */
  async canUse({ deviceId, role }: { readonly deviceId: string; readonly role: Role }): Promise<void> {
    const { clock, store } = this.#authority;
    const nowMs = clock.now();
    try {
      // The approval that let it in is committed, and may not have been read yet. On the way of every connect only this
      // position is asked for: reading what is new would cost ten times as much.
      if ((await store.head()) > this.#seq) await this.upToDate();
    } catch {
      // A store that does not answer has no figures.
      return;
    }
    const key = `${deviceId} ${role}`;
    const approvedAtMs = this.#approvedAtMs.get(key);
    if (approvedAtMs === undefined || approvedAtMs > nowMs) return;
    this.#approvedAtMs.delete(key);
    this.#tally.usable((nowMs - approvedAtMs) / 1000);
  }

  async #read(): Promise<void> {
    try {
      const events = await this.#authority.store.history({ afterSeq: this.#seq, limit: MOST_AT_ONCE });
      for (const event of events) {
        this.#seq = event.seq;
        await this.#count(event);
      }
    } catch {
      // Nothing after the last one that was counted is lost: the next change reads on from there.
    }
  }

  async #count(event: StoredEvent): Promise<void> {
    const { type, requestId, deviceId, role, atMs } = event;
    if (gives(event)) remember(this.#approvedAtMs, `${deviceId} ${role}`, atMs);
    if (requestId === null) return;
    if (type === 'request.widened') this.#tally.widened();
    if (type === 'request.opened') {
      remember(this.#openedAtMs, requestId, atMs);
      this.#tally.opened();
    }
    if (type === 'request.settled') {
      const openedAtMs = this.#openedAtMs.get(requestId) ?? (await this.#whenOpened(requestId)) ?? atMs;
      this.#openedAtMs.delete(requestId);
      this.#tally.settled(detailOf(event).outcome ?? 'unknown', (atMs - openedAtMs) / 1000);
    }
  }

  /** Of a request that was open before this began. */
  async #whenOpened(requestId: string): Promise<number | undefined> {
    const events = await this.#authority.store.history({ requestId, limit: MOST_AT_ONCE });
    return events.find(({ type }) => type === 'request.opened')?.atMs;
  }
}

/** An owner's approval: of a revision that was not the newest, or of one that settled its request. */
function gives(event: StoredEvent): boolean {
  const { outcome } = detailOf(event);
  return event.type === 'request.approved' || outcome === 'approved' || outcome === 'narrowed';
}

function remember(times: Map<string, number>, key: string, atMs: number): void {
  times.delete(key);
  times.set(key, atMs);
  const [oldest] = times.keys();
  if (times.size > MOST_REMEMBERED && oldest !== undefined) times.delete(oldest);
}
