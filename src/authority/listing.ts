import { uncovered } from '../../machines/policy.ts';
import { newestRef, newestRevision, type Profile } from '../../machines/record.ts';
import { type StandingState, standingOf } from '../../machines/verdict.ts';
import { formatRequestId, ROLES, type Role } from '../../machines/vocabulary.ts';
import type { Authority } from './authority.ts';
import { type Caller, callerDevice, seesOthers } from './callers.ts';
import { type DeviceRecord, deviceOf, type RoleRecord, roleOf } from './device.ts';
import type { Claims, PendingRow } from './pending-row.ts';

export type { PendingRow } from './pending-row.ts';

const CLAIMS: readonly Exclude<keyof Claims, 'label'>[] = [
  'displayName',
  'platform',
  'deviceFamily',
  'clientId',
  'clientMode',
  'clientVersion',
  'remoteIp',
];

/** A token without its value: no list ever carries one. */
export interface TokenRow {
  readonly role: Role;
  /** The grant. */
  readonly scopes: readonly string[];
  readonly createdAtMs: number;
  readonly rotatedAtMs?: number;
  readonly revokedAtMs?: number;
}

/** One device that an owner approved, or approved and revoked. */
export interface PairedRow extends Claims {
  readonly deviceId: string;
  readonly publicKey: string;
  /** The device's own name for itself; `displayName` is the owner's label when there is one. */
  readonly claimedName?: string;
  readonly role: Role;
  /** The approved roles; empty when all were revoked. */
  readonly roles: readonly Role[];
  /** The ceiling of the approved roles. */
  readonly scopes: readonly string[];
  readonly tokens: readonly TokenRow[];
  readonly createdAtMs: number;
  readonly approvedAtMs: number;
  readonly connected?: boolean;
}

/** Something that an owner declined and that stays declined for a while (I13). */
export interface DeclinedRow extends Claims {
  readonly deviceId: string;
  readonly role: Role;
  /** `@pairing` stands for the pairing itself. */
  readonly scopes: readonly string[];
  /** When the last of it may be asked for again, in epoch ms. */
  readonly untilMs: number;
}

export interface DeviceList {
  /** Newest first. */
  readonly pending: readonly PendingRow[];
  /** The last approved first. */
  readonly paired: readonly PairedRow[];
  /** The longest quiet first; clients of the protocol do not know this key. */
  readonly declined: readonly DeclinedRow[];
}

export interface ListingOptions {
  /** Epoch ms: what is past its deadline is not shown, also when nothing has settled it yet. */
  readonly now: number;
  readonly connected?: (deviceId: string) => boolean;
}

/** What `device.pair.list` answers, from ONE snapshot of the store (I15). Rejects with a StoreError. */
export async function listDevices(
  { store }: Pick<Authority, 'store'>,
  { now, connected }: ListingOptions,
): Promise<DeviceList> {
  const devices = (await store.list()).map(deviceOf);
  const pending = devices.flatMap((device) =>
    ROLES.flatMap((role) => {
      const row = pendingRow(device, role);
      return row && row.expiresAtMs > now ? [row] : [];
    }),
  );
  const paired = devices.flatMap((device) => pairedRow(device, connected) ?? []);
  const declined = devices.flatMap((device) => ROLES.flatMap((role) => declinedRow(device, role, now) ?? []));
  return {
    pending: pending.sort((left, right) => right.ts - left.ts),
    paired: paired.sort((left, right) => right.approvedAtMs - left.approvedAtMs),
    declined: declined.sort((left, right) => right.untilMs - left.untilMs),
  };
}

/** The part of a list that this caller may see: a device token alone sees only its own device (PROTOCOL 5.5 rule 4). */
export function visibleTo(caller: Caller, list: DeviceList): DeviceList {
  if (seesOthers(caller)) return list;
  const own = ({ deviceId }: { readonly deviceId: string }): boolean => deviceId === callerDevice(caller);
  return {
    pending: list.pending.filter(own),
    paired: list.paired.filter(own),
    declined: list.declined.filter(own),
  };
}

