import { randomUUID } from 'node:crypto';
import { checkChanges, checkEpoch, DEFAULT_HISTORY_LIMIT } from './change-checks.ts';
import { parseFrozen } from './frozen-json.ts';
import { illegalMove } from './legal-moves.ts';
import { newestOf } from './newest-of.ts';
import type {
  Change,
  ChangeNotice,
  DeviceRow,
  HistoryQuery,
  Json,
  Memo,
  Pruned,
  Pruning,
  Store,
  StoredEvent,
} from './store.ts';
import { StoreError } from './store.ts';
import { Watchers } from './watchers.ts';

/** What several memory stores share: it plays the part of the file that several processes open. */
export class MemoryBacking {
  readonly id: string = randomUUID();
  readonly #rows = new Map<string, DeviceRow>();
  #events: StoredEvent[] = [];
  // How many (device, role) pairs are in each state: asked on every connect of a stranger, so it is kept, not counted.
  readonly #inState = new Map<string, number>();
  readonly #openings = new Set<Watchers>();
  readonly #memos = new Map<string, Memo & { readonly keepUntilMs: number | null }>();
  #epoch = 1;

  get epoch(): number {
    return this.#epoch;
  }

  get head(): number {
    return this.#events.at(-1)?.seq ?? 0;
  }

  /** Called by each store that is opened on this backing; the function ends it. */
  join(watchers: Watchers): () => void {
    this.#openings.add(watchers);
    return () => void this.#openings.delete(watchers);
  }

  row(deviceId: string): DeviceRow | undefined {
    return this.#rows.get(deviceId);
  }

