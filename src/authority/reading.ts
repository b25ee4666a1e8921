import type { RecordRead } from '../../machines/connection-setup.ts';
import { newestRef, type OpenRequest } from '../../machines/record.ts';
import { denialFor, readRecord, type Settled, type View } from '../../machines/verdict.ts';
import { type Outcome, parseRequestId, type RequestRef, type Role } from '../../machines/vocabulary.ts';
import type { Store, StoredEvent } from '../store/store.ts';
import { detailOf } from './audit.ts';
import { type DeviceRecord, otherPairedRoles, roleOf } from './device.ts';

/** What one connection wants to know. */
export interface Question {
  readonly role: Role;
  /** What it signed in its `connect`: all that it can ever use. */
  readonly wish: readonly string[];
  /** What a live session asked for beyond it (`requestUpgrade`); empty otherwise. */
  readonly asked: readonly string[];
  /** The request that it waits for. */
  readonly request: RequestRef | null;
  /** Whether a client that is turned away should come back by itself. */
  readonly wait: boolean;
  /** The authorization machine answered its wish with `quiet`. */
  readonly declined: boolean;
}

/**
 * More events than one request can have: it is renewed each quarter of its lifetime, about 2700 times in the week that
 * it may live by default. With the limit of a query that names none, the events that say what it is would be lost.
 */
const MOST_OF_ONE_REQUEST = 1_000_000;

/** All that happened to one request, oldest first. */
export function eventsOf(store: Store, requestId: string): Promise<readonly StoredEvent[]> {
  return store.history({ requestId, limit: MOST_OF_ONE_REQUEST });
}

/** How a request settled, by its id in the history; undefined while it is open or when it is unknown. */
export async function findSettlement(
  store: Store,
  requestId: string,
): Promise<
  | (Settled & {
      readonly by: string | null;
      readonly atMs: number;
      readonly deviceId: string;
      readonly role: Role;
      /** The grant before the step that settled it, and after. */
      readonly scopesFrom: readonly string[];
      readonly scopesTo: readonly string[];
    })
  | undefined
> {
  const events = await eventsOf(store, requestId);
  const last = events.findLast(({ type }) => type === 'request.settled');
  if (!last) return undefined;
  const { outcome, request, by, note, scopesFrom, scopesTo } = detailOf(last);
  const ref = request === null ? undefined : parseRequestId(request);
  if (!outcome || !ref) return undefined;
  const { atMs, deviceId } = last;
  const said = note === undefined ? {} : { note };
  return {
    request: ref,
    outcome,
    ...said,
    by,
    atMs,
    deviceId,
    role: last.role as Role,
    scopesFrom,
    scopesTo,
  };
}

/** How a request went for somebody whose own wish is covered while it is open still: by one of its approvals, or else. */
export async function outcomeWhileOpen(store: Store, requestId: string): Promise<'approved' | 'superseded'> {
  const events = await eventsOf(store, requestId);
  return events.some(({ type }) => type === 'request.approved') ? 'approved' : 'superseded';
}

/** What became of a request for ONE of those who wait for it, by its own wish (R12). */
async function outcomeFor(
  store: Store,
  { covered }: View,
  request: RequestRef | null,
  settled: Outcome | null,
): Promise<Outcome | null> {
  if (request === null || !covered) return settled;
  // The part that was given is all that this one asked for.
  if (settled === 'narrowed') return 'approved';
  return settled ?? outcomeWhileOpen(store, request.id);
}

/**
 * Reads a device's record for one connection (TABLES R11). The history is asked only when the request that the
 * connection waits for is no longer the open one, which is rare.
 */
export async function readFor(
  store: Store,
  device: DeviceRecord,
  question: Question,
  nowMs: number,
): Promise<Omit<RecordRead, 'type'>> {
  const { role, wish, asked, request, wait, declined } = question;
  const { state, record } = roleOf(device, role);
  const outstanding = asked.length > 0 ? [...wish, ...asked] : wish;
  const gone = request !== null && record.request?.id !== request.id;
  const read = readRecord(state, record, outstanding, nowMs);
  // Who waits for a request waits as long as it is open, also when a part of its wish was declined before that.
  const isWaiting = request !== null && !gone && !read.covered;
  const view = isWaiting && record.request ? { ...read, ...openAs(record.request) } : read;
  const signed = asked.length > 0 ? { ...view, live: readRecord(state, record, wish, nowMs).live } : view;
  const settled = gone ? await findSettlement(store, request.id) : undefined;
  const other = { role, wish: outstanding, otherRoles: otherPairedRoles(device, role), declined };
  return {
    view: signed,
    denial: denialFor(signed, other, record, settled ?? null, wait),
    outcome: await outcomeFor(store, signed, request, settled?.outcome ?? null),
  };
}

function openAs(request: OpenRequest): Pick<View, 'open' | 'openUntilMs'> {
  return { open: newestRef(request), openUntilMs: request.expiresAtMs };
}
