import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { NO_ROW } from './legal-moves.ts';
import { LEGAL_MOVES } from './moves.ts';
import { storeError } from './sqlite-errors.ts';

/** `PRAGMA application_id` of our files ("AnCh"): what tells them from every other SQLite database. */
export const APPLICATION_ID = 0x416e4368;

/** `PRAGMA user_version` counts the entries that a file has had. Entries are only ever appended. */
export const MIGRATIONS: readonly string[] = [
  // AUTOINCREMENT, because a `seq` serves as revision and must never be used twice, also not after a deletion.
  `CREATE TABLE store (
     only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
     id TEXT NOT NULL,
     epoch INTEGER NOT NULL CHECK (epoch >= 1)
   ) STRICT;
   CREATE TABLE device (
     device_id TEXT NOT NULL PRIMARY KEY,
     revision INTEGER NOT NULL,
     document TEXT NOT NULL,
     deadline_ms INTEGER
   ) STRICT;
   CREATE INDEX device_deadline ON device (deadline_ms, device_id) WHERE deadline_ms IS NOT NULL;
   CREATE TABLE authorization (
     device_id TEXT NOT NULL REFERENCES device (device_id),
     role TEXT NOT NULL,
     state TEXT NOT NULL,
     PRIMARY KEY (device_id, role)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX authorization_state ON authorization (state);
   CREATE TABLE events (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     device_id TEXT NOT NULL,
     role TEXT,
     at_ms INTEGER NOT NULL,
     type TEXT NOT NULL,
     request_id TEXT,
     detail TEXT NOT NULL
   ) STRICT;
   CREATE INDEX events_device ON events (device_id, seq);
   CREATE INDEX events_request ON events (request_id, seq) WHERE request_id IS NOT NULL;`,
  `CREATE TABLE memo (
     name TEXT NOT NULL PRIMARY KEY,
     value TEXT NOT NULL,
     version INTEGER NOT NULL,
     keep_until_ms INTEGER
   ) STRICT, WITHOUT ROWID;`,
];

const MOVES = LEGAL_MOVES.map(([from, to]) => `('${from}', '${to}')`).join(', ');

/** Says in the message of a trigger's error that the machine has no such step. */
export const ILLEGAL_MOVE = 'illegal move';

/** The machine's transition table as the database enforces it, against our own code and against a hand with SQL. */
export const GUARDS: ReadonlyMap<string, string> = new Map([
  // The present state is looked up, because an upsert and an INSERT OR REPLACE fire this one for a row that exists.
  guard(
    'INSERT',
    `(coalesce((SELECT state FROM authorization WHERE device_id = NEW.device_id AND role = NEW.role), '${NO_ROW}'), NEW.state)`,
  ),
  guard('UPDATE', '(OLD.state, NEW.state)', 'NEW.device_id <> OLD.device_id OR NEW.role <> OLD.role OR '),
  guard('DELETE', `(OLD.state, '${NO_ROW}')`),
]);

function guard(verb: 'INSERT' | 'UPDATE' | 'DELETE', move: string, orElse = ''): readonly [string, string] {
  const name = `guard_authorization_${verb.toLowerCase()}`;
  return [
    name,
    `CREATE TRIGGER ${name} BEFORE ${verb} ON authorization WHEN ${orElse}${move} NOT IN (VALUES ${MOVES}) ` +
      `BEGIN SELECT RAISE(ABORT, '${ILLEGAL_MOVE}'); END`,
  ];
}

/** Brings the file to the newest schema and to the guards of this program, in one transaction. A file of a newer
 * program is refused with STORE_TOO_NEW, unchanged. */
export function migrate(db: DatabaseSync, path: string, migrations: readonly string[] = MIGRATIONS): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    const version = schemaVersion(db);
    refuseNewer(version, path, migrations.length);
    for (const step of migrations.slice(version)) db.exec(step);
    if (version < migrations.length) db.exec(`PRAGMA user_version = ${migrations.length}`);
    db.prepare('INSERT OR IGNORE INTO store (only_row, id, epoch) VALUES (1, ?, 1)').run(randomUUID());
    renewGuards(db);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** How many migrations the file has had. */
export function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.user_version);
}

export function refuseNewer(version: number, path: string, known = MIGRATIONS.length): void {
  if (version <= known) return;
  const what = `has schema version ${version}, and this program knows versions up to ${known}`;
  throw storeError('STORE_TOO_NEW', path, what);
}

// Guards of another program version, or changed by hand, are replaced; the right ones cost one read.
function renewGuards(db: DatabaseSync): void {
  const query = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'authorization'";
  const present = db.prepare(query).all();
  const right = new Set<unknown>();
  for (const { name, sql } of present) {
    if (GUARDS.get(String(name)) === sql) right.add(name);
    else db.exec(`DROP TRIGGER "${String(name).replaceAll('"', '""')}"`);
  }
  for (const [name, sql] of GUARDS) if (!right.has(name)) db.exec(sql);
}
