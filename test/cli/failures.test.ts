import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cli, openHome, type Ran, someDevice, spawnCli, temporaryFolder } from './terminal.ts';

/** One line on stderr, none on stdout, and no stack. */
function expectOneLine({ out, err }: Ran): void {
  expect(out).toBe('');
  expect(err).toMatch(/^antechamber: .+\n$/);
  expect(err).not.toMatch(/\n {4}at /);
}

async function homeWithDevice(): ReturnType<typeof openHome> {
  const home = await openHome();
  await home.ask(someDevice(), ['operator.read']);
  return home;
}

describe('a state folder', () => {
  it('in which no gateway ran holds no devices, and a verb makes none', async () => {
    const folder = join(temporaryFolder(), 'state');
    for (const verb of [['devices', 'list'], ['status'], ['devices', 'watch'], ['key', 'rotate']]) {
      const ran = await cli([...verb, '--state-dir', folder]);
      expectOneLine(ran);
      expect([verb, ran.code]).toEqual([verb, 3]);
    }
    expect(statSync(folder, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('with a damaged database is refused and left as it is', async () => {
    const home = await homeWithDevice();
    const path = join(home.folder, 'antechamber.sqlite');
    writeFileSync(path, 'this is no database'.repeat(1000));
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    const before = readFileSync(path);
    for (const verb of [
      ['devices', 'list'],
      ['serve', '--port', '0'],
    ]) {
      const ran = await home.cli(verb);
      expectOneLine(ran);
      expect(ran.code).toBe(1);
      expect(ran.err).toMatch(/Restore a backup/);
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('with a folder in the place of the database is refused', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'antechamber.sqlite'));
    const ran = await cli(['devices', 'list', '--state-dir', folder]);
    expectOneLine(ran);
    expect(ran.code).toBe(1);
  });

  it('without its key is refused, and no new key is made', async () => {
    const home = await homeWithDevice();
    rmSync(join(home.folder, 'token-keys.json'));
    for (const verb of [
      ['devices', 'list'],
      ['serve', '--port', '0'],
      ['key', 'rotate'],
    ]) {
      const ran = await home.cli(verb);
      expectOneLine(ran);
      expect(ran.code).toBe(1);
      expect(ran.err).toContain('token-keys.json');
    }
    expect(statSync(join(home.folder, 'token-keys.json'), { throwIfNoEntry: false })).toBeUndefined();
  });

  it('with a key that cannot be read, or is none, is refused', async () => {
    const home = await homeWithDevice();
    const path = join(home.folder, 'token-keys.json');
    writeFileSync(path, '{"keys":[]}');
    const damaged = await home.cli(['devices', 'list']);
    expectOneLine(damaged);
    expect(damaged.err).toMatch(/restore it from a backup/);
    rmSync(path);
    mkdirSync(path);
    const unreadable = await home.cli(['devices', 'list']);
    expectOneLine(unreadable);
    expect([damaged.code, unreadable.code]).toEqual([1, 1]);
  });

  it('under a file, or that is one, cannot be made', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const under = await cli(['serve', '--port', '0', '--state-dir', join(file, 'state')]);
    const itself = await cli(['serve', '--port', '0', '--state-dir', file]);
    for (const ran of [under, itself]) {
      expectOneLine(ran);
      expect(ran.code).toBe(1);
    }
    expect(under.err).toMatch(/a file is where a folder is needed/);
    expect((await cli(['devices', 'list', '--state-dir', join(file, 'state')])).code).toBe(3);
  });

  // Permissions do not bind root.
  it.skipIf(process.getuid?.() === 0)('that may not be written says so', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o500);
    const ran = await cli(['serve', '--port', '0', '--state-dir', join(folder, 'state')]);
    expectOneLine(ran);
    expect(ran.err).toMatch(/accessible for the user/);
  });

  it('with an empty file for the shared token does not start a gateway that nobody can enter', async () => {
    const home = await openHome();
    writeFileSync(join(home.folder, 'shared-token'), '\n');
    const ran = await home.cli(['serve', '--port', '0']);
    expectOneLine(ran);
    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('shared-token is empty')]);
  });
});

