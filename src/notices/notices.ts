import { newestRef, newestRevision, type OpenRequest } from '../../machines/record.ts';
import { formatRequestId, type RequestRef, ROLES, type Role } from '../../machines/vocabulary.ts';
import type { Authority } from '../authority/authority.ts';
import { type DeviceRecord, deviceOf, roleOf } from '../authority/device.ts';
import { pendingRow } from '../authority/listing.ts';
import { readNotice, writeNotice, writeTrouble } from './notice-memo.ts';
import { type Posted, post } from './webhook.ts';

/** The few calls of a logger that are made; a pino logger fits. */
export interface NoticeLog {
  info(message: string): void;
  error(fields: object, message: string): void;
}

export interface NoticeOptions {
  readonly authority: Pick<Authority, 'store' | 'clock' | 'load'>;
  /** Where notices are sent. It may hold a secret, and is shown nowhere. */
  readonly url: string;
  /** The key that they are signed with. */
  readonly key: Buffer;
  readonly log: NoticeLog;
  readonly onResult?: (result: 'delivered' | 'failed' | 'given-up') => void;
  /** How long the receiver may take; default 10 000 ms. */
  readonly timeoutMs?: number;
  /** From 0 up to 1, for the jitter; default `Math.random`. */
  readonly random?: () => number;
}

const TURN_MS = 1000;
const MOST_AT_ONCE = 4;
/** A flood of strangers must not become one of notices: the others follow in the minutes after. */
const MOST_PER_MINUTE = 60;
/** Longer than one try can take: then whoever claimed it is gone. */
const CLAIM_MS = 60_000;
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 3_600_000;
const GIVE_UP_MS = 24 * 3_600_000;

/** A notice that is owed: the newest revision of an open request. */
interface Owed {
  readonly deviceId: string;
  readonly role: Role;
  readonly ref: RequestRef;
  /** Epoch ms: when this revision was asked for, and when the request ends at the latest. */
  readonly atMs: number;
  readonly endsAtMs: number;
  nextMs: number;
  isRunning: boolean;
}

/**
 * Tells an owner who is not looking of each revision of each request, by a webhook. What is owed is read off the
 * records, and what was sent off the memos beside them: a restart forgets nothing, and of several gateways on one store
 * one sends. A crash between the two sends it again, under the same id.
 */
