import { randomBytes } from 'node:crypto';
import { type AuthorizationRecord, FRESH, nextDeadline, type Profile } from '../../machines/record.ts';
import { standingOf } from '../../machines/verdict.ts';
import { ROLES, type Role } from '../../machines/vocabulary.ts';
import type { DeviceRow, Json } from '../store/store.ts';

/** The authorization machine's state for one role, with its record. */
export interface RoleRecord {
  readonly state: string;
  readonly record: AuthorizationRecord;
}

/** Everything that is known of one device: the document of its row in the store. */
export interface DeviceRecord {
  readonly deviceId: string;
  /** Raw Ed25519 key, base64url without padding; empty until its first signed connect was seen. */
  readonly publicKey: string;
  /** The name an owner gave it; null if none did. */
  readonly label: string | null;
  /** Base64url; made anew by a removal, so that no token of before is valid again. */
  readonly pairingSalt: string;
  readonly createdAtMs: number;
  /** What it last said of itself when a request or an approval was written. */
  readonly profile: Profile;
  readonly roles: { readonly [R in Role]?: RoleRecord };
}

export const UNKNOWN_ROLE: RoleRecord = { state: 'unpaired', record: FRESH };

export function newPairingSalt(): string {
  return randomBytes(16).toString('base64url');
}

export function newDevice(deviceId: string, publicKey: string, nowMs: number): DeviceRecord {
  return {
    deviceId,
    publicKey,
    label: null,
    pairingSalt: newPairingSalt(),
    createdAtMs: nowMs,
    profile: {},
    roles: {},
  };
}

export function roleOf(device: DeviceRecord, role: Role): RoleRecord {
  return device.roles[role] ?? UNKNOWN_ROLE;
}

export function isPaired({ state, record }: RoleRecord): boolean {
  return standingOf(state, record) === 'paired';
}

/** The device's other roles that stand approved. */
export function otherPairedRoles(device: DeviceRecord, role: Role): readonly Role[] {
  return ROLES.filter((other) => other !== role && isPaired(roleOf(device, other)));
}

export function deviceOf(row: DeviceRow): DeviceRecord {
  return row.document as unknown as DeviceRecord;
}

/** Nothing of it is worth keeping: nobody ever approved it, and nothing about it is still open, quiet or buried. */
function isForgettable({ state, record }: RoleRecord): boolean {
  return (
    state === 'unpaired' && !record.tombstone && record.approvedAtMs === null && nextDeadline(record) === null
  );
}

/** The row that a device is kept as; null when it may vanish. */
export function rowOf(device: DeviceRecord): Pick<DeviceRow, 'document' | 'states' | 'deadlineMs'> | null {
  const roles = ROLES.flatMap((role) => {
    const kept = device.roles[role];
    return kept ? [[role, kept] as const] : [];
  });
  if (roles.every(([, kept]) => isForgettable(kept))) return null;
  const deadlines = roles.flatMap(([, { record }]) => nextDeadline(record) ?? []);
  return {
    document: device as unknown as Json,
    states: Object.fromEntries(roles.map(([role, { state }]) => [role, state])),
    deadlineMs: deadlines.length > 0 ? Math.min(...deadlines) : null,
  };
}