describe('serve', () => {
  it('says when another program has the port, and takes its files away', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const home = await openHome();
    const ran = await home.cli(['serve', '--port', String(port)]);
    expectOneLine(ran);
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.err).toMatch(/EADDRINUSE.*--port/);
    expect(statSync(join(home.folder, 'gateway.json'), { throwIfNoEntry: false })).toBeUndefined();
  });

  it('refuses a certificate that is none, or not there', async () => {
    const home = await openHome();
    const junk = join(home.folder, 'junk.pem');
    writeFileSync(junk, 'junk');
    const missing = await home.cli([
      'serve',
      '--port',
      '0',
      '--tls-cert',
      '/nonexistent.pem',
      '--tls-key',
      junk,
    ]);
    const none = await home.cli(['serve', '--port', '0', '--tls-cert', junk, '--tls-key', junk]);
    for (const ran of [missing, none]) {
      expectOneLine(ran);
      expect(ran.code).toBe(1);
    }
    expect(none.err).toContain('check --tls-cert and --tls-key');
  });

  it('refuses a log file that cannot be opened, and a secret file that is not there', async () => {
    const home = await openHome();
    for (const [flag, path] of [
      ['--log-file', '/nonexistent/gateway.log'],
      ['--token-file', '/nonexistent/token'],
    ] as const) {
      const ran = await home.cli(['serve', '--port', '0', flag, path]);
      expectOneLine(ran);
      expect([ran.code, ran.err]).toEqual([1, expect.stringContaining(path)]);
    }
  });
});

describe('a command line that is wrong', () => {
  it.each([
    [['devices', 'list', '--colour'], /unknown option '--colour'/],
    [['devices', 'reject'], /missing required argument 'request'/],
    [['devices', 'rename', 'abcdef'], /missing required argument 'label'/],
    [['devices', 'list', 'extra'], /too many arguments/],
    [['devcies'], /unknown command 'devcies'/],
    [['devices'], /Usage: antechamber devices/],
    [[], /Usage: antechamber /],
    [['devices', 'log'], /missing required argument 'device'/],
    [['devices', 'list', '--url', 'http://127.0.0.1'], /--url: "http:/],
    [['serve', '--port', 'http'], /--port: "http" is not allowed/],
    [['serve', '--waiting', 'park'], /allowed: auto, hold, serve, refuse/],
    [['key', 'rotate', '--url', 'ws://127.0.0.1'], /unknown option '--url'/],
  ])('%j ends with exit code 2 before anything is done', async (args, message) => {
    const ran = await cli(args);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(message);
  });

  it('with --json is told as JSON', async () => {
    const { err, code } = await cli(['devices', 'list', '--json', '--state-dir', '/nonexistent/state']);
    expect(code).toBe(3);
    expect(JSON.parse(err)).toMatchObject({ ok: false, error: { code: 'no-state' } });
  });
});

describe('help', () => {
  it('of every verb has examples and the exit codes', async () => {
    const { out } = await cli(['devices', '--help']);
    const verbs = [...out.matchAll(/^ {2}([a-z]+) /gm)]
      .map(([, verb]) => verb as string)
      .filter((verb) => verb !== 'help');
    expect(verbs).toEqual(
      expect.arrayContaining([
        'list',
        'approve',
        'reject',
        'remove',
        'rename',
        'rotate',
        'revoke',
        'forgive',
      ]),
    );
    const lines = [...verbs.map((verb) => ['devices', verb]), ['serve'], ['status'], ['key', 'rotate']];
    for (const line of lines) {
      const help = await cli([...line, '--help']);
      expect([line, help.code]).toEqual([line, 0]);
      expect(help.out).toContain(`Examples:\n  antechamber ${line.join(' ')}`);
      expect(help.out).toContain('4 the gateway does not answer');
    }
  });

  it('and the version are no failures', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await cli(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
    expect((await cli(['--help'])).code).toBe(0);
  });
});

describe('a failure', () => {
  it('shows its stack only when ANTECHAMBER_DEBUG asks for it', async () => {
    const args = ['devices', 'list', '--state-dir', '/nonexistent/state'];
    expect((await cli(args, { env: { ANTECHAMBER_DEBUG: '1' } })).err).toMatch(/\n {4}at /);
    expectOneLine(await cli(args));
  });

  it('is the same from the real program', async () => {
    const ran = await spawnCli(['devices', 'list', '--state-dir', '/nonexistent/state']).ended;
    expectOneLine(ran);
    expect(ran.code).toBe(3);
  });
});

describe('key rotate', () => {
  it('adds a key and keeps the old one, and prints no key', async () => {
    const home = await openHome();
    const path = join(home.folder, 'token-keys.json');
    const before = JSON.parse(readFileSync(path, 'utf8')).keys;
    const ran = await home.cli(['key', 'rotate', '--json']);
    const after = JSON.parse(readFileSync(path, 'utf8')).keys;
    expect(ran.code).toBe(0);
    expect(after).toHaveLength(2);
    expect(after[1]).toEqual(before[0]);
    expect(JSON.parse(ran.out)).toEqual({ keyId: after[0].id });
    expect(ran.out + ran.err).not.toContain(after[0].secret);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});
