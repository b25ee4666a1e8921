import { covers } from '../../machines/policy.ts';
import type { Role } from '../../machines/vocabulary.ts';
import { detailOf, isNews } from '../authority/audit.ts';
import { seesOthers } from '../authority/callers.ts';
import { pendingRow } from '../authority/listing.ts';
import { eventFrame } from '../protocol/frames.ts';
import type { ChangeNotice, StoredEvent } from '../store/store.ts';
import { callerOf } from './caller-of.ts';
import type { Core } from './core.ts';
import type { Session } from './session.ts';

const MOST_DEVICES = 10_000;

/**
 * Tells sessions that may manage devices what changed (PROTOCOL 5.4): one event for each change, and none for an
 * attempt or a renewal. Hints only: whoever misses one reads the list.
 */
export class Announcer {
  readonly #core: () => Core;
  /** The newest event told of each device that changed lately. Not one number for all: another process's change is
   * heard of later than a newer one of our own. */
  readonly #toldUpTo = new Map<string, number>();
  #startedAfter = 0;

  constructor(core: () => Core) {
    this.#core = core;
  }

  /** Nothing that happened before is announced. */
  startAfter(seq: number): void {
    this.#startedAfter = seq;
  }

  async notice({ deviceId, seq }: ChangeNotice): Promise<void> {
    const { authority, sessions } = this.#core();
    const listeners = [...sessions].filter(
      (session) =>
        session.isAuthorized &&
        session.role === 'operator' &&
        covers(session.scopes, ['operator.pairing']) &&
        (seesOthers(callerOf(session)) || session.deviceId === deviceId),
    );
    const afterSeq = this.#toldUpTo.get(deviceId) ?? this.#startedAfter;
    if (seq <= afterSeq) return;
    this.#remember(deviceId, seq);
    if (listeners.length === 0) return;
    const events = await authority.store.history({ deviceId, afterSeq });
    // What came after the notice has a notice of its own.
    const news = events.filter((event) => event.seq <= seq && isNews(event));
    for (const event of news) await this.#tell(event, listeners);
  }

  #remember(deviceId: string, seq: number): void {
    this.#toldUpTo.delete(deviceId);
    this.#toldUpTo.set(deviceId, seq);
    const [oldest] = this.#toldUpTo;
    if (this.#toldUpTo.size <= MOST_DEVICES || !oldest) return;
    this.#toldUpTo.delete(oldest[0]);
    // Events of a device that is forgotten here are told from this position on, if it ever changes again.
    this.#startedAfter = Math.max(this.#startedAfter, oldest[1]);
  }

  async #tell(event: StoredEvent, listeners: readonly Session[]): Promise<void> {
    const frame = await this.#frame(event);
    for (const session of listeners) session.wire.sendHint(frame);
  }

  async #frame({ type, deviceId, role, atMs, detail: _, ...rest }: StoredEvent): Promise<string> {
    const detail = detailOf({ type, deviceId, role, atMs, detail: _, ...rest });
    if (type === 'request.opened' || type === 'request.widened') {
      const device = await this.#core().authority.load(deviceId);
      const row = device && pendingRow(device, role as Role);
      // A revision that is not the newest any more is no news: the newest has an event of its own.
      if (row?.requestId === detail.request) return eventFrame('device.pair.requested', row);
    }
    if (type === 'request.settled') {
      const { outcome, request, by } = detail;
      // A part of a request was approved, too; no other outcome is told as a rejection (I6).
      const decision = outcome === 'narrowed' ? 'approved' : outcome;
      return eventFrame('device.pair.resolved', {
        requestId: request,
        deviceId,
        decision,
        ts: atMs,
        outcome,
        by,
      });
    }
    return eventFrame('device.pair.changed', { deviceId, role, change: type, ts: atMs });
  }
}
