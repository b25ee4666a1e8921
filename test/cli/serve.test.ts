import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { pendingId, real, serving } from './serving.ts';
import { cli, spawnCli, temporaryFolder } from './terminal.ts';

describe('serve', () => {
  it('as a process says where it listens, keeps its files to itself, and ends at SIGTERM', async () => {
    const folder = join(temporaryFolder(), 'deep', 'state');
    const args = ['serve', '--port', '0', '--state-dir', folder];
    const first = spawnCli(args);
    const [, url] = await first.until(/^listening on (ws:\/\/127\.0\.0\.1:\d+)\n/m);
    await first.until(/to approve: .*\n/);
    const secret = readFileSync(join(folder, 'shared-token'), 'utf8').trim();
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(JSON.parse(readFileSync(join(folder, 'gateway.json'), 'utf8'))).toMatchObject({ url });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder)) {
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
    first.kill('SIGTERM');
    const ran = await first.ended;
    expect(ran.code).toBe(0);
    expect(ran.out).toContain(join(folder, 'shared-token'));
    expect(ran.out + ran.err).not.toContain(secret);
    expect(statSync(join(folder, 'gateway.json'), { throwIfNoEntry: false })).toBeUndefined();
    const second = spawnCli([...args, '--show-token']);
    await second.until(new RegExp(`^shared token: ${secret}$`, 'm'));
    second.kill('SIGINT');
    expect((await second.ended).code).toBe(0);
  });

  it('ends at once at a second signal, although a client never answers', async () => {
    const folder = join(temporaryFolder(), 'state');
    const process = spawnCli(['serve', '--port', '0', '--state-dir', folder]);
    const [, url = ''] = await process.until(/^listening on (\S+)$/m);
    const client = await RawClient.open(url);
    onTestFinished(() => client.socket.terminate());
    client.socket.pause();
    process.kill('SIGTERM');
    await process.until(/stopping/);
    process.kill('SIGTERM');
    expect((await process.ended).code).toBe(143);
  });

  it('that was killed leaves a file that nobody takes for a gateway', async () => {
    const folder = join(temporaryFolder(), 'state');
    const process = spawnCli(['serve', '--port', '0', '--state-dir', folder]);
    await process.until(/to approve/);
    expect(await cli(['status', '--state-dir', folder])).toMatchObject({ code: 0 });
    process.kill('SIGKILL');
    await process.ended;
    expect(statSync(join(folder, 'gateway.json')).isFile()).toBe(true);
    expect(await cli(['status', '--state-dir', folder])).toMatchObject({ code: 4 });
  });

  it('releases a device that waits when another process approves on the file', async () => {
    const gateway = await serving();
    const { answer } = await gateway.waiting();
    const id = await pendingId(gateway);
    const ran = await spawnCli(['devices', 'approve', id, '--state-dir', gateway.folder]).ended;
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect((await answer).ok).toBe(true);
  });

  it.each([
    [
      ['--host', '0.0.0.0', '--auth', 'none'],
      [/anybody who reaches 0\.0\.0\.0/, /in the clear/],
    ],
    [['--host', '0.0.0.0'], [/in the clear/]],
    [['--host', '127.0.0.1', '--auth', 'none'], []],
  ])('with %j warns of what lets strangers in', async (flags, warnings) => {
    const interrupt = new AbortController();
    const folder = join(temporaryFolder(), 'state');
    const ran = await cli(['serve', '--port', '0', '--state-dir', folder, ...flags], {
      ...real,
      interrupt: interrupt.signal,
      onOut: () => interrupt.abort(),
    });
    expect(ran.code).toBe(0);
    expect(ran.err.match(/^warning: /gm) ?? []).toHaveLength(warnings.length);
    for (const warning of warnings) expect(ran.err).toMatch(warning);
  });

  it('warns when another gateway works on the same folder', async () => {
    const gateway = await serving();
    const interrupt = new AbortController();
    const ran = await gateway.local(['serve', '--port', '0'], {
      interrupt: interrupt.signal,
      onOut: () => interrupt.abort(),
    });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.err).toContain(`${gateway.url}) already works on ${gateway.folder}`);
  });

  it('logs one JSON line for each change into the file, and no secret', async () => {
    const logFile = join(temporaryFolder(), 'gateway.log');
    const gateway = await serving(['--log-file', logFile]);
    const { client, answer } = await gateway.waiting();
    await gateway.remote(['devices', 'approve', await pendingId(gateway)]);
    const { deviceToken } = (await answer).payload.auth;
    await client.end();
    await gateway.remote(['status', '--token', 'not-the-secret']);
    await gateway.stop();
    const text = readFileSync(logFile, 'utf8');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ msg }) => msg.includes('device access upgrade requested'))).toHaveLength(1);
    expect(lines.filter(({ level }) => level === 'warn')).not.toEqual([]);
    for (const secret of [gateway.secret, deviceToken, 'not-the-secret']) {
      expect(text).not.toContain(secret);
      expect(gateway.printed()).not.toContain(secret);
    }
    expect(statSync(logFile).mode & 0o777).toBe(0o600);
  });

  it('takes its secret from a file, and its settings from the config file', async () => {
    const folder = temporaryFolder();
    const tokenFile = join(folder, 'secret');
    writeFileSync(tokenFile, 'a-secret-of-my-own\n');
    writeFileSync(
      join(folder, 'config.json'),
      JSON.stringify({ port: 0, auth: 'password', 'log-level': 'silent' }),
    );
    const interrupt = new AbortController();
    const listening = Promise.withResolvers<string>();
    const ran = cli(['serve', '--state-dir', folder, '--token-file', tokenFile], {
      ...real,
      interrupt: interrupt.signal,
      onOut: (text) => listening.resolve(/^listening on (\S+)$/m.exec(text)?.[1] ?? ''),
    });
    const url = await listening.promise;
    expect(await cli(['status', '--url', url, '--token-file', tokenFile], real)).toMatchObject({ code: 0 });
    expect(await cli(['status', '--url', url, '--token', 'another'], real)).toMatchObject({ code: 1 });
    interrupt.abort();
    const { code, out } = await ran;
    expect(code).toBe(0);
    expect(out).toContain(`--password "$(cat ${tokenFile})"`);
    expect(statSync(join(folder, 'shared-token'), { throwIfNoEntry: false })).toBeUndefined();
  });

  it('at SIGHUP takes a changed secret from its file and ends who came in by the old one', async () => {
    let hangup = (): void => {};
    const logFile = join(temporaryFolder(), 'gateway.log');
    const gateway = await serving(['--log-file', logFile], { onHangup: (reload) => (hangup = reload) });
    const { client, answer } = await gateway.waiting();
    await gateway.local(['devices', 'approve', await pendingId(gateway)]);
    expect((await answer).ok).toBe(true);
    renameSync(logFile, `${logFile}.1`);
    hangup();
    expect(readFileSync(logFile, 'utf8')).toContain('read certificate and shared secret again');
    expect(client.close).toBeUndefined();
    const path = join(gateway.folder, 'shared-token');
    writeFileSync(path, 'another-secret\n');
    hangup();
    expect((await client.closed()).reason).toMatch(/auth changed/);
    expect(await gateway.remote(['status'])).toMatchObject({ code: 0 });
    expect(await gateway.remote(['status', '--token', gateway.secret])).toMatchObject({ code: 1 });
    writeFileSync(path, '');
    hangup();
    expect(readFileSync(logFile, 'utf8')).toContain('all stays as it was');
    expect(await gateway.remote(['status', '--token', 'another-secret'])).toMatchObject({ code: 0 });
  });
});
