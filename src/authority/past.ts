import { ROLES, type Role } from '../../machines/vocabulary.ts';
import type { StoredEvent } from '../store/store.ts';
import { detailOf } from './audit.ts';
import type { Authority } from './authority.ts';
import { roleOf } from './device.ts';

export interface RolePast {
  readonly role: Role;
  readonly state: string;
  readonly grant: readonly string[];
  /** What was open then. */
  readonly request: { readonly requestId: string; readonly scopes: readonly string[] } | null;
  /** What happened last before that moment; null when the history does not go back so far. */
  readonly last: {
    readonly seq: number;
    readonly atMs: number;
    readonly type: string;
    readonly by: string | null;
  } | null;
}

/** A device as it was. Times are epoch ms. */
export interface Past {
  readonly deviceId: string;
  readonly atMs: number;
  readonly roles: readonly RolePast[];
}

/** More than any device has. */
const MOST_EVENTS = 1_000_000;

/**
 * A device as it was at a moment, read off its history: each event says what was before it, and what after. Where the
 * history was cut before that moment, the next event says what was before it, or the record does if nothing came since.
 * Undefined when nothing was ever known of the device.
 */
export async function deviceAt(
  authority: Pick<Authority, 'store' | 'load'>,
  deviceId: string,
  atMs: number,
): Promise<Past | undefined> {
  const events = await authority.store.history({ deviceId, limit: MOST_EVENTS });
  const device = await authority.load(deviceId);
  if (events.length === 0 && !device) return undefined;
  const roles = ROLES.flatMap((role): readonly RolePast[] => {
    const own = events.filter((event) => event.role === role);
    const before = own.filter((event) => event.atMs <= atMs);
    const last = before.at(-1);
    if (last) return [{ role, ...after(last), request: openAfter(before), last: lastOf(last) }];
    const next = own[0];
    if (next) {
      const { stateFrom, scopesFrom } = detailOf(next);
      return [{ role, state: stateFrom, grant: scopesFrom, request: null, last: null }];
    }
    if (!device?.roles[role] || device.createdAtMs > atMs) return [];
    const { state, record } = roleOf(device, role);
    return [{ role, state, grant: record.grant, request: null, last: null }];
  });
  return { deviceId, atMs, roles };
}

function isAsking({ type }: StoredEvent): boolean {
  return type === 'request.opened' || type === 'request.widened';
}

/** Asking gives nothing: the scopes after it are those that are asked for. */
function after(event: StoredEvent): Pick<RolePast, 'state' | 'grant'> {
  const { stateTo, scopesFrom, scopesTo } = detailOf(event);
  return { state: stateTo, grant: isAsking(event) ? scopesFrom : scopesTo };
}

function openAfter(events: readonly StoredEvent[]): RolePast['request'] {
  const asking = events.findLast(isAsking);
  if (!asking) return null;
  const isSettled = events.some(
    ({ type, requestId, seq }) =>
      type === 'request.settled' && requestId === asking.requestId && seq > asking.seq,
  );
  const { request, scopesTo } = detailOf(asking);
  return isSettled || request === null ? null : { requestId: request, scopes: scopesTo };
}

function lastOf(event: StoredEvent): RolePast['last'] {
  const { seq, atMs, type } = event;
  return { seq, atMs, type, by: detailOf(event).by };
}