/** The open request of one role; undefined when none is open. */
export function pendingRow(device: DeviceRecord, role: Role): PendingRow | undefined {
  const { record } = roleOf(device, role);
  const { request } = record;
  if (!request) return undefined;
  const { scopes, from } = newestRevision(request);
  const ref = newestRef(request);
  return {
    requestId: formatRequestId(ref),
    deviceId: device.deviceId,
    publicKey: device.publicKey,
    ...claimsOf(from, device.label),
    role,
    roles: [role],
    scopes,
    silent: false,
    isRepair: ROLES.some((one) => isStanding(standing(roleOf(device, one)))),
    ts: request.openedAtMs,
    revision: ref.revision,
    missing: uncovered(record.grant, scopes),
    attempts: request.attempts,
    expiresAtMs: request.expiresAtMs,
    askedBy: request.askedBy,
  };
}

/** A device with an approved or a revoked role; undefined for any other. */
export function pairedRow(
  device: DeviceRecord,
  connected?: ListingOptions['connected'],
): PairedRow | undefined {
  const known = ROLES.filter((role) => isStanding(standing(roleOf(device, role))));
  const [first] = known;
  if (!first) return undefined;
  const roles = known.filter((role) => standing(roleOf(device, role)) === 'paired');
  const { displayName: claimedName } = device.profile;
  const approvals = known.map((role) => roleOf(device, role).record.approvedAtMs ?? device.createdAtMs);
  return {
    deviceId: device.deviceId,
    publicKey: device.publicKey,
    ...claimsOf(device.profile, device.label),
    ...(claimedName && { claimedName }),
    role: roles[0] ?? first,
    roles,
    scopes: [...new Set(roles.flatMap((role) => roleOf(device, role).record.ceiling))].sort(),
    tokens: known
      .map((role) => tokenRow(device, role))
      .sort((left, right) => (left.role < right.role ? -1 : 1)),
    createdAtMs: device.createdAtMs,
    approvedAtMs: Math.max(...approvals),
    ...(connected && { connected: connected(device.deviceId) }),
  };
}

function tokenRow(device: DeviceRecord, role: Role): TokenRow {
  const kept = roleOf(device, role);
  const { grant, approvedAtMs, rotatedAtMs, revokedAtMs } = kept.record;
  // A role that was approved again keeps the time of its revocation in the record; its token is not revoked.
  const isRevoked = standing(kept) === 'revoked' && revokedAtMs !== null;
  return {
    role,
    scopes: grant,
    createdAtMs: approvedAtMs ?? device.createdAtMs,
    ...(rotatedAtMs !== null && { rotatedAtMs }),
    ...(isRevoked && { revokedAtMs }),
  };
}

function declinedRow(device: DeviceRecord, role: Role, now: number): DeclinedRow | undefined {
  const quiet = Object.entries(roleOf(device, role).record.quiet).filter(([, untilMs]) => untilMs > now);
  if (quiet.length === 0) return undefined;
  return {
    deviceId: device.deviceId,
    ...claimsOf(device.profile, device.label),
    role,
    scopes: quiet.map(([scope]) => scope).sort(),
    untilMs: Math.max(...quiet.map(([, untilMs]) => untilMs)),
  };
}

function standing({ state, record }: RoleRecord): StandingState {
  return standingOf(state, record);
}

function isStanding(state: StandingState): boolean {
  return state === 'paired' || state === 'revoked';
}

/** The known keys of a profile, the owner's label in place of the device's own name. An empty text is none: strict
 * readers of the list would drop all of it for one. */
function claimsOf(profile: Profile, label: string | null): Claims {
  const known = CLAIMS.flatMap((key) => (profile[key] ? [[key, profile[key]]] : []));
  return { ...Object.fromEntries(known), ...(label !== null && { displayName: label, label }) };
}
