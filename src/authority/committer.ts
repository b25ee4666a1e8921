import type { AuthorizationEvent } from '../../machines/authorization-events.ts';
import { nextDeadline } from '../../machines/record.ts';
import { ROLES, type Role } from '../../machines/vocabulary.ts';
import type { Change, DeviceRow, NewEvent, Store } from '../store/store.ts';
import { auditLine, isNews, NO_ORIGIN, type Origin } from './audit.ts';
import { type DeviceRecord, deviceOf, type RoleRecord, roleOf, rowOf } from './device.ts';
import { callEmbedder, type FailureLog } from './embedder.ts';
import { changesOf, moved, type Part } from './moves.ts';
import type { Step } from './step.ts';

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
  readonly onStep?: ((step: TakenStep) => void) | undefined;
  /** Where it is told that one of these two failed. */
  readonly log: FailureLog;
}

/** One step of the authorization machine, for whoever looks on: it is stored, or changed nothing. */
export interface TakenStep {
  readonly deviceId: string;
  readonly role: Role;
  /** Null where another process took the step: known is where it led. */
  readonly event: AuthorizationEvent | null;
  readonly next: RoleRecord;
  /** Of the device's record as it was stored then; 0 where there is none. Steps may come out of their order. */
  readonly revision: number;
  /** The connection that asked for it; null where none did. */
  readonly connId: string | null;
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
      /** The newest event that this wrote; 0 for none. */
      readonly seq: number;
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
  readonly #onStep: CommitterOptions['onStep'];
  readonly #log: FailureLog;

  constructor({ store, clock, onAudit, onStep, log }: CommitterOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#onAudit = onAudit;
    this.#onStep = onStep;
    this.#log = log;
    if (!onStep) return;
    store.watch(({ deviceId, foreign }) => {
      // A store that does not answer is told to whoever needs the answer.
      if (foreign) this.#showForeign(deviceId).catch(() => {});
    });
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

  /** Commits steps of many devices as ONE step of the store, durably. Answers what the plan says of them, and the newest
   * event that this wrote; 0 for none. */
  async runAll<T>(
    deviceIds: readonly string[],
    plan: (
      devices: ReadonlyMap<string, DeviceRecord>,
      nowMs: number,
    ) => { parts: readonly Part[]; answer: T },
  ): Promise<{ readonly answer: T; readonly seq: number }> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const rows = new Map<string, DeviceRow>();
      for (const deviceId of deviceIds) {
        const row = await this.#store.load(deviceId);
        if (row) rows.set(deviceId, row);
      }
      const devices = new Map([...rows].map(([deviceId, row]) => [deviceId, deviceOf(row)]));
      const { parts, answer } = plan(devices, this.#clock.now());
      const changes = parts.flatMap((part) => changesOf(rows.get(part.device.deviceId), part));
      const revisions = changes.length > 0 ? await this.#store.saveAll(changes) : [];
      if (revisions === null) continue;
      for (const { deviceId, events } of changes) this.#tell(deviceId, events);
      this.#showAll(parts, revisionsAfter(rows, changes, revisions));
      return { answer, seq: revisions.at(-1) ?? 0 };
    }
    throw new Error(`the records of these devices changed ${MOST_ATTEMPTS} times while one step was tried`);
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
      const move = moved(device, role, event, plan.origin);
      first ??= move.taken;
      history.push(...move.history);
      device = move.after;
    }
    if (!first) throw new Error('a plan without an event');
    const [head, ...rest] = history;
    const seq = head ? await this.#save(row, device, [head, ...rest], plan.durable) : 0;
    if (seq === null) return undefined;
    if (this.#onStep) this.#show(partOf(plan), seq || (row?.revision ?? 0));
    return { kind: 'stepped', before: plan.device, device, step: first, wrote: head !== undefined, seq };
  }

  async #amend<T>(
    row: DeviceRow | undefined,
    { device, note }: Extract<Plan<T>, { kind: 'amend' }>,
  ): Promise<Extract<Committed<T>, { kind: 'stepped' }> | undefined> {
    const seq = await this.#save(row, device, [note], false);
    if (seq === null) return undefined;
    return { kind: 'stepped', before: device, device, step: null, wrote: true, seq };
  }

  async #save(
    row: DeviceRow | undefined,
    device: DeviceRecord,
    events: readonly [NewEvent, ...NewEvent[]],
    durable: boolean,
  ): Promise<number | null> {
    const revision = await this.#store.save({
      deviceId: device.deviceId,
      expectedRevision: row?.revision ?? 0,
      next: rowOf(device),
      events,
      durable,
    });
    if (revision !== null) this.#tell(device.deviceId, events);
    return revision;
  }

  #tell(deviceId: string, events: readonly NewEvent[]): void {
    for (const event of events.filter(isNews)) {
      callEmbedder(this.#log, 'onAudit threw', () => this.#onAudit(auditLine(deviceId, event)));
    }
  }

  /** Takes the steps anew: they are pure, so that nobody has to remember them unless somebody looks on. */
  #show({ device, events }: Part, revision: number): void {
    if (!this.#onStep) return;
    let current = device;
    for (const { role, event, origin } of events) {
      current = moved(current, role, event, origin).after;
      this.#showStep(current, revision, role, event, origin);
    }
  }

  #showAll(parts: readonly Part[], revisions: ReadonlyMap<string, number>): void {
    for (const part of parts) this.#show(part, revisions.get(part.device.deviceId) ?? 0);
  }

  async #showForeign(deviceId: string): Promise<void> {
    const row = await this.#store.load(deviceId);
    if (!row) return;
    const device = deviceOf(row);
    for (const role of ROLES) this.#showStep(device, row.revision, role, null, NO_ORIGIN);
  }

  #showStep(
    device: DeviceRecord,
    revision: number,
    role: Role,
    event: TakenStep['event'],
    { connId }: Origin,
  ): void {
    const { deviceId } = device;
    const next = roleOf(device, role);
    callEmbedder(this.#log, 'onStep threw', () =>
      this.#onStep?.({ deviceId, role, event, next, revision, connId }),
    );
  }

  async #passDeadlines(row: DeviceRow, nowMs: number): Promise<void> {
    const device = deviceOf(row);
    const events = dueEvents(device, nowMs);
    await this.#step(row, { kind: 'step', device, events, origin: NO_ORIGIN, durable: false });
  }
}

/** What has to be settled before anything else is done with a device: what is past must not be joined or approved. */
export function dueEvents(
  device: DeviceRecord,
  nowMs: number,
): readonly { readonly role: Role; readonly event: AuthorizationEvent }[] {
  const due = ROLES.filter((role) => {
    const deadline = nextDeadline(roleOf(device, role).record);
    return deadline !== null && deadline <= nowMs;
  });
  return due.map((role) => ({ role, event: { type: 'deadline.reached', at: nowMs } }));
}

function revisionsAfter(
  rows: ReadonlyMap<string, DeviceRow>,
  changes: readonly Change[],
  revisions: readonly number[],
): ReadonlyMap<string, number> {
  const after = new Map([...rows].map(([deviceId, { revision }]) => [deviceId, revision]));
  for (const [index, { deviceId }] of changes.entries()) after.set(deviceId, revisions[index] ?? 0);
  return after;
}

function partOf({ device, events, origin }: Extract<Plan<never>, { kind: 'step' }>): Part {
  return { device, events: events.map((one) => ({ ...one, origin })) };
}
