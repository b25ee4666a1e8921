import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { DEFAULT_HISTORY_LIMIT } from './change-checks.ts';
import { parseFrozen } from './frozen-json.ts';
import type { DeviceRow, HistoryQuery, Json, StoredEvent } from './store.ts';

type Columns = Record<string, SQLOutputValue>;

// One statement, so one snapshot: a record's states cannot be of another moment than its document (I15).
const ROW = `SELECT device_id, revision, document, deadline_ms,
    (SELECT json_group_object(role, state) FROM authorization AS a WHERE a.device_id = d.device_id) AS states
  FROM device AS d`;

const EVENT_COLUMNS = 'seq, device_id, role, at_ms, type, request_id, detail';

/** Every query of the store, prepared once. */
export class SqliteReads {
  readonly #row: StatementSync;
  readonly #rows: StatementSync;
  readonly #due: StatementSync;
  readonly #inState: StatementSync;
  readonly #head: StatementSync;
  readonly #store: StatementSync;
  readonly #raise: StatementSync;
  readonly #version: StatementSync;
  readonly #eventsAfter: StatementSync;
  readonly #history: Readonly<Record<'all' | 'device' | 'request' | 'both', StatementSync>>;

  constructor(db: DatabaseSync) {
    this.#row = db.prepare(`${ROW} WHERE device_id = ?`);
    this.#rows = db.prepare(`${ROW} ORDER BY device_id`);
    this.#due = db.prepare(
      'SELECT device_id FROM device WHERE deadline_ms <= ? ORDER BY deadline_ms, device_id LIMIT ?',
    );
    this.#inState = db.prepare('SELECT count(*) AS pairs FROM authorization WHERE state = ?');
    this.#head = db.prepare('SELECT coalesce(max(seq), 0) AS head FROM events');
    this.#store = db.prepare('SELECT id, epoch FROM store');
    this.#raise = db.prepare('UPDATE store SET epoch = ?1 WHERE epoch < ?1');
    this.#version = db.prepare('PRAGMA data_version');
    this.#eventsAfter = db.prepare('SELECT seq, device_id FROM events WHERE seq > ? ORDER BY seq');
    this.#history = {
      all: db.prepare(newest('')),
      device: db.prepare(newest('AND device_id = ?')),
      request: db.prepare(newest('AND request_id = ?')),
      both: db.prepare(newest('AND device_id = ? AND request_id = ?')),
    };
  }

  row(deviceId: string): DeviceRow | undefined {
    const columns = this.#row.get(deviceId);
    return columns && toRow(columns);
  }

  rows(): readonly DeviceRow[] {
    return this.#rows.all().map(toRow);
  }

  due(nowMs: number, limit: number): readonly string[] {
    return this.#due.all(nowMs, Math.max(0, limit)).map((columns) => String(columns.device_id));
  }

  countState(state: string): number {
    return Number(this.#inState.get(state)?.pairs);
  }

  history(query: HistoryQuery): readonly StoredEvent[] {
    const { deviceId, requestId, afterSeq = 0, limit = DEFAULT_HISTORY_LIMIT } = query;
    const filters = [deviceId, requestId].filter((value) => value !== undefined);
    const newestFirst = this.#history[filterOf(query)].all(afterSeq, ...filters, Math.max(0, limit));
    return newestFirst.map(toEvent).reverse();
  }

  head(): number {
    return Number(this.#head.get()?.head);
  }

  identity(): { readonly id: string; readonly epoch: number } {
    const columns = this.#store.get();
    return { id: String(columns?.id), epoch: Number(columns?.epoch) };
  }

  raiseEpoch(epoch: number): void {
    this.#raise.run(epoch);
  }

  /** A number that changes when another connection, in whatever process, has committed; about 1 us. */
  dataVersion(): number {
    return Number(this.#version.get()?.data_version);
  }

  /** The position and device of each event after `seq`, oldest first. */
  eventsAfter(seq: number): readonly { readonly seq: number; readonly deviceId: string }[] {
    return this.#eventsAfter
      .all(seq)
      .map((columns) => ({ seq: Number(columns.seq), deviceId: String(columns.device_id) }));
  }
}

function filterOf({ deviceId, requestId }: HistoryQuery): 'all' | 'device' | 'request' | 'both' {
  if (deviceId === undefined) return requestId === undefined ? 'all' : 'request';
  return requestId === undefined ? 'device' : 'both';
}

function newest(filter: string): string {
  return `SELECT ${EVENT_COLUMNS} FROM events WHERE seq > ? ${filter} ORDER BY seq DESC LIMIT ?`;
}

function toRow(columns: Columns): DeviceRow {
  return Object.freeze({
    deviceId: String(columns.device_id),
    revision: Number(columns.revision),
    document: parseFrozen(String(columns.document)),
    states: parseFrozen(String(columns.states)) as Readonly<Record<string, string>>,
    deadlineMs: integerOrNull(columns.deadline_ms),
  });
}

function toEvent(columns: Columns): StoredEvent {
  return {
    seq: Number(columns.seq),
    deviceId: String(columns.device_id),
    role: textOrNull(columns.role),
    atMs: Number(columns.at_ms),
    type: String(columns.type),
    requestId: textOrNull(columns.request_id),
    detail: JSON.parse(String(columns.detail)) as Json,
  };
}

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

function integerOrNull(value: SQLOutputValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
