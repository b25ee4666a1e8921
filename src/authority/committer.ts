import type { AuthorizationEvent } from '../../machines/authorization-events.ts';
import { nextDeadline } from '../../machines/record.ts';
import { ROLES, type Role } from '../../machines/vocabulary.ts';
import type { DeviceRow, NewEvent, Store } from '../store/store.ts';
import { auditLine, historyEvent, isNews, NO_ORIGIN, type Origin } from './audit.ts';
import { type DeviceRecord, deviceOf, roleOf, rowOf } from './device.ts';
import { type Step, step } from './step.ts';

/** Wall-clock time, passed in so that tests can turn it. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
}

export interface CommitterOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Called after the commit, once per line of the history that is news to owners. */
  readonly onAudit: (line: string) => void;
}

/** What a planner wants done with the device that it was shown. */
export type Plan<T> =
  | { readonly kind: 'answer'; readonly answer: T }
  | {
      readonly kind: 'step';
      /** The record to step from; differs from the loaded one only in what no machine looks at. */
      readonly device: DeviceRecord;
      readonly events: readonly { readonly role: Role; readonly event: AuthorizationEvent }[];
      readonly origin: Origin;
      readonly durable: boolean;
    }
  /** A change that no machine looks at, such as a device's label. */
  | { readonly kind: 'amend'; readonly device: DeviceRecord; readonly note: NewEvent };

export type Committed<T> =
  | { readonly kind: 'answer'; readonly answer: T }
  | {
      readonly kind: 'stepped';
      readonly before: DeviceRecord;
      readonly device: DeviceRecord;
      /** Of the first event; null for an amendment. */
      readonly step: Step | null;
      /** True when something changed, and is stored. */
      readonly wrote: boolean;
    };

/** A compare-and-set is lost only when somebody else's succeeded, so that many losses in a row mean a broken store. */
const MOST_ATTEMPTS = 200;

/**
 * load -> step -> compare-and-set: the only place that writes to the store. A plan is made anew from what was loaded
 * in every round, so that whatever it checks is checked on the record that the write replaces (I7, I17).
 */
export class Committer {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #onAudit: (line: string) => void;

  constructor({ store, clock, onAudit }: CommitterOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#onAudit = onAudit;
  }

  async run<T>(
    deviceId: string,
    plan: (device: DeviceRecord | undefined, nowMs: number) => Plan<T>,
  ): Promise<Committed<T>> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const row = await this.#store.load(deviceId);
      const nowMs = this.#clock.now();
      if (row?.deadlineMs != null && row.deadlineMs <= nowMs) {
        // What is due comes first, as a step of its own: an expired request must not be joined or approved.
        await this.#passDeadlines(row, nowMs);
        continue;
      }
      const planned = plan(row && deviceOf(row), nowMs);
      if (planned.kind === 'answer') return planned;
      const done = planned.kind === 'step' ? await this.#step(row, planned) : await this.#amend(row, planned);
      if (done) return done;
    }
    throw new Error(
      `the record of device ${deviceId} changed ${MOST_ATTEMPTS} times while one step was tried`,
    );
  }

  /** Settles what is due for at most `limit` devices; returns how many it looked at. Rejects with all that failed,
   * after the rest is done. */
  async sweep(limit: number): Promise<number> {
    const due = await this.#store.due(this.#clock.now(), limit);
    const failures: unknown[] = [];
    for (const deviceId of due) {
      // The most overdue come first: one that cannot be settled must not keep the others waiting for ever.
      await this.run(deviceId, () => ({ kind: 'answer', answer: null })).catch((error) =>
        failures.push(error),
      );
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} devices could not be settled`);
    return due.length;
  }

  async #step<T>(
    row: DeviceRow | undefined,
    plan: Extract<Plan<T>, { kind: 'step' }>,
  ): Promise<Extract<Committed<T>, { kind: 'stepped' }> | undefined> {
    let device = plan.device;
    let first: Step | undefined;
    const history: NewEvent[] = [];
    for (const { role, event } of plan.events) {
      const taken = step(roleOf(device, role), event);
      first ??= taken;
      if (taken.announcements.length === 0) continue;
      const after = { ...device, roles: { ...device.roles, [role]: taken.next } };
      for (const announcement of taken.announcements) {
        history.push(historyEvent(device, after, role, event, announcement, plan.origin));
      }
      device = after;
    }
    if (!first) throw new Error('a plan without an event');
    const [head, ...rest] = history;
    if (!head) return { kind: 'stepped', before: plan.device, device, step: first, wrote: false };
    const saved = await this.#save(row, device, [head, ...rest], plan.durable);
    return saved ? { kind: 'stepped', before: plan.device, device, step: first, wrote: true } : undefined;
  }

  async #amend<T>(
    row: DeviceRow | undefined,
    { device, note }: Extract<Plan<T>, { kind: 'amend' }>,
  ): Promise<Extract<Committed<T>, { kind: 'stepped' }> | undefined> {
    const saved = await this.#save(row, device, [note], false);
    return saved ? { kind: 'stepped', before: device, device, step: null, wrote: true } : undefined;
  }

  async #save(
    row: DeviceRow | undefined,
    device: DeviceRecord,
    events: readonly [NewEvent, ...NewEvent[]],
    durable: boolean,
  ): Promise<boolean> {
    const revision = await this.#store.save({
      deviceId: device.deviceId,
      expectedRevision: row?.revision ?? 0,
      next: rowOf(device),
      events,
      durable,
    });
    if (revision === null) return false;
    for (const event of events.filter(isNews)) this.#onAudit(auditLine(device.deviceId, event));
    return true;
  }

  async #passDeadlines(row: DeviceRow, nowMs: number): Promise<void> {
    const device = deviceOf(row);
    const due = ROLES.filter((role) => {
      const deadline = nextDeadline(roleOf(device, role).record);
      return deadline !== null && deadline <= nowMs;
    });
    const events = due.map((role) => ({ role, event: { type: 'deadline.reached', at: nowMs } as const }));
    await this.#step(row, { kind: 'step', device, events, origin: NO_ORIGIN, durable: false });
  }
}
