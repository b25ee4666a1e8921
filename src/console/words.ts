import type { Device } from './book.ts';

const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/** One number and its unit: `3 min`. */
export function span(ms: number): string {
  const [size, unit] = UNITS.find(([size]) => ms >= size) ?? [1000, 's'];
  return `${Math.max(0, Math.floor(ms / size))} ${unit}`;
}

export function ago(atMs: number, now: number): string {
  return now - atMs < 5000 ? 'just now' : `${span(now - atMs)} ago`;
}

/** The short form of a device's id, as the command line shows it. */
export function fingerprint(deviceId: string): string {
  return deviceId.slice(0, 12);
}

/** The owner's name for it, or what it calls itself, or what kind of program it is. */
export function nameOf({ label, claimedName, clientId, deviceId }: Device): string {
  return label ?? claimedName ?? clientId ?? fingerprint(deviceId);
}

const STATE_WORDS: Readonly<Record<string, string>> = {
  unpaired: 'Not paired',
  pairingPending: 'Asks to pair',
  paired: 'Paired',
  upgradePending: 'Paired, asks for more',
  revoked: 'Revoked',
  revokedPending: 'Revoked, asks again',
};

export function stateWords(state: string): string {
  return STATE_WORDS[state] ?? state;
}

/** `operator.read` without the role, where the role is said already. */
export function scopeWords(scope: string): string {
  return scope === '@pairing' ? 'pairing' : scope.replace(/^(operator|node)\./, '');
}

const OUTCOME_WORDS: Readonly<Record<string, string>> = {
  approved: 'Approved',
  narrowed: 'A part approved',
  rejected: 'Rejected',
  superseded: 'No longer needed',
  expired: 'Expired',
  withdrawn: 'Taken back by the device',
  removed: 'Device removed',
};

export function outcomeWords(outcome: string): string {
  return OUTCOME_WORDS[outcome] ?? outcome;
}

const EVENT_WORDS: Readonly<Record<string, string>> = {
  'request.opened': 'Asked',
  'request.widened': 'Asked for more',
  'request.renewed': 'Asked again',
  'request.settled': 'Request ended',
  'access.granted': 'Rights given',
  'token.rotated': 'Token rotated',
  'token.reissued': 'Token reissued',
  'grant.revoked': 'Revoked',
  'deadline.passed': 'Quiet period over',
  'quiet.passed': 'Quiet period over',
  'device.removed': 'Removed',
  'device.renamed': 'Renamed',
  'device.imported': 'Imported',
  'quiet.forgiven': 'May ask again',
};

export function eventWords(type: string, outcome: string | null): string {
  if (type === 'request.settled' && outcome) return outcomeWords(outcome);
  return EVENT_WORDS[type] ?? type.replaceAll('.', ' ');
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Local date and time, to the second. */
export function moment(atMs: number): string {
  return new Date(atMs).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}
