import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { change, device } from '../../src/store/contract-fixtures.ts';
import { LEGAL_MOVES } from '../../src/store/moves.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { GUARDS, MIGRATIONS, migrate } from '../../src/store/sqlite-schema.ts';
import { Folder, pragma, storeFile, withSql, withStore } from './folder.ts';

const a0 = device('a0');
const STATES = [...new Set(LEGAL_MOVES.flat())];

describe('the transition guard in the database', () => {
  it('allows by raw SQL exactly the moves of the machine', async () => {
    using folder = new Folder();
    await storeFile(folder.file());
    const allowed = withSql(folder.file(), (db) =>
      STATES.flatMap((from) => STATES.filter((to) => mayMove(db, from, to)).map((to) => `${from} -> ${to}`)),
    );
    expect(allowed.sort()).toEqual(LEGAL_MOVES.map(([from, to]) => `${from} -> ${to}`).sort());
  });

  it('counts an inserted role as a move from unpaired, also where INSERT replaces a row', async () => {
    using folder = new Folder();
    await storeFile(folder.file());
    withSql(folder.file(), (db) => {
      const insert = (how: string, role: string, state: string) => () =>
        db.exec(`${how} INTO authorization VALUES ('${a0}', '${role}', '${state}')`);
      expect(insert('INSERT', 'node', 'revoked')).toThrow('illegal move');
      expect(insert('INSERT', 'node', 'nonsense')).toThrow('illegal move');
      insert('INSERT', 'node', 'paired')();
      insert('INSERT OR REPLACE', 'operator', 'revoked')();
      expect(insert('INSERT OR REPLACE', 'operator', 'paired')).toThrow('illegal move');
      const rename = () => db.exec("UPDATE authorization SET role = 'admin' WHERE role = 'node'");
      expect(rename).toThrow('illegal move');
    });
  });

  it('is put right when the file is opened, and not written when it is right', async () => {
    using folder = new Folder();
    await storeFile(folder.file());
    const guards = (db: DatabaseSync) =>
      new Map(
        db
          .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
          .all()
          .map(({ name, sql }) => [name, sql]),
      );
    withSql(folder.file(), (db) => {
      expect(guards(db)).toEqual(GUARDS);
      db.exec('DROP TRIGGER guard_authorization_update; DROP TRIGGER guard_authorization_delete');
      db.exec('CREATE TRIGGER guard_authorization_update BEFORE UPDATE ON authorization BEGIN SELECT 1; END');
      db.exec('CREATE TRIGGER lets_all_pass AFTER UPDATE ON authorization BEGIN SELECT 1; END');
    });
    await withStore(folder.file(), async () => undefined);
    const db = new DatabaseSync(folder.file());
    expect(guards(db)).toEqual(GUARDS);
    const version = pragma(db, 'data_version');
    await withStore(folder.file(), async () => undefined);
    expect(pragma(db, 'data_version')).toBe(version);
    db.close();
  });
});

function mayMove(db: DatabaseSync, from: string, to: string): boolean {
  db.exec('BEGIN');
  try {
    // Put there behind the guard's back: no legal path is needed to try each pair.
    for (const name of GUARDS.keys()) db.exec(`DROP TRIGGER ${name}`);
    db.exec(`UPDATE authorization SET state = '${from}'`);
    for (const sql of GUARDS.values()) db.exec(sql);
    db.exec(`UPDATE authorization SET state = '${to}'`);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ message: 'illegal move', errcode: 1811 });
    return false;
  } finally {
    db.exec('ROLLBACK');
  }
}

describe('positions in the history', () => {
  it('are not used again after events were deleted', async () => {
    using folder = new Folder();
    await storeFile(folder.file(), 3);
    withSql(folder.file(), (db) => db.exec('DELETE FROM events'));
    await withStore(folder.file(), async (store) => {
      expect(await store.save(change(device('b'), 0))).toBe(4);
    });
  });
});

describe('migrations', () => {
  it('run once, keep what is there, and make the file too new for the older program', async () => {
    using folder = new Folder();
    await storeFile(folder.file());
    const newer = [...MIGRATIONS, 'CREATE TABLE extra (x INTEGER) STRICT'];
    withSql(folder.file(), (db) => {
      migrate(db, folder.file(), newer);
      migrate(db, folder.file(), newer);
      expect(pragma(db, 'user_version')).toBe(newer.length);
      expect(db.prepare('SELECT count(*) AS devices FROM device').get()?.devices).toBe(1);
      expect(() => migrate(db, folder.file())).toThrow(new RegExp(`schema version ${newer.length}`));
    });
    await expect(openSqliteStore({ path: folder.file() })).rejects.toMatchObject({ code: 'STORE_TOO_NEW' });
  });

  it('that fail leave the file as it was', async () => {
    using folder = new Folder();
    await storeFile(folder.file());
    const broken = [...MIGRATIONS, 'CREATE TABLE extra (x INTEGER) STRICT', 'CREATE TABLE device (again)'];
    withSql(folder.file(), (db) => {
      expect(() => migrate(db, folder.file(), broken)).toThrow('already exists');
      expect(db.isTransaction).toBe(false);
    });
    await withStore(folder.file(), async (store) => {
      expect((await store.load(a0))?.revision).toBe(1);
    });
    const extra = "SELECT count(*) AS tables FROM sqlite_schema WHERE name = 'extra'";
    expect(withSql(folder.file(), (db) => db.prepare(extra).get()?.tables)).toBe(0);
  });
});
