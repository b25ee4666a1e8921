import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { withDatabaseCopy } from '../../src/import/database-copy.ts';
import { readOpenclaw } from '../../src/import/openclaw.ts';
import { newDevice } from '../protocol/device.ts';
import {
  databaseIn,
  fingerprintOf,
  pairedRecord,
  RECORDED_MS,
  recordedDatabase,
  recordedFiles,
  writtenFiles,
} from './folders.ts';

const damageOf = async (folder: string) => (await readOpenclaw(folder, RECORDED_MS)).damage;
const TOKEN = 's'.repeat(43);

describe('a damaged record is named, and the others are read', () => {
  const good = newDevice();
  const other = newDevice();
  const record = pairedRecord(good, ['operator.read'], TOKEN);
  it.each<readonly [string, unknown, RegExp, RegExp]>([
    ['no object', 7, /device x$/, /must be object/],
    ['no key', { ...record, publicKey: null }, /device x$/, /its "publicKey" is missing or malformed/],
    [
      'no time',
      { ...record, approvedAtMs: 'long ago' },
      /device x$/,
      /its "approvedAtMs" is missing or malformed/,
    ],
    ['no list', { ...record, scopes: 'operator.read' }, /device x$/, /its "scopes" is missing or malformed/],
    [
      'a token that is none',
      { ...record, tokens: { operator: TOKEN } },
      /device x$/,
      /its "tokens" is missing/,
    ],
    [
      'another key',
      { ...record, publicKey: other.publicKey },
      /device x$/,
      /its id does not belong to its public key/,
    ],
    [
      'no key at all',
      { ...record, publicKey: 'nonsense' },
      /device x$/,
      /its id does not belong to its public key/,
    ],
    ['another place', record, /device x$/, /filed under another id/],
  ])('%s', async (_, value, name, problem) => {
    const sound = pairedRecord(other, [], TOKEN);
    const { damage, list } = await readOpenclaw(writtenFiles({ x: value, [other.id]: sound }), RECORDED_MS);
    expect(damage).toEqual([
      { record: expect.stringMatching(name), problem: expect.stringMatching(problem) },
    ]);
    expect(JSON.stringify(damage)).not.toContain(TOKEN);
    expect(list.devices.map(({ deviceId }) => deviceId)).toEqual([other.id]);
  });

  it('the same device twice in a list, and a request of nobody', async () => {
    const folder = writtenFiles([record, record], [{ ...record, deviceId: 'x', requestId: 'r', ts: 1 }]);
    expect(await damageOf(folder)).toEqual([
      {
        record: expect.stringMatching(/paired\.json: entry 2$/),
        problem: 'the same device is there a second time',
      },
      { record: expect.stringMatching(/pending\.json: entry 1$/), problem: expect.stringMatching(/its id/) },
    ]);
  });

  it('a file that is no JSON, without a word of what is in it', async () => {
    const folder = recordedFiles();
    const path = join(folder, 'devices', 'paired.json');
    writeFileSync(path, `{"token": "${TOKEN}`);
    const { damage, list } = await readOpenclaw(folder, RECORDED_MS);
    expect(damage).toEqual([{ record: path, problem: 'it is not JSON' }]);
    expect(list.requests).toHaveLength(2);
    writeFileSync(path, '7');
    expect(await damageOf(folder)).toEqual([{ record: path, problem: 'it holds no list of devices' }]);
  });

  it('a row whose list is no JSON', async () => {
    const broken =
      "UPDATE device_pairing_paired SET tokens_json = '{\"operator' WHERE approved_via = 'owner'";
    const { damage, list } = await readOpenclaw(recordedDatabase(broken), RECORDED_MS);
    expect(damage).toEqual([
      {
        record: expect.stringMatching(/openclaw\.sqlite: device 267d7c/),
        problem: expect.stringMatching(/"tokens"/),
      },
    ]);
    expect(list.devices).toHaveLength(6);
  });
});

