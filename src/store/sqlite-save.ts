import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { checkChanges } from './change-checks.ts';
import { parseFrozen } from './frozen-json.ts';
import { illegalMove, illegalMoveError } from './legal-moves.ts';
import { sqliteCode } from './sqlite-errors.ts';
import { ILLEGAL_MOVE } from './sqlite-schema.ts';
import type { Change, DeviceRow, NewEvent } from './store.ts';

/** A change that is committed: its events' positions, and the record as the next reader would find it. */
export interface Saved {
  readonly revision: number;
  readonly seqs: readonly number[];
  readonly row: DeviceRow | undefined;
}

type States = Readonly<Record<string, string>>;

/** `SQLITE_CONSTRAINT_TRIGGER`: a RAISE in one of our triggers. */
const RAISED = 1811;

/** The one writing transaction of the store, with its statements prepared once. */
export class SqliteSave {
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  readonly #revision: StatementSync;
  readonly #states: StatementSync;
  readonly #addEvent: StatementSync;
  readonly #putDevice: StatementSync;
  readonly #dropDevice: StatementSync;
  readonly #putState: StatementSync;
  readonly #dropState: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
    this.#revision = db.prepare('SELECT revision FROM device WHERE device_id = ?');
    this.#states = db.prepare('SELECT role, state FROM authorization WHERE device_id = ?');
    this.#addEvent = db.prepare(
      'INSERT INTO events (device_id, role, at_ms, type, request_id, detail) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#putDevice = db.prepare(
      `INSERT INTO device (device_id, revision, document, deadline_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (device_id) DO UPDATE
       SET revision = excluded.revision, document = excluded.document, deadline_ms = excluded.deadline_ms`,
    );
    this.#dropDevice = db.prepare('DELETE FROM device WHERE device_id = ?');
    this.#putState = db.prepare(
      `INSERT INTO authorization (device_id, role, state) VALUES (?, ?, ?)
       ON CONFLICT (device_id, role) DO UPDATE SET state = excluded.state`,
    );
    this.#dropState = db.prepare('DELETE FROM authorization WHERE device_id = ? AND role = ?');
  }

  /** Commits the changes, or answers null when somebody was faster, or throws; only the first has written anything. */
  run(changes: readonly Change[]): readonly Saved[] | null {
    checkChanges(changes);
    // What can fail in JavaScript does so before the database is locked.
    const texts = changes.map(textOf);
    this.#begin.run();
    try {
      if (changes.some((change) => this.#isStale(change))) {
        this.#rollback.run();
        return null;
      }
      const saved = texts.map((text) => this.#put(text));
      this.#commit.run();
      return saved;
    } catch (error) {
      if (this.#db.isTransaction) this.#rollback.run();
      throw error;
    }
  }

  #isStale({ deviceId, expectedRevision }: Change): boolean {
    return (this.#revision.get(deviceId)?.revision ?? 0) !== expectedRevision;
  }

  #put({ change, document, details }: ChangeText): Saved {
    const seqs = change.events.map((event, index) => this.#append(change.deviceId, event, details[index]));
    const revision = Math.max(...seqs);
    this.#write(change, revision, document);
    return { revision, seqs, row: savedRow(change, revision, document) };
  }

  #append(deviceId: string, { role, atMs, type, requestId }: NewEvent, detail = 'null'): number {
    return Number(this.#addEvent.run(deviceId, role, atMs, type, requestId, detail).lastInsertRowid);
  }

  #write({ deviceId, next }: Change, revision: number, document: string | null): void {
    // The states refer to the device, so it comes first and goes last.
    if (next) this.#putDevice.run(deviceId, revision, document, next.deadlineMs);
    this.#move(deviceId, next?.states ?? {});
    if (!next) this.#dropDevice.run(deviceId);
  }

  // Only what differs is written: a role that stays as it is needs no leave of the guards.
  #move(deviceId: string, after: States): void {
    const before = Object.fromEntries(
      this.#states.all(deviceId).map(({ role, state }) => [String(role), String(state)]),
    );
    try {
      for (const [role, state] of Object.entries(after)) {
        if (!Object.hasOwn(before, role) || before[role] !== state) this.#putState.run(deviceId, role, state);
      }
      for (const role of Object.keys(before)) {
        if (!Object.hasOwn(after, role)) this.#dropState.run(deviceId, role);
      }
    } catch (error) {
      throw explain(error, deviceId, before, after);
    }
  }
}

/** A change with its JSON written out. */
interface ChangeText {
  readonly change: Change;
  readonly document: string | null;
  readonly details: readonly string[];
}

function textOf(change: Change): ChangeText {
  const document = change.next && JSON.stringify(change.next.document);
  return { change, document, details: change.events.map((event) => JSON.stringify(event.detail)) };
}

// The database decides; our own table only finds the words.
function explain(error: unknown, deviceId: string, before: States, after: States): unknown {
  const refused = error instanceof Error && sqliteCode(error) === RAISED && error.message === ILLEGAL_MOVE;
  if (!refused) return error;
  return (
    illegalMove(deviceId, before, after) ?? illegalMoveError(deviceId, JSON.stringify({ before, after }))
  );
}

function savedRow(
  { deviceId, next }: Change,
  revision: number,
  document: string | null,
): DeviceRow | undefined {
  if (!next || document === null) return undefined;
  const states = Object.freeze({ ...next.states });
  return Object.freeze({
    deviceId,
    revision,
    document: parseFrozen(document),
    states,
    deadlineMs: next.deadlineMs,
  });
}
