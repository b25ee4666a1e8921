import type { Announcement, AuthorizationEvent } from '../../machines/authorization-events.ts';
import { newestRef, newestRevision, type OpenRequest } from '../../machines/record.ts';
import { pairingReason, standingOf } from '../../machines/verdict.ts';
import { formatRequestId, type Outcome, type RequestRef, type Role } from '../../machines/vocabulary.ts';
import type { Json, NewEvent, StoredEvent } from '../store/store.ts';
import { type DeviceRecord, otherPairedRoles, roleOf } from './device.ts';

/** Where an event came from; goes into the history as it is. No secret may be in it. */
export interface Origin {
  /** Who decided; null when a device or a deadline did it. */
  readonly by: string | null;
  readonly connId: string | null;
  readonly address: string | null;
  /** How the peer authenticated: `shared-secret`, `device-token`, `none`, `store-file`. */
  readonly auth: string | null;
  readonly client: string | null;
  /** Only of a rejection: why, in the owner's words. */
  readonly note?: string;
  /** Only of what an import did. */
  readonly imported?: ImportedFrom;
}

export const NO_ORIGIN: Origin = { by: null, connId: null, address: null, auth: null, client: null };

/** One line of a device's history, as `devices log` shows it, and the audit log where it is news. */
export interface HistoryDetail extends Origin {
  /** `<id>.r<revision>` of the revision that it is about; null if it is about none. */
  readonly request: string | null;
  readonly outcome: Outcome | null;
  /** `not-paired`, `role-upgrade` or `scope-upgrade`, for a request. */
  readonly reason: string | null;
  readonly stateFrom: string;
  readonly stateTo: string;
  /** The grant before. */
  readonly scopesFrom: readonly string[];
  /** What is asked for (request.opened, request.widened), else the grant after. */
  readonly scopesTo: readonly string[];
  readonly attempts: number;
}

/** Where a device was brought from, for its history. */
// A type and not an interface, because JSON has an index signature.
export type ImportedFrom = {
  /** For example `OpenClaw 2026.9`. */
  readonly source: string;
  /** How it was approved there, in that gateway's word; null where it does not say. */
  readonly approvedVia: string | null;
  /** Epoch ms. */
  readonly approvedAtMs: number;
  /** Until when it counted there; null while it does. Epoch ms. */
  readonly revokedAtMs: number | null;
  /** The ids of the requests there that one here replaces. */
  readonly requestIds: readonly string[];
};

function requestOf(
  before: OpenRequest | null,
  after: OpenRequest | null,
  event: AuthorizationEvent,
): RequestRef | null {
  if ('request' in event) return event.request;
  const request = after ?? before;
  return request && newestRef(request);
}

/** What is written to the history for one announcement of one role's step. */
export function historyEvent(
  before: DeviceRecord,
  after: DeviceRecord,
  role: Role,
  event: AuthorizationEvent,
  { fact, outcome }: Announcement,
  origin: Origin,
): NewEvent {
  const from = roleOf(before, role);
  const to = roleOf(after, role);
  const ref = fact.startsWith('request.') ? requestOf(from.record.request, to.record.request, event) : null;
  const isAsking = fact === 'request.opened' || fact === 'request.widened';
  const request = to.record.request;
  const detail: HistoryDetail = {
    ...origin,
    request: ref && formatRequestId(ref),
    outcome,
    reason: isAsking
      ? pairingReason(standingOf(from.state, from.record), otherPairedRoles(before, role))
      : null,
    stateFrom: from.state,
    stateTo: to.state,
    scopesFrom: from.record.grant,
    scopesTo: isAsking && request ? newestRevision(request).scopes : to.record.grant,
    attempts: (request ?? from.record.request)?.attempts ?? 0,
  };
  return { role, atMs: event.at, type: fact, requestId: ref?.id ?? null, detail: { ...detail } as Json };
}

export function detailOf(event: StoredEvent): HistoryDetail {
  return event.detail as unknown as HistoryDetail;
}

/**
 * Whether an event is news to owners: a line of the audit log and a word to managers. A renewal is none, because it
 * changes nothing that they decide (I8b); it is kept in the history only.
 */
export function isNews({ type }: Pick<NewEvent, 'type'>): boolean {
  return type !== 'request.renewed';
}

const list = (scopes: readonly string[]): string => scopes.join(',') || '<none>';
/** Quoted, so that a value which a peer chose cannot pass for another field of the line. */
const quoted = (text: string | null): string => JSON.stringify(text ?? '');

/**
 * The line of the audit log: one for each state change, never one for each attempt (I8b). A request's line keeps the
 * words by which owners already search their logs (openclaw/openclaw#21688).
 */
export function auditLine(deviceId: string, { type, role, detail: raw }: NewEvent): string {
  const detail = raw as unknown as HistoryDetail;
  const who = `device=${deviceId} role=${role}`;
  if (type === 'request.opened' || type === 'request.widened') {
    return (
      `security audit: device access upgrade requested reason=${detail.reason} ${who} request=${detail.request} ` +
      `scopesFrom=${list(detail.scopesFrom)} scopesTo=${list(detail.scopesTo)} ip=${quoted(detail.address)} ` +
      `auth=${detail.auth} client=${quoted(detail.client)} conn=${detail.connId}`
    );
  }
  const outcome = detail.outcome ? ` outcome=${detail.outcome}` : '';
  const request = detail.request ? ` request=${detail.request}` : '';
  const { imported } = detail;
  const from = imported ? ` from=${quoted(imported.source)} via=${quoted(imported.approvedVia)}` : '';
  return (
    `security audit: ${type} ${who}${request}${outcome} state=${detail.stateFrom}>${detail.stateTo} ` +
    `grant=${list(detail.scopesTo)} by=${quoted(detail.by)}${from}`
  );
}
