/**
 * The port between the authority and what remembers. A store knows devices, states and times, never scopes: what it
 * keeps of a device is an opaque document beside the few columns that it must search or guard.
 */

/** JSON as it comes out of a store. Documents are shared between readers: never change one in place. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** One device (all its roles, its requests, its token generations) as one record, so that a list is consistent (I15). */
export interface DeviceRow {
  readonly deviceId: string;
  /** The `seq` of the last event of this device: grows over the whole store and is never used twice, also not after
   * a record vanished, so that a stale compare-and-set can never succeed (R8). */
  readonly revision: number;
  readonly document: Json;
  /** The authorization machine's state of each role the device has. Moves between states are guarded by the store. */
  readonly states: Readonly<Record<string, string>>;
  /** The next time at which something in the document falls due, in epoch ms; null for never. */
  readonly deadlineMs: number | null;
}

/** What happened, as it is written together with its consequence. */
export interface NewEvent {
  readonly role: string | null;
  readonly atMs: number;
  /** For example `request.opened`; the list of types belongs to the authority. */
  readonly type: string;
  /** The id of the request that it concerns, without its revision; null if it concerns none. */
  readonly requestId: string | null;
  readonly detail: Json;
}

/** One line of a device's history. */
export interface StoredEvent extends NewEvent {
  /** Position in the one history of the store; starts at 1, has no duplicates, may have gaps. */
  readonly seq: number;
  readonly deviceId: string;
}

/** One atomic step on one device: its next record and what happened, or nothing at all. */
export interface Change {
  readonly deviceId: string;
  /** The revision that the step was computed from; 0 when there was no record. */
  readonly expectedRevision: number;
  /** The next record; null removes it (its history stays). */
  readonly next: Pick<DeviceRow, 'document' | 'states' | 'deadlineMs'> | null;
  /** At least one: a change without a reason is a bug. */
  readonly events: readonly [NewEvent, ...NewEvent[]];
  /** True for an owner's decision: `save` answers only once it would survive a power cut. */
  readonly durable: boolean;
}

export interface HistoryQuery {
  readonly deviceId?: string;
  readonly requestId?: string;
  /** Only events after this one; default 0, all. */
  readonly afterSeq?: number;
  /** Keep the newest `limit` of them; default 1000. */
  readonly limit?: number;
}

/** One look at a part of the history, to forget what is too old. */
export interface Pruning {
  /** Events before this may be forgotten, in epoch ms. */
  readonly beforeMs: number;
  /** The newest so many of each device that has a record stay, however old. */
  readonly keep: number;
  /** Looks at `limit` events after this one. */
  readonly afterSeq: number;
  readonly limit: number;
}

export interface Pruned {
  readonly removed: number;
  /** Where the next look begins; null when there is nothing older than `beforeMs` any more. */
  readonly nextSeq: number | null;
}

/** A small fact that outlives the process and belongs to no device, such as which notice was sent. */
export interface Memo {
  readonly value: Json;
  /** 1 when it is first set, and one more each time. */
  readonly version: number;
}

/** Tells that a device's record changed. A hint: the listener reads again. Several changes may come as one. */
export interface ChangeNotice {
  readonly deviceId: string;
  /** The newest change known; at least the one that caused the notice. */
  readonly seq: number;
  /** True when another process (another opening of the same store) made the change. */
  readonly foreign: boolean;
}

export interface Store {
  /** Made once when the store was created; part of every derived token. */
  readonly id: string;
  load(deviceId: string): Promise<DeviceRow | undefined>;
  /** The new revision, or null when somebody was faster: then nothing was written. Rejects with a StoreError. */
  save(change: Change): Promise<number | null>;
  /** Several changes as one step: the revision of each, or null when somebody was faster on one of them; then nothing
   * was written. Changes of one device follow one another in their order, and all of them name its revision before the
   * first. It is durable when one of them is. */
  saveAll(changes: readonly Change[]): Promise<readonly number[] | null>;
  /** All records, from ONE snapshot, ordered by device id. */
  list(): Promise<readonly DeviceRow[]>;
  /** Devices whose deadline is at or before `nowMs`, the most overdue first, at most `limit`. */
  due(nowMs: number, limit: number): Promise<readonly string[]>;
  /** How many (device, role) pairs are in a state of the machine; cheap, for limits. */
  countState(state: string): Promise<number>;
  /** Oldest first. */
  history(query: HistoryQuery): Promise<readonly StoredEvent[]>;
  /** The `seq` of the newest event; 0 for an empty store. */
  head(): Promise<number>;
  /** The token epoch (DESIGN section 4, Tokens): starts at 1. */
  epoch(): Promise<number>;
  /** Sets the epoch if it is higher than the present one, durably; answers the epoch that now holds. */
  raiseEpoch(epoch: number): Promise<number>;
  memo(name: string): Promise<Memo | undefined>;
  /** Sets a memo that still has this version (0: that is not there). The new version, or null when somebody was faster:
   * then nothing was written. Nobody who watches is told. It may be forgotten after `keepUntilMs`; null for never. */
  setMemo(
    name: string,
    value: Json,
    expectedVersion: number,
    keepUntilMs: number | null,
  ): Promise<number | null>;
  /**
   * Forgets events that are too old. One that belongs to a request stays as long as any event of that request is not too
   * old, and the newest event of the store stays always. No record changes, no `seq` is used again, and nobody who
   * watches is told.
   */
  prune(pruning: Pruning): Promise<Pruned>;
  /** Forgets the memos that need not be kept any more at `nowMs`; how many that were. */
  pruneMemos(nowMs: number): Promise<number>;
  /** Calls `listener` after each change: own ones before `save` answers, foreign ones within 50 ms. Returns the
   * function that ends it. A listener that throws does not disturb the store or the other listeners. */
  watch(listener: (notice: ChangeNotice) => void): () => void;
  /** Ends watching and releases what it holds; later calls reject with STORE_CLOSED. */
  close(): Promise<void>;
}

/** What can be wrong with a store; each has a message that says what to do next. */
export type StoreErrorCode =
  /** The file is not a database, or fails its integrity check. It is left as it is. */
  | 'STORE_DAMAGED'
  /** No permission to read or write the folder or file. */
  | 'STORE_NOT_WRITABLE'
  /** Written by a newer version of this program. */
  | 'STORE_TOO_NEW'
  /** A step that the machine does not have was about to be written. A bug of ours: nothing was written. */
  | 'STORE_ILLEGAL_MOVE'
  /** The disk is full, or the file system failed; nothing was written, or it is written and not confirmed. */
  | 'STORE_FAILED'
  /** Another process kept the file locked for longer than the busy timeout. */
  | 'STORE_BUSY'
  | 'STORE_CLOSED';

export class StoreError extends Error {
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}
