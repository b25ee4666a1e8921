/** `antechamber import openclaw` as a person types it. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serving } from '../cli/serving.ts';
import { cli, openHome, temporaryFolder } from '../cli/terminal.ts';
import { newDevice, RawClient } from '../support/raw-client.ts';
import {
  databaseIn,
  emptyFolder,
  fingerprintOf,
  pairedRecord,
  RECORDED_MS,
  recordedDatabase,
  recordedFiles,
  writtenFiles,
} from './folders.ts';

const recorded = { now: () => RECORDED_MS, columns: 120 };
const TOKEN = 's'.repeat(43);

describe('import openclaw', () => {
  it('shows what it would do and does nothing, then does exactly that, then finds nothing more', async () => {
    const home = await openHome();
    const source = recordedFiles();
    const before = fingerprintOf(source);
    const shown = await home.cli(['import', 'openclaw', source], recorded);
    expect(shown.code).toBe(1);
    expect(shown.out).toContain(`To import exactly this:\n  antechamber import openclaw ${source} --yes`);
    expect(shown.out).toContain('would replace 17d45b38-36bf-4c17-a3e8-e3936cc8b674');
    expect(shown.out).toMatch(/b8786f9fcb6e .*nothing +ends +import as revoked/);
    expect((await home.list()).paired).toEqual([]);

    const dry = await home.cli(['import', 'openclaw', source, '--dry-run', '--yes'], recorded);
    expect([dry.code, dry.out.trimEnd().split('\n').at(-1)]).toEqual([0, 'Nothing was imported.']);
    expect((await home.list()).paired).toEqual([]);

    const done = await home.cli(['import', 'openclaw', source, '--yes'], recorded);
    expect([done.code, done.err]).toEqual([0, '']);
    expect(done.out).toMatch(/Imported in one step: 7 of devices and roles, 2 of requests\./);
    expect(done.out).toMatch(/Request [a-z2-7]{16}\.r1 replaces 17d45b38-36bf-4c17-a3e8-e3936cc8b674/);
    const { paired, pending } = await home.list();
    expect([paired.length, pending.length]).toEqual([6, 2]);

    const again = await home.cli(['import', 'openclaw', source, '--yes'], recorded);
    expect([again.code, again.out]).toEqual([
      0,
      `Read ${join(source, 'devices')}\nAlready here, and the same: 9\nNothing to import.\n`,
    ]);
    expect(fingerprintOf(source)).toEqual(before);
    expect(`${shown.out}${done.out}${JSON.stringify(paired)}`).not.toContain('throw-away');
  });

  it('fits the terminal, whatever its width', async () => {
    const source = recordedDatabase();
    for (const columns of [40, 80, 120]) {
      const { out } = await cli(['import', 'openclaw', source, '--dry-run', '--state-dir', emptyFolder()], {
        now: () => RECORDED_MS,
        columns,
      });
      const table = out.split('\n').filter((line) => !/^(Read|A request)/.test(line));
      expect(table.length).toBeGreaterThan(8);
      expect(table.filter((line) => line.length > columns)).toEqual([]);
    }
  });

  it('makes the state folder of a gateway that never ran, but not before it is meant', async () => {
    const state = join(temporaryFolder(), 'state');
    const args = ['import', 'openclaw', recordedDatabase(), '--state-dir', state];
    expect((await cli(args, recorded)).code).toBe(1);
    expect(existsSync(state)).toBe(false);
    expect((await cli([...args, '--yes'], recorded)).code).toBe(0);
    const listed = await cli(['devices', 'list', '--json', '--state-dir', state], recorded);
    expect(JSON.parse(listed.out).paired).toHaveLength(7);
  });

  it('--json holds every line, the reasons, and no secret', async () => {
    const home = await openHome();
    const device = newDevice();
    const odd = pairedRecord(device, ['operator.read', 'operator.fly'], TOKEN);
    const source = writtenFiles({ [device.id]: odd, x: { token: TOKEN } });
    const args = ['import', 'openclaw', source, '--json', '--skip-damaged'];
    const shown = await home.cli(args, recorded);
    expect(shown.code).toBe(1);
    expect(JSON.parse(shown.out)).toMatchObject({
      source: 'OpenClaw devices/paired.json',
      done: false,
      lines: [
        { deviceId: device.id, role: 'operator', action: 'import', grant: ['operator.read'], token: true },
      ],
      leftOut: [{ deviceId: device.id, reason: 'unknown scopes: operator.fly' }],
      damaged: [{ record: expect.stringMatching(/device x$/) }],
    });
    const done = await home.cli([...args, '--yes'], recorded);
    expect([done.code, JSON.parse(done.out).done]).toEqual([0, true]);
    expect(shown.out + done.out).not.toContain(TOKEN);
    const log = await home.cli(['devices', 'log', device.id, '--json'], recorded);
    expect(log.out).toContain('device.imported');
    expect(log.out).not.toContain(TOKEN);
  });

  it('a person sees what is left out and what is kept', async () => {
    const home = await openHome();
    const device = newDevice();
    await home.ask({ deviceId: device.id, publicKey: device.publicKey }, ['operator.read']);
    await home.cli(['devices', 'reject', await home.newest()]);
    const source = writtenFiles({ [device.id]: pairedRecord(device, ['operator.fly'], TOKEN) });
    const { code, out } = await home.cli(['import', 'openclaw', source, '--yes'], { columns: 200 });
    expect(code).toBe(0);
    expect(out).toContain('kept as decided here: an owner said no to this device here');
    expect(out).toContain(`Left out of ${device.id.slice(0, 12)}: unknown scopes: operator.fly`);
    expect(out).toContain('Nothing to import.');
  });
});

describe('a source that cannot be taken over', () => {
  const run = async (source: string, ...flags: string[]) => {
    const home = await openHome();
    const ran = await home.cli(['import', 'openclaw', source, '--yes', ...flags], recorded);
    return { ...ran, ...(await home.list()) };
  };

  it('with a damaged record imports nothing, names it, and says how to go on', async () => {
    const device = newDevice();
    const source = writtenFiles({ [device.id]: pairedRecord(device, [], TOKEN), x: { publicKey: TOKEN } });
    const refused = await run(source);
    expect([refused.code, refused.out, refused.paired]).toEqual([1, '', []]);
    expect(refused.err).toMatch(
      /^antechamber: one record cannot be read, and nothing was imported: .*paired\.json: device x: it must have required properties deviceId; .*--skip-damaged\n$/,
    );
    expect(refused.err).not.toContain(TOKEN);
    const skipped = await run(source, '--skip-damaged');
    expect([skipped.code, skipped.paired.length]).toEqual([0, 1]);
    expect(skipped.out).toMatch(/Skipped .*device x: it must have required properties deviceId/);
  });

  it.each<readonly [string, () => string, number, RegExp]>([
    ['is not there', () => join(emptyFolder(), 'gone'), 3, /there is no folder/],
    ['holds no devices', emptyFolder, 3, /holds neither .*OPENCLAW_STATE_DIR/],
    ['is newer', () => recordedDatabase('PRAGMA user_version = 99'), 1, /schema version 99/],
    [
      'is damaged',
      () => {
        const source = recordedDatabase();
        writeFileSync(databaseIn(source), 'x'.repeat(9000));
        return source;
      },
      1,
      /is damaged/,
    ],
    ['is a file', () => databaseIn(recordedDatabase()), 3, /there is no folder|holds neither/],
  ])('that %s', async (_, make, code, words) => {
    const ran = await run(make());
    expect([ran.code, ran.out, ran.paired]).toEqual([code, '', []]);
    expect(ran.err).toMatch(words);
    expect(ran.err).toMatch(/^antechamber: .+\n$/);
  });

  it('says which of two was read, and why', async () => {
    const { out } = await run(recordedFiles(recordedDatabase()));
    expect(out).toMatch(/^Read .*openclaw\.sqlite \(a gateway of 2026\.9 reads only this one/);
  });
});

describe('while our gateway runs', () => {
  it('the device that waits there is let in by the import, and one with its old token after it', async () => {
    const gateway = await serving();
    const [waits, comes] = [newDevice(), newDevice()];
    const client = await RawClient.open(gateway.url);
    const ask = { device: waits, scopes: ['operator.read'], mode: 'node', auth: { token: gateway.secret } };
    const answer = client.response(await client.sendConnect(ask));
    await client.event('connect.pending');
    const records = [waits, comes].map((device) =>
      pairedRecord(device, ['operator.write'], TOKEN + device.id[0]),
    );
    const ran = await gateway.local(['import', 'openclaw', writtenFiles(records), '--yes']);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect((await answer).payload.auth.scopes).toEqual(['operator.read']);
    const next = await RawClient.open(gateway.url);
    const hello = await next.connect({
      device: comes,
      scopes: ['operator.write'],
      auth: { deviceToken: TOKEN + comes.id[0] },
    });
    expect(hello.payload.auth.deviceToken).toMatch(/^atk1_/);
    for (const socket of [client, next]) socket.socket.terminate();
  });
});