describe('a database as a whole', () => {
  const refused = async (folder: string, code: string, words: RegExp) => {
    const before = fingerprintOf(folder);
    await expect(readOpenclaw(folder, RECORDED_MS)).rejects.toMatchObject({
      name: 'SourceError',
      code,
      message: expect.stringMatching(words),
    });
    expect(fingerprintOf(folder)).toEqual(before);
  };

  it('of a newer OpenClaw is refused', () =>
    refused(
      recordedDatabase('PRAGMA user_version = 19'),
      'SOURCE_TOO_NEW',
      /schema version 19.*up to 18.*update/,
    ));

  it('without the tables or a column is refused', async () => {
    const table = recordedDatabase('DROP TABLE device_pairing_pending');
    await refused(table, 'SOURCE_DAMAGED', /no table device_pairing_pending/);
    const column = recordedDatabase('ALTER TABLE device_pairing_paired DROP COLUMN tokens_json');
    await refused(column, 'SOURCE_DAMAGED', /no column tokens_json of device_pairing_paired/);
  });

  it('that is none is refused', async () => {
    const folder = recordedDatabase();
    writeFileSync(databaseIn(folder), 'no database at all'.repeat(1000));
    await refused(folder, 'SOURCE_DAMAGED', /is damaged .*openclaw doctor/);
  });

  it('of an older 2026.9 without the newest columns is read', async () => {
    const folder = recordedDatabase('ALTER TABLE device_pairing_paired DROP COLUMN approved_via');
    const { list } = await readOpenclaw(folder, RECORDED_MS);
    expect(list.devices.map(({ approvedVia }) => approvedVia)).toEqual(list.devices.map(() => null));
  });

  it('that another process keeps locked is read all the same', async () => {
    const folder = recordedDatabase();
    const script = `
      const { DatabaseSync } = require('node:sqlite');
      const db = new DatabaseSync(process.argv[1]);
      db.exec('BEGIN EXCLUSIVE');
      console.log('locked');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', script, databaseIn(folder)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill());
    await once(child.stdout, 'data');
    expect((await readOpenclaw(folder, RECORDED_MS)).list.devices).toHaveLength(7);
  });
});

describe('while its gateway runs', () => {
  const LATER = `UPDATE device_pairing_paired SET operator_label = 'in the log only' WHERE approved_via = 'owner'`;

  it('what is only in the log is read, and not one byte changes, of no file', async () => {
    const folder = recordedDatabase();
    const gateway = new DatabaseSync(databaseIn(folder));
    onTestFinished(() => gateway.close());
    gateway.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
    gateway.exec(LATER);
    const before = fingerprintOf(folder);
    expect(Object.keys(before).join()).toMatch(/sqlite-shm.*sqlite-wal/);
    const { list } = await readOpenclaw(folder, RECORDED_MS);
    expect(list.devices.map(({ label }) => label)).toContain('in the log only');
    expect(fingerprintOf(folder)).toEqual(before);
  });

  it('a transaction that is under way is not read, and the log of a crash is', async () => {
    const folder = recordedDatabase();
    const gateway = new DatabaseSync(databaseIn(folder));
    gateway.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 1');
    gateway.exec(LATER);
    gateway.exec("BEGIN; UPDATE device_pairing_paired SET operator_label = 'not yet'");
    const { list } = await readOpenclaw(folder, RECORDED_MS);
    expect(list.devices.map(({ label }) => label).filter(Boolean)).toEqual(['in the log only']);
    gateway.exec('ROLLBACK');
    gateway.close();
  });

  it('no copy stays behind, whatever happens to it', async () => {
    const folder = recordedDatabase();
    const path = databaseIn(folder);
    const gateway = new DatabaseSync(path);
    onTestFinished(() => gateway.close());
    const copies = () => readdirSync(tmpdir()).filter((name) => name.startsWith('antechamber-import-'));
    const before = copies();
    let made = '';
    const read = withDatabaseCopy(path, (copy) => {
      made = copy;
      expect(existsSync(copy)).toBe(true);
      throw new Error('what reads it fails');
    });
    await expect(read).rejects.toThrow('what reads it fails');
    expect(existsSync(made)).toBe(false);
    expect(copies().filter((name) => !before.includes(name) && made.includes(name))).toEqual([]);
  });
});
