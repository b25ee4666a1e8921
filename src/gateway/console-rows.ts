import { standingOf } from '../../machines/verdict.ts';
import { ROLES, type Role } from '../../machines/vocabulary.ts';
import type { Authority } from '../authority/authority.ts';
import { type DeviceRecord, roleOf } from '../authority/device.ts';
import { pendingRow } from '../authority/listing.ts';
import type { ConnectionView, DeviceView, RoleView } from './console-views.ts';
import type { Session } from './session.ts';

const CLAIMS = ['platform', 'deviceFamily', 'clientId', 'clientMode', 'clientVersion', 'remoteIp'] as const;

/** An open request that is past its deadline is not shown, also when nothing has settled it yet. */
function roleView(
  authority: Authority,
  device: DeviceRecord,
  role: Role,
  guests: readonly Session[],
): RoleView {
  const now = authority.clock.now();
  const { state, record } = roleOf(device, role);
  const pending = pendingRow(device, role);
  const isOpen = record.request !== null && pending !== undefined && pending.expiresAtMs > now;
  // Attempts are written lazily; an owner is shown those of now.
  const request = isOpen ? { ...pending, attempts: authority.attemptsOf(record.request) } : null;
  const standing = standingOf(state, record);
  const same = guests.filter((guest) => guest.role === role);
  return {
    role,
    state: request || state === standing ? state : standing === 'removed' ? 'unpaired' : standing,
    ceiling: record.ceiling,
    grant: record.grant,
    approvedAtMs: record.approvedAtMs,
    rotatedAtMs: record.rotatedAtMs,
    revokedAtMs: record.revokedAtMs,
    request,
    declined: Object.fromEntries(Object.entries(record.quiet).filter(([, untilMs]) => untilMs > now)),
    live: same.filter((guest) => guest.isAuthorized).length,
    parked: same.filter((guest) => guest.isParked).length,
  };
}

/** `guests` are the connections of this device. */
export function deviceView(
  authority: Authority,
  device: DeviceRecord,
  guests: readonly Session[],
): DeviceView {
  const { profile, label } = device;
  // The newest request says who asks; the record's profile is of the last decision.
  const open = ROLES.flatMap((role) => pendingRow(device, role) ?? [])[0];
  const said = CLAIMS.flatMap((key) => {
    const value = open?.[key] ?? profile[key];
    return value ? [[key, value]] : [];
  });
  const claimedName = profile.displayName ?? (label === null ? open?.displayName : undefined);
  return {
    deviceId: device.deviceId,
    publicKey: device.publicKey,
    ...Object.fromEntries(said),
    ...(label !== null && { label }),
    ...(claimedName && { claimedName }),
    createdAtMs: device.createdAtMs,
    roles: ROLES.filter((role) => device.roles[role] !== undefined).map((role) =>
      roleView(authority, device, role, guests),
    ),
  };
}

/** One socket of a device. */
export function connectionView(session: Session): ConnectionView {
  const { connId, openedAtMs, role, address, client, credential, scopes, admission, waitsFor } = session;
  const { value } = session.actor.getSnapshot();
  return {
    connId,
    openedAtMs,
    role,
    address,
    credential,
    state: typeof value === 'string' ? value : Object.entries(value).flat().join('.'),
    client: client.id,
    mode: client.mode,
    version: client.version,
    protocol: admission?.protocol ?? 4,
    wish: admission?.wish ?? [],
    scopes,
    waits: waitsFor !== null,
  };
}
