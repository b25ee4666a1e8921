import type { Role } from '../../machines/vocabulary.ts';
import type { HistoryDetail } from '../authority/audit.ts';
import type { Explanation } from '../authority/explaining.ts';
import type { DeviceList } from '../authority/listing.ts';
import type { Past } from '../authority/past.ts';
import type { NoticeTrouble } from '../notices/notice-memo.ts';

/** One line of a device's history, as `device.history` carries it. */
export interface HistoryRow {
  readonly seq: number;
  readonly atMs: number;
  readonly type: string;
  readonly role: string | null;
  readonly detail: Partial<HistoryDetail>;
}

/** One thing that happened while somebody watches. */
export interface WatchRow {
  readonly atMs: number;
  /** A fact of the history (`request.opened`), or a gateway's event (`device.pair.requested`). */
  readonly type: string;
  readonly deviceId: string | null;
  readonly role: string | null;
  readonly detail: Partial<HistoryDetail>;
}

/** What an approval did. */
export interface Approved {
  readonly requestId: string;
  readonly deviceId: string;
}

/**
 * The one way in which verbs reach the devices: the state folder itself, or a gateway. Everything rejects with a
 * CliError that says what was refused and what to do.
 */
export interface Gate {
  /** For messages: what is being talked to. */
  readonly where: string;
  list(): Promise<DeviceList>;
  /** `scopes` null approves all that the named revision asks for. */
  approve(requestId: string, scopes: readonly string[] | null): Promise<Approved>;
  reject(requestId: string): Promise<Approved>;
  remove(deviceId: string): Promise<void>;
  rename(deviceId: string, label: string): Promise<void>;
  /** Answers the grant that now holds. */
  rotate(deviceId: string, role: Role, scopes: readonly string[] | null): Promise<readonly string[]>;
  revoke(deviceId: string, role: Role): Promise<void>;
  /** Answers whether anything was declined. */
  forgive(deviceId: string): Promise<boolean>;
  reissue(deviceId: string, role: Role): Promise<void>;
  /** The newest `limit` lines, oldest first. */
  history(deviceId: string, limit: number): Promise<readonly HistoryRow[]>;
  /** Why it waits, and what its next connect would get; null when nothing is known of it. */
  explain(deviceId: string, wish: readonly string[] | null): Promise<Explanation | null>;
  /** The device as it was; null when nothing was ever known of it. */
  at(deviceId: string, atMs: number): Promise<Past | null>;
  /** That notices to the owner do not get through; null while they do, and where none are sent. */
  noticeTrouble(): Promise<NoticeTrouble | null>;
  /** Tells what happens from the call of `ready` on, until `signal` aborts. Rejects when it can no longer tell. */
  watch(tell: (row: WatchRow) => void, signal: AbortSignal, ready: () => void): Promise<void>;
  close(): Promise<void>;
}

/** What a verb is going to do with a gate: a gateway gives a caller no more rights than that. */
export type Purpose = 'look' | 'status' | 'manage';
