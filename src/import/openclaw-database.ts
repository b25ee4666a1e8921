/** The device store of OpenClaw 2026.9: tables of its state database (PROTOCOL section 4.2). */
import { DatabaseSync } from 'node:sqlite';
import { withDatabaseCopy } from './database-copy.ts';
import type { RawEntry, RawLists } from './raw-lists.ts';
import { SourceError } from './source-error.ts';

/** `PRAGMA user_version` of 2026.9.6, the newest that this was checked against. */
const NEWEST_SCHEMA = 18;

/** Columns as the fields of the JSON records; `json` ones hold lists. The first of a table are never missing. */
interface Column {
  readonly name: string;
  readonly field: string;
  readonly kind: 'plain' | 'json';
  readonly needed: boolean;
}

const column = (name: string, field: string, more: Partial<Column> = {}): Column => ({
  name,
  field,
  kind: 'plain',
  needed: false,
  ...more,
});
const COMMON: readonly Column[] = [
  column('device_id', 'deviceId', { needed: true }),
  column('public_key', 'publicKey', { needed: true }),
  column('role', 'role', { needed: true }),
  column('roles_json', 'roles', { kind: 'json', needed: true }),
  column('scopes_json', 'scopes', { kind: 'json', needed: true }),
  column('display_name', 'displayName'),
  column('platform', 'platform'),
  column('device_family', 'deviceFamily'),
  column('client_id', 'clientId'),
  column('client_mode', 'clientMode'),
  column('remote_ip', 'remoteIp'),
];
const PAIRED: readonly Column[] = [
  ...COMMON,
  column('tokens_json', 'tokens', { kind: 'json', needed: true }),
  column('created_at_ms', 'createdAtMs', { needed: true }),
  column('approved_at_ms', 'approvedAtMs', { needed: true }),
  column('approved_scopes_json', 'approvedScopes', { kind: 'json' }),
  column('approved_via', 'approvedVia'),
  column('operator_label', 'operatorLabel'),
];
const PENDING: readonly Column[] = [
  ...COMMON,
  column('request_id', 'requestId', { needed: true }),
  column('ts', 'ts', { needed: true }),
  column('refreshed_at_ms', 'refreshedAtMs'),
];

/** Reads the two tables from one moment; the database and its log stay as they are. Rejects with a SourceError. */
export async function readDatabase(path: string): Promise<RawLists> {
  return withDatabaseCopy(path, (copy) => {
    try {
      const db = new DatabaseSync(copy);
      try {
        return readTables(db, path);
      } finally {
        db.close();
      }
    } catch (error) {
      throw explained(error, path);
    }
  });
}

function readTables(db: DatabaseSync, path: string): RawLists {
  db.exec('PRAGMA trusted_schema = OFF');
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version);
  if (version > NEWEST_SCHEMA) {
    const message =
      `${path} has schema version ${version}, and this program knows OpenClaw's up to ${NEWEST_SCHEMA}: ` +
      'it was written by a newer OpenClaw; update this program';
    throw new SourceError('SOURCE_TOO_NEW', message);
  }
  const paired = readTable(db, path, 'device_pairing_paired', PAIRED, 'device');
  const pending = readTable(db, path, 'device_pairing_pending', PENDING, 'request');
  return { source: 'OpenClaw openclaw.sqlite', paired, pending, damage: [] };
}

function readTable(
  db: DatabaseSync,
  path: string,
  table: string,
  columns: readonly Column[],
  noun: 'device' | 'request',
): readonly RawEntry[] {
  const present = new Set(
    db
      .prepare('SELECT name FROM pragma_table_info(?)')
      .all(table)
      .map(({ name }) => name),
  );
  const missing = columns.filter(({ name, needed }) => needed && !present.has(name));
  if (missing.length > 0) {
    const what = present.size === 0 ? `table ${table}` : `column ${missing[0]?.name} of ${table}`;
    const message = `${path} has no ${what}: it is no device store that this program knows`;
    throw new SourceError('SOURCE_DAMAGED', message);
  }
  const verdict = db.prepare(`PRAGMA quick_check(${table})`).get()?.quick_check;
  if (verdict !== 'ok') throw damaged(path, String(verdict));
  const known = columns.filter(({ name }) => present.has(name));
  const rows = db.prepare(`SELECT ${known.map(({ name }) => name).join(', ')} FROM ${table}`).all();
  const id = noun === 'device' ? 'device_id' : 'request_id';
  return rows.map((row) => ({
    name: `${path}: ${noun} ${String(row[id])}`,
    key: String(row[id]),
    value: Object.fromEntries(known.map(({ name, field, kind }) => [field, fieldOf(row[name], kind)])),
  }));
}

/** What is not JSON stays a text, which is no list: the record is then named as damaged, by its field. */
function fieldOf(value: unknown, kind: Column['kind']): unknown {
  if (kind === 'plain' || typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function damaged(path: string, what: string, cause?: unknown): SourceError {
  const message = `${path} is damaged (${what}); let OpenClaw repair it (openclaw doctor), or restore a backup of it`;
  return new SourceError('SOURCE_DAMAGED', message, { cause });
}

function explained(error: unknown, path: string): unknown {
  const isSqlite = error instanceof Error && 'errcode' in error;
  return isSqlite ? damaged(path, error.message, error) : error;
}
