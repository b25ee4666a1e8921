import type { Commit } from './disk.ts';
import {
  after,
  idOf,
  isAsking,
  isSettling,
  keyOf,
  type Moment,
  NOTHING_KNOWN,
  type Told,
  toldOf,
} from './fold.ts';

/** How one request went, as far as it is on the disk. */
export interface RequestStory {
  readonly id: string;
  readonly key: string;
  /** What each revision asks for. */
  revisions: (readonly string[])[];
  settled: Told | undefined;
  approvals: Told[];
  /** The last sign of life of anybody who asks for it, in epoch ms. */
  lastAskedMs: number;
}

/** One step of one (device, role): what stood before, what happened, what stands after. */
export interface Turn {
  readonly key: string;
  readonly deviceId: string;
  readonly role: string;
  readonly before: Moment;
  readonly after: Moment;
  readonly told: readonly Told[];
  /** The record itself, as it was written; null when it was forgotten. */
  readonly document: unknown;
}

const BEGINNING: Moment = { ...NOTHING_KNOWN, seq: 0, atMs: 0 };

/** Everything that the store's events tell, folded here and not by the machines, with the time at which it was so. */
export class Chronicle {
  readonly #quietMs: number;
  readonly #moments = new Map<string, Moment[]>();
  readonly requests = new Map<string, RequestStory>();

  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  now(key: string): Moment {
    return this.#moments.get(key)?.at(-1) ?? BEGINNING;
  }

  keys(): Iterable<string> {
    return this.#moments.keys();
  }

  /** Everything that stood at some time from then on. */
  since(key: string, fromMs: number): readonly Moment[] {
    const all = this.#moments.get(key) ?? [];
    let first = all.length;
    while (first > 0 && (all[first - 1] as Moment).atMs > fromMs) first -= 1;
    return first === 0 ? [BEGINNING, ...all] : all.slice(first - 1);
  }

  /** What stood when the events up to this one were known, and later. */
  sinceSeq(key: string, seq: number): readonly Moment[] {
    const all = this.#moments.get(key) ?? [];
    let first = all.length;
    while (first > 0 && (all[first - 1] as Moment).seq > seq) first -= 1;
    return first === 0 ? [BEGINNING, ...all] : all.slice(first - 1);
  }

  /** Takes a commit in; answers what it did to each (device, role). */
  add({ changes, revisions }: Commit, nowMs: number): readonly Turn[] {
    return changes.flatMap((change, index) => {
      const told = change.events.map(toldOf).filter(({ role }) => role !== '');
      const roles = [...new Set(told.map(({ role }) => role))];
      return roles.map((role) => {
        const key = keyOf(change.deviceId, role);
        const own = told.filter((one) => one.role === role);
        const before = this.now(key);
        const next = this.#fold(before, own);
        const moment: Moment = { ...next, seq: revisions[index] ?? 0, atMs: nowMs };
        this.#remember(key, moment);
        for (const one of own) this.#note(key, one);
        const document = change.next?.document ?? null;
        return { key, deviceId: change.deviceId, role, before, after: moment, told: own, document };
      });
    });
  }

  /** A part of the history is gone: what stands now is what the rest of it tells. */
  lost(kept: readonly Commit[], nowMs: number): void {
    const earlier = new Chronicle(this.#quietMs);
    for (const commit of kept) earlier.add(commit, 0);
    const { requests } = this;
    for (const key of [...this.#moments.keys()]) {
      const stands = earlier.now(key);
      if (stands.seq !== this.now(key).seq) this.#remember(key, { ...stands, atMs: nowMs });
    }
    for (const id of [...requests.keys()]) {
      const story = earlier.requests.get(id);
      if (story)
        Object.assign(requests.get(id) as RequestStory, {
          ...story,
          lastAskedMs: requests.get(id)?.lastAskedMs,
        });
      else requests.delete(id);
    }
  }

  #fold(before: Moment, told: readonly Told[]): Moment {
    const isRevocation = told.some(({ type }) => type === 'grant.revoked');
    let standing: Moment = before;
    for (const one of told) {
      standing = { ...standing, ...after(standing, one, this.#quietMs, before.open, isRevocation) };
    }
    return standing;
  }

  #remember(key: string, moment: Moment): void {
    const all = this.#moments.get(key) ?? [];
    all.push(moment);
    // What nobody can ask for any more: no answer takes longer than an hour.
    if (all.length > 400 && (all[200] as Moment).atMs < moment.atMs - 3_600_000) all.splice(0, 200);
    this.#moments.set(key, all);
  }

  #note(key: string, told: Told): void {
    if (told.request === null) return;
    const id = idOf(told.request);
    const story = this.requests.get(id) ?? {
      id,
      key,
      revisions: [],
      settled: undefined,
      approvals: [],
      lastAskedMs: told.atMs,
    };
    this.requests.set(id, story);
    if (isAsking(told)) story.revisions.push(told.scopesTo);
    if (told.type === 'request.approved') story.approvals.push(told);
    if (isSettling(told)) story.settled = told;
  }
}
