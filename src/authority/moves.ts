import type { AuthorizationEvent } from '../../machines/authorization-events.ts';
import type { Role } from '../../machines/vocabulary.ts';
import type { Change, DeviceRow, NewEvent } from '../store/store.ts';
import { historyEvent, type Origin } from './audit.ts';
import { type DeviceRecord, roleOf, rowOf } from './device.ts';
import { type Step, step } from './step.ts';

/** One device's part of what is committed together. */
export interface Part {
  /** The record to step from, as in a plan of one device. */
  readonly device: DeviceRecord;
  /** In their order; each is a move of its own for the store to judge. */
  readonly events: readonly {
    readonly role: Role;
    readonly event: AuthorizationEvent;
    readonly origin: Origin;
  }[];
}

interface Move {
  readonly taken: Step;
  readonly after: DeviceRecord;
  /** Empty exactly when nothing changed. */
  readonly history: readonly NewEvent[];
}

/** One event on a device's record; pure. */
export function moved(device: DeviceRecord, role: Role, event: AuthorizationEvent, origin: Origin): Move {
  const taken = step(roleOf(device, role), event);
  if (taken.announcements.length === 0) return { taken, after: device, history: [] };
  const after = { ...device, roles: { ...device.roles, [role]: taken.next } };
  const history = taken.announcements.map((announcement) =>
    historyEvent(device, after, role, event, announcement, origin),
  );
  return { taken, after, history };
}

/** What a part asks of the store; empty when nothing changes. */
export function changesOf(row: DeviceRow | undefined, { device, events }: Part): readonly Change[] {
  const changes: Change[] = [];
  let current = device;
  for (const { role, event, origin } of events) {
    const { after, history } = moved(current, role, event, origin);
    const [head, ...rest] = history;
    if (!head) continue;
    current = after;
    const { deviceId } = device;
    const expectedRevision = row?.revision ?? 0;
    changes.push({ deviceId, expectedRevision, next: rowOf(after), events: [head, ...rest], durable: true });
  }
  return changes;
}
