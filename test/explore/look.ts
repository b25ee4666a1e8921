/**
 * What one connection is told of its device, joined from the shipped `readRecord` and `denialFor` as
 * src/authority/reading.ts joins them, with the history as a value; conformance.test.ts holds the two together.
 */
import type { RecordRead } from '../../machines/connection-setup.ts';
import { newestRef } from '../../machines/record.ts';
import { denialFor, readRecord } from '../../machines/verdict.ts';
import type { Outcome, RequestRef, Role } from '../../machines/vocabulary.ts';
import { otherPairedRoles } from '../../src/authority/device.ts';
import { type Device, documentOf, GONE, heldOf, NOW, OPEN } from './device.ts';

/** The request that a connection waits for: none, the one that is open, or one that is settled, and how. */
export type Waits = 'none' | 'open' | Outcome;

export interface Asker {
  readonly role: Role;
  readonly wish: readonly string[];
  readonly asked: readonly string[];
  readonly waits: Waits;
  readonly wait: boolean;
  readonly declined: boolean;
}

export type Look = (device: Device, asker: Asker) => Omit<RecordRead, 'type'>;

export function refOf(waits: Waits): RequestRef | null {
  if (waits === 'none') return null;
  return { id: waits === 'open' ? OPEN : GONE, revision: 1 };
}

export const lookFor: Look = (device, { role, wish, asked, waits, wait, declined }) => {
  const { kept, gave } = heldOf(device, role);
  const { state, record } = kept;
  const outstanding = asked.length > 0 ? [...wish, ...asked] : wish;
  const read = readRecord(state, record, outstanding, NOW);
  const { request } = record;
  const isWaiting = waits === 'open' && request !== null && !read.covered;
  const view = isWaiting ? { ...read, open: newestRef(request), openUntilMs: request.expiresAtMs } : read;
  const signed = asked.length > 0 ? { ...view, live: readRecord(state, record, wish, NOW).live } : view;
  const ref = refOf(waits);
  const outcome = waits === 'none' || waits === 'open' ? null : waits;
  const settled = outcome && ref && { request: ref, outcome };
  const other = {
    role,
    wish: outstanding,
    otherRoles: otherPairedRoles(documentOf(device), role),
    declined,
  };
  return {
    view: signed,
    denial: denialFor(signed, other, record, settled, wait),
    outcome: outcomeFor(signed.covered, waits, outcome, gave),
  };
};

function outcomeFor(covered: boolean, waits: Waits, settled: Outcome | null, gave: boolean): Outcome | null {
  if (waits === 'none' || !covered) return settled;
  if (settled === 'narrowed') return 'approved';
  return settled ?? (gave ? 'approved' : 'superseded');
}