  rows(): readonly DeviceRow[] {
    return [...this.#rows.values()].sort((a, b) => order(a.deviceId, b.deviceId));
  }

  /** Applies the changes, or throws, or answers null: everything that can fail comes before the first write. */
  apply(changes: readonly Change[], by: Watchers): readonly number[] | null {
    checkChanges(changes);
    const isStale = ({ deviceId, expectedRevision }: Change): boolean =>
      (this.#rows.get(deviceId)?.revision ?? 0) !== expectedRevision;
    if (changes.some(isStale)) return null;
    const rows = new Map<string, DeviceRow | undefined>();
    const events: StoredEvent[] = [];
    const revisions = changes.map((change) => {
      const { deviceId, next } = change;
      const before = rows.has(deviceId) ? rows.get(deviceId) : this.#rows.get(deviceId);
      const illegal = illegalMove(deviceId, before?.states ?? {}, next?.states ?? {});
      if (illegal) throw illegal;
      for (const event of change.events) {
        const detail = parseFrozen(JSON.stringify(event.detail));
        const seq = this.head + events.length + 1;
        events.push(Object.freeze({ ...event, detail, deviceId, seq }));
      }
      const revision = this.head + events.length;
      rows.set(deviceId, next ? toRow(deviceId, revision, next) : undefined);
      return revision;
    });
    for (const event of events) this.#events.push(event);
    for (const [deviceId, row] of rows) this.#put(deviceId, row);
    for (const [deviceId, seq] of newestOf(changes, revisions)) this.#tell(by, { deviceId, seq });
    return revisions;
  }

  countState(state: string): number {
    return this.#inState.get(state) ?? 0;
  }

  history({ deviceId, requestId, afterSeq = 0, limit = DEFAULT_HISTORY_LIMIT }: HistoryQuery): StoredEvent[] {
    const wanted = this.#after(afterSeq)
      .filter((event) => deviceId === undefined || event.deviceId === deviceId)
      .filter((event) => requestId === undefined || event.requestId === requestId);
    return wanted.slice(Math.max(0, wanted.length - Math.max(0, limit)));
  }

  raiseEpoch(epoch: number): number {
    this.#epoch = Math.max(this.#epoch, epoch);
    return this.#epoch;
  }

  memo(name: string): Memo | undefined {
    const kept = this.#memos.get(name);
    return kept && { value: kept.value, version: kept.version };
  }

  setMemo(name: string, value: Json, expectedVersion: number, keepUntilMs: number | null): number | null {
    if ((this.#memos.get(name)?.version ?? 0) !== expectedVersion) return null;
    const version = expectedVersion + 1;
    this.#memos.set(name, { value: parseFrozen(JSON.stringify(value)), version, keepUntilMs });
    return version;
  }

  prune({ beforeMs, keep, afterSeq, limit }: Pruning): Pruned {
    const looked = this.#after(afterSeq).slice(0, limit);
    const kept = new Set(
      looked.filter((event) => this.#mustStay(event, beforeMs, keep)).map(({ seq }) => seq),
    );
    const last = looked.at(-1);
    const isLookedAt = ({ seq }: StoredEvent): boolean => seq > afterSeq && seq <= (last?.seq ?? 0);
    const left = this.#events.filter((event) => !isLookedAt(event) || kept.has(event.seq));
    const removed = this.#events.length - left.length;
    this.#events = left;
    const isOver = last === undefined || last.atMs >= beforeMs || looked.length < limit;
    return { removed, nextSeq: isOver ? null : last.seq };
  }

  pruneMemos(nowMs: number): number {
    const over = [...this.#memos].filter(
      ([, { keepUntilMs }]) => keepUntilMs !== null && keepUntilMs < nowMs,
    );
    for (const [name] of over) this.#memos.delete(name);
    return over.length;
  }

  #mustStay({ seq, atMs, requestId, deviceId }: StoredEvent, beforeMs: number, keep: number): boolean {
    if (atMs >= beforeMs || seq === this.head) return true;
    const isFresh = (event: StoredEvent): boolean => event.requestId === requestId && event.atMs >= beforeMs;
    if (requestId !== null && this.#events.some(isFresh)) return true;
    if (!this.#rows.has(deviceId)) return false;
    const newer = this.#events.filter((event) => event.deviceId === deviceId && event.seq > seq);
    return newer.length < keep;
  }

  /** Its events are in the order of their `seq`; the oldest may be forgotten. */
  #after(seq: number): readonly StoredEvent[] {
    const first = this.#events[0]?.seq ?? 1;
    const gapless = this.head - first + 1 === this.#events.length;
    if (gapless) return this.#events.slice(Math.max(0, seq - first + 1));
    return this.#events.filter((event) => event.seq > seq);
  }

  #put(deviceId: string, row: DeviceRow | undefined): void {
    this.#count(this.#rows.get(deviceId)?.states, -1);
    this.#count(row?.states, 1);
    if (row) this.#rows.set(deviceId, row);
    else this.#rows.delete(deviceId);
  }

  #count(states: DeviceRow['states'] | undefined, difference: 1 | -1): void {
    for (const state of Object.values(states ?? {})) {
      this.#inState.set(state, this.countState(state) + difference);
    }
  }

  // Own listeners hear at once; the other openings a little later, as another process would.
  #tell(by: Watchers, change: Omit<ChangeNotice, 'foreign'>): void {
    by.tell({ ...change, foreign: false });
    for (const other of this.#openings) {
      if (other !== by) queueMicrotask(() => other.tell({ ...change, foreign: true }));
    }
  }
}

function toRow(deviceId: string, revision: number, next: NonNullable<Change['next']>): DeviceRow {
  // Through text, as in a file: the caller keeps its object, the readers get one that nobody can change.
  const document = parseFrozen(JSON.stringify(next.document));
  const { states, deadlineMs } = next;
  return Object.freeze({ deviceId, revision, document, states: Object.freeze({ ...states }), deadlineMs });
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

class MemoryStore implements Store {
  readonly #backing: MemoryBacking;
  readonly #watchers = new Watchers();
  readonly #leave: () => void;
  #closed = false;

  constructor(backing: MemoryBacking) {
    this.#backing = backing;
    this.#leave = backing.join(this.#watchers);
  }

  get id(): string {
    return this.#backing.id;
  }

  async load(deviceId: string): Promise<DeviceRow | undefined> {
    return this.#open().row(deviceId);
  }

  async save(change: Change): Promise<number | null> {
    return this.#open().apply([change], this.#watchers)?.[0] ?? null;
  }

  async saveAll(changes: readonly Change[]): Promise<readonly number[] | null> {
    return this.#open().apply(changes, this.#watchers);
  }

  async list(): Promise<readonly DeviceRow[]> {
    return this.#open().rows();
  }

  async due(nowMs: number, limit: number): Promise<readonly string[]> {
    return this.#open()
      .rows()
      .filter(({ deadlineMs }) => deadlineMs !== null && deadlineMs <= nowMs)
      .sort((a, b) => (a.deadlineMs ?? 0) - (b.deadlineMs ?? 0))
      .slice(0, Math.max(0, limit))
      .map(({ deviceId }) => deviceId);
  }

  async countState(state: string): Promise<number> {
    return this.#open().countState(state);
  }

  async history(query: HistoryQuery): Promise<readonly StoredEvent[]> {
    return this.#open().history(query);
  }

  async head(): Promise<number> {
    return this.#open().head;
  }

  async epoch(): Promise<number> {
    return this.#open().epoch;
  }

  async raiseEpoch(epoch: number): Promise<number> {
    checkEpoch(epoch);
    return this.#open().raiseEpoch(epoch);
  }

  async memo(name: string): Promise<Memo | undefined> {
    return this.#open().memo(name);
  }

  async setMemo(
    name: string,
    value: Json,
    expectedVersion: number,
    keepUntilMs: number | null,
  ): Promise<number | null> {
    return this.#open().setMemo(name, value, expectedVersion, keepUntilMs);
  }

  async prune(pruning: Pruning): Promise<Pruned> {
    return this.#open().prune(pruning);
  }

  async pruneMemos(nowMs: number): Promise<number> {
    return this.#open().pruneMemos(nowMs);
  }

  watch(listener: (notice: ChangeNotice) => void): () => void {
    this.#open();
    return this.#watchers.add(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#leave();
    this.#watchers.clear();
  }

  #open(): MemoryBacking {
    if (this.#closed) {
      throw new StoreError('STORE_CLOSED', 'This memory store was closed; open another one on its backing.');
    }
    return this.#backing;
  }
}

/**
 * A store that lives as long as its backing: for tests, and for a gateway that may forget its devices when it stops.
 * It keeps the whole history. Two stores over one backing behave like two processes over one file.
 */
export function memoryStore(backing: MemoryBacking = new MemoryBacking()): Store {
  return new MemoryStore(backing);
}
