import type { Role } from '../../machines/vocabulary.ts';
import type { DeviceList } from '../authority/listing.ts';
import { CliError, EXIT, usage } from './exit.ts';
import type { CommandFor } from './refused.ts';
import { fingerprint, shown } from './shown.ts';

const LEAST_PREFIX = 6;

/**
 * The id of the device that a person names: its id, at least 6 hex characters that only its id starts with, or the
 * label that an owner gave it. What a device calls itself names nothing: it could call itself like another.
 */
export function pickDevice(list: DeviceList, text: string, command: CommandFor): string {
  // A whole id is taken as it is: a removed device is in no list, and has a history.
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  const rows = [...list.pending, ...list.paired, ...list.declined];
  const prefix = /^[0-9a-f]+$/i.test(text) && text.length >= LEAST_PREFIX ? text.toLowerCase() : undefined;
  const named = rows.filter(
    ({ deviceId, label }) => label === text || (prefix !== undefined && deviceId.startsWith(prefix)),
  );
  const [first, ...others] = [...new Set(named.map(({ deviceId }) => deviceId))];
  if (first === undefined) throw nobody(text, command);
  if (others.length === 0) return first;
  const ids = [first, ...others].map((id) => shown(id)).join(', ');
  throw new CliError(
    EXIT.failed,
    'ambiguous',
    `${shown(text)} names several devices: ${ids}; give more of the id`,
  );
}

function nobody(text: string, command: CommandFor): CliError {
  if (/^[0-9a-f]+$/i.test(text) && text.length < LEAST_PREFIX) {
    return usage(`${text} is too short to name a device; give at least ${LEAST_PREFIX} characters of its id`);
  }
  const message = `no device has an id that starts with ${shown(text)}, or that label; see "${command('devices list')}"`;
  return new CliError(EXIT.nothing, 'unknown-device', message);
}

/** The named role, or the only one that the device is approved in. */
export function pickRole(list: DeviceList, deviceId: string, role: string | undefined): Role {
  if (role === 'operator' || role === 'node') return role;
  if (role !== undefined) throw usage(`--role ${shown(role)} is not allowed; allowed: operator, node`);
  const roles = list.paired.find((row) => row.deviceId === deviceId)?.roles ?? [];
  const [only, ...others] = roles;
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined)
    throw usage(`the device has several roles; name one with --role: ${roles.join(', ')}`);
  const message = `device ${fingerprint(deviceId)} is approved in no role; nothing was changed`;
  throw new CliError(EXIT.nothing, 'unknown-role', message);
}
