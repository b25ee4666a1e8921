import type { Change } from './store.ts';

/** `limit` of a HistoryQuery that has none. */
export const DEFAULT_HISTORY_LIMIT = 1000;

/** Refuses what the types already forbid but plain JavaScript can still pass; a RangeError, as it is the caller's. */
export function checkChange(change: Change): void {
  if (change.events.length === 0) throw new RangeError('A change needs at least one event: its reason.');
  const deadlineMs = change.next?.deadlineMs ?? null;
  if (deadlineMs !== null && !Number.isSafeInteger(deadlineMs)) {
    throw new RangeError(`deadlineMs must be a whole number of milliseconds or null, not ${deadlineMs}.`);
  }
}

/** An epoch only ever grows, so one absurd value would be for ever. */
export function checkEpoch(epoch: number): void {
  if (!Number.isSafeInteger(epoch) || epoch < 1) {
    throw new RangeError(`The token epoch must be a whole number from 1, not ${epoch}.`);
  }
}