export class Notices {
  readonly #options: NoticeOptions;
  readonly #owed = new Map<string, Owed>();
  readonly #changed = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #ended = new AbortController();
  #sentAtMs: number[] = [];
  #unwatch = (): void => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(options: NoticeOptions) {
    this.#options = options;
  }

  /** `runTimers` false: the owner calls `turn` (tests). */
  async start(runTimers = true): Promise<void> {
    const { store } = this.#options.authority;
    this.#unwatch = store.watch(({ deviceId }) => this.#changed.add(deviceId));
    for (const row of await store.list()) this.#consider(row.deviceId, deviceOf(row));
    if (runTimers) this.#timer = setInterval(() => void this.turn(), TURN_MS).unref();
  }

  /** Sends what is due, and resolves when that is done. */
  async turn(): Promise<void> {
    try {
      await this.#readChanged();
      for (const owed of this.#due()) {
        owed.isRunning = true;
        const running = this.#send(owed).finally(() => {
          owed.isRunning = false;
          this.#running.delete(running);
        });
        this.#running.add(running);
      }
      await Promise.all(this.#running);
    } catch (error) {
      this.#options.log.error({ err: error }, 'notices could not be sent; they are tried again');
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#unwatch();
    this.#ended.abort();
    await Promise.allSettled(this.#running);
  }

  async #readChanged(): Promise<void> {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const [index, deviceId] of changed.entries()) {
      try {
        this.#consider(deviceId, await this.#options.authority.load(deviceId));
      } catch (error) {
        for (const left of changed.slice(index)) this.#changed.add(left);
        throw error;
      }
    }
  }

  #consider(deviceId: string, device: DeviceRecord | undefined): void {
    for (const role of ROLES) {
      const key = `${deviceId} ${role}`;
      const request = device && roleOf(device, role).record.request;
      if (!request) this.#owed.delete(key);
      else if (!this.#knows(this.#owed.get(key), request))
        this.#owed.set(key, owedFor(deviceId, role, request));
    }
  }

  #knows(owed: Owed | undefined, request: OpenRequest): boolean {
    const { id, revision } = newestRef(request);
    return owed?.ref.id === id && owed.ref.revision === revision;
  }

  #due(): readonly Owed[] {
    const now = this.#options.authority.clock.now();
    this.#sentAtMs = this.#sentAtMs.filter((atMs) => atMs > now - 60_000);
    const room = Math.min(MOST_AT_ONCE - this.#running.size, MOST_PER_MINUTE - this.#sentAtMs.length);
    const due = [...this.#owed.values()].filter(({ nextMs, isRunning }) => nextMs <= now && !isRunning);
    return due.slice(0, Math.max(0, room));
  }

  async #send(owed: Owed): Promise<void> {
    const { authority } = this.#options;
    const { ref, endsAtMs } = owed;
    const now = authority.clock.now();
    const { memo, version } = await readNotice(authority.store, ref.id);
    // Done, here or by another gateway: it stays owed for ever, so that it is not looked up again.
    if (memo.done >= ref.revision) owed.nextMs = Number.POSITIVE_INFINITY;
    else if (memo.nextMs > now) owed.nextMs = memo.nextMs;
    else {
      const claim = { ...memo, nextMs: now + CLAIM_MS };
      const claimed = await writeNotice(authority.store, ref.id, claim, { version, endsAtMs });
      if (claimed === null) return;
      const done = await this.#try(owed, memo.tries);
      await writeNotice(
        authority.store,
        ref.id,
        { ...done, done: done.done || memo.done },
        { version: claimed, endsAtMs },
      );
      owed.nextMs = done.done === 0 ? done.nextMs : Number.POSITIVE_INFINITY;
    }
  }

  /** One try; answers what is to be remembered of it. `done` is 0 when it is still owed. */
  async #try(owed: Owed, tries: number): Promise<{ done: number; tries: number; nextMs: number }> {
    const { authority, key, url, timeoutMs = 10_000 } = this.#options;
    const device = await authority.load(owed.deviceId);
    const body = device && bodyFor(device, owed);
    // It was decided, or widened, since: the newest revision has a notice of its own.
    if (body === undefined) return { done: 0, tries, nextMs: 0 };
    const nowMs = authority.clock.now();
    this.#sentAtMs.push(nowMs);
    const id = formatRequestId(owed.ref);
    const posted = await post({ url, key, id, body, nowMs, timeoutMs, signal: this.#ended.signal });
    if (!posted.ok && this.#ended.signal.aborted) return { done: 0, tries, nextMs: 0 };
    await this.#tell(posted, id);
    if (posted.ok) return { done: owed.ref.revision, tries: 0, nextMs: 0 };
    const isOver = posted.gone || nowMs - owed.atMs >= GIVE_UP_MS;
    if (!isOver) return { done: 0, tries: tries + 1, nextMs: authority.clock.now() + this.#pause(tries) };
    this.#options.onResult?.('given-up');
    this.#options.log.error({ err: new Error(posted.problem) }, `the notice of request ${id} was given up`);
    return { done: owed.ref.revision, tries: 0, nextMs: 0 };
  }

  #pause(tries: number): number {
    const { random = Math.random } = this.#options;
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries, 20)) * (0.75 + random() / 2);
  }

  /** The first failure is logged, and the first delivery after it; `status` tells of what is between. */
  async #tell(posted: Posted, id: string): Promise<void> {
    const { authority, log, onResult } = this.#options;
    onResult?.(posted.ok ? 'delivered' : 'failed');
    const trouble = posted.ok ? null : { atMs: authority.clock.now(), problem: posted.problem };
    const isNews = await writeTrouble(authority.store, trouble);
    if (!isNews) return;
    if (posted.ok) log.info('notices to the owner get through again');
    else
      log.error(
        { err: new Error(posted.problem) },
        `the notice of request ${id} did not get through; it is tried again`,
      );
  }
}

function owedFor(deviceId: string, role: Role, request: OpenRequest): Owed {
  const { atMs } = newestRevision(request);
  const { endsAtMs } = request;
  return { deviceId, role, ref: newestRef(request), atMs, endsAtMs, nextMs: 0, isRunning: false };
}

/** What is sent: the request as `device.pair.list` shows it. Undefined when it is not the one that is owed any more. */
function bodyFor(device: DeviceRecord, { role, ref, atMs }: Owed): string | undefined {
  const row = pendingRow(device, role);
  if (row?.requestId !== formatRequestId(ref)) return undefined;
  const type = ref.revision === 1 ? 'device.request.opened' : 'device.request.widened';
  return JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data: row });
}
