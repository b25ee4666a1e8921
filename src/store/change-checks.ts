import type { Change } from './store.ts';

/** `limit` of a HistoryQuery that has none. */
export const DEFAULT_HISTORY_LIMIT = 1000;

/** Refuses what the types already forbid but plain JavaScript can still pass; a RangeError, as it is the caller's. */
function checkChange(change: Change): void {
  if (change.events.length === 0) throw new RangeError('A change needs at least one event: its reason.');
  const deadlineMs = change.next?.deadlineMs ?? null;
  if (deadlineMs !== null && !Number.isSafeInteger(deadlineMs)) {
    throw new RangeError(`deadlineMs must be a whole number of milliseconds or null, not ${deadlineMs}.`);
  }
}

/** The same for changes that are saved together. All that is about one device was planned from one record. */
export function checkChanges(changes: readonly Change[]): void {
  const revisions = new Map<string, number>();
  for (const change of changes) {
    checkChange(change);
    const { deviceId, expectedRevision } = change;
    if ((revisions.get(deviceId) ?? expectedRevision) !== expectedRevision) {
      throw new RangeError(`Changes of device ${deviceId} that are saved together must expect one revision.`);
    }
    revisions.set(deviceId, expectedRevision);
  }
}

/** An epoch only ever grows, so one absurd value would be for ever. */
export function checkEpoch(epoch: number): void {
  if (!Number.isSafeInteger(epoch) || epoch < 1) {
    throw new RangeError(`The token epoch must be a whole number from 1, not ${epoch}.`);
  }
}
