import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { secretFor } from '../../src/cli/open-gate.ts';
import { newDevice, RawClient } from '../support/raw-client.ts';
import { cli, openHome, type Ran, type Surroundings, spawnCli, temporaryFolder } from './terminal.ts';

interface Serving {
  readonly url: string;
  readonly folder: string;
  readonly secret: string;
  readonly printed: () => string;
  stop(): Promise<Ran>;
  /** A verb through the gateway. */
  remote(args: readonly string[], around?: Surroundings): Promise<Ran>;
  /** A verb on the state folder. */
  local(args: readonly string[], around?: Surroundings): Promise<Ran>;
  /** A device that connects as a node host does, and so is held for long. */
  waiting(
    scopes?: readonly string[],
  ): Promise<{ client: RawClient; answer: ReturnType<RawClient['connect']> }>;
}

const real = { now: () => Date.now() };

/** `serve` in this process, on a state folder of its own, where even local devices wait for an owner. */
async function serving(flags: readonly string[] = []): Promise<Serving> {
  const folder = join(temporaryFolder(), 'state');
  const interrupt = new AbortController();
  const listening = Promise.withResolvers<string>();
  let printed = '';
  const args = ['serve', '--port', '0', '--auto-approve', 'none', '--state-dir', folder, ...flags];
  const ran = cli(args, {
    ...real,
    interrupt: interrupt.signal,
    onOut: (text) => {
      printed += text;
      const found = /^listening on (ws:\/\/127\.0\.0\.1:\d+)$/m.exec(printed);
      if (found) listening.resolve(found[1] as string);
    },
  });
  void ran.then(({ err }) => listening.reject(new Error(`did not start: ${err}`)));
  const url = await listening.promise;
  const clients: RawClient[] = [];
  const stop = (): Promise<Ran> => {
    interrupt.abort();
    return ran;
  };
  onTestFinished(async () => {
    for (const client of clients) client.socket.terminate();
    await stop();
  });
  const secret = readFileSync(join(folder, 'shared-token'), 'utf8').trim();
  return {
    url,
    folder,
    secret,
    printed: () => printed,
    stop,
    remote: (more, around) => cli([...more, '--url', url, '--state-dir', folder], { ...real, ...around }),
    local: (more, around) => cli([...more, '--state-dir', folder], { ...real, ...around }),
    async waiting(scopes = ['operator.read']) {
      const client = await RawClient.open(url);
      clients.push(client);
      const ask = { device: newDevice(), scopes, mode: 'node', auth: { token: secret } };
      const answer = client.response(await client.sendConnect(ask));
      // Most tests end while it still waits.
      answer.catch(() => {});
      await client.event('connect.pending');
      return { client, answer };
    },
  };
}

async function pendingId(gateway: Serving): Promise<string> {
  const { pending } = JSON.parse((await gateway.local(['devices', 'list', '--json'])).out);
  return pending[0].requestId;
}

describe.each(['local', 'remote'] as const)('a decision that is taken %s', (how) => {
  it('approves a device that waits, on the same socket', async () => {
    const gateway = await serving();
    const { answer } = await gateway.waiting();
    const ran = await gateway[how](['devices', 'approve', await pendingId(gateway)]);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain('As operator it may use operator.read.');
    expect(await answer).toMatchObject({
      ok: true,
      payload: { type: 'hello-ok', auth: { scopes: ['operator.read'], deviceToken: expect.any(String) } },
    });
    expect(ran.out).not.toContain((await answer).payload.auth.deviceToken);
  });

  it('approves a part of what it asks for', async () => {
    const gateway = await serving();
    await gateway.waiting(['operator.read', 'operator.pairing']);
    const id = await pendingId(gateway);
    const ran = await gateway[how](['devices', 'approve', id, '--scope', 'operator.read', '--json']);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.out)).toMatchObject({ requestId: id, device: { scopes: ['operator.read'] } });
  });

  it('rejects it, and a second opinion is told what happened and how to undo it', async () => {
    const gateway = await serving();
    const { answer } = await gateway.waiting();
    const id = await pendingId(gateway);
    expect(await gateway[how](['devices', 'reject', id])).toMatchObject({ code: 0 });
    expect((await answer).ok).toBe(false);
    const late = await gateway[how](['devices', 'approve', id]);
    expect(late).toMatchObject({ code: 1, out: '' });
    expect(late.err).toMatch(/already rejected by .*devices forgive [0-9a-f]{12}/);
  });

  it('is every other verb as well', async () => {
    const gateway = await serving();
    const { client, answer } = await gateway.waiting();
    await gateway[how](['devices', 'approve', await pendingId(gateway)]);
    await answer;
    const { paired } = JSON.parse((await gateway[how](['devices', 'list', '--json'])).out);
    const id: string = paired[0].deviceId;
    const verbs: readonly (readonly string[])[] = [
      ['rename', id.slice(0, 8), 'kitchen'],
      ['rotate', 'kitchen', '--scope', 'operator.read'],
      ['reissue', 'kitchen'],
      ['forgive', 'kitchen'],
      ['log', 'kitchen'],
      ['revoke', 'kitchen'],
      ['remove', 'kitchen'],
    ];
    for (const verb of verbs) {
      const ran = await gateway[how](['devices', ...verb]);
      expect([verb, ran.code, ran.err]).toEqual([verb, 0, '']);
    }
    expect((await client.closed()).code).toBe(4001);
    const log = await gateway[how](['devices', 'log', id]);
    for (const fact of [
      'request.opened',
      'device.renamed',
      'token.rotated',
      'grant.revoked',
      'device.removed',
    ]) {
      expect(log.out).toContain(fact);
    }
  });

  it('names nobody, and says so', async () => {
    const gateway = await serving();
    for (const verb of [['approve', 'abcdefghijklmnop.r1'], ['remove', 'f'.repeat(64)], ['approve']]) {
      const ran = await gateway[how](['devices', ...verb]);
      expect([verb, ran.code, ran.out]).toEqual([verb, 3, '']);
      expect(ran.err).toMatch(/^antechamber: .+\n$/);
    }
  });

  it('needs the revision that was seen', async () => {
    const gateway = await serving();
    await gateway.waiting();
    const id = await pendingId(gateway);
    const ran = await gateway[how](['devices', 'approve', id.slice(0, 16)]);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain(`antechamber devices approve ${id}`);
  });
});

describe('a verb through a gateway', () => {
  it('shows who is connected', async () => {
    const gateway = await serving();
    const { client, answer } = await gateway.waiting();
    await gateway.remote(['devices', 'approve', await pendingId(gateway)]);
    await answer;
    expect((await gateway.remote(['devices', 'list'], { columns: 200 })).out).toMatch(/ {2}connected$/m);
    await client.end();
    expect((await gateway.remote(['devices', 'list'], { columns: 200 })).out).toMatch(/ {2}away$/m);
  });

  it('watches the events', async () => {
    const gateway = await serving();
    const interrupt = new AbortController();
    const ready = Promise.withResolvers<void>();
    const resolved = Promise.withResolvers<void>();
    const lines: string[] = [];
    const watching = gateway.remote(['devices', 'watch', '--json'], {
      interrupt: interrupt.signal,
      onErr: () => ready.resolve(),
      onOut: (text) => {
        lines.push(text);
        if (text.includes('device.pair.resolved')) resolved.resolve();
      },
    });
    await ready.promise;
    await gateway.waiting();
    await gateway.local(['devices', 'approve', await pendingId(gateway)]);
    await resolved.promise;
    interrupt.abort();
    expect(await watching).toMatchObject({ code: 0, err: `watching ${gateway.url}; Ctrl-C ends\n` });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        type: 'device.pair.requested',
        role: 'operator',
        detail: { scopesTo: ['operator.read'], address: '127.0.0.1' },
      },
      { type: 'device.pair.resolved', detail: { outcome: 'approved' } },
    ]);
  });

  it('is refused with a wrong secret, and says what to give', async () => {
    const gateway = await serving();
    const ran = await gateway.remote(['devices', 'list', '--token', 'wrong-secret']);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/--token-file/);
    expect(ran.err).not.toContain('wrong-secret');
  });

  it.each([
    ['ws://127.0.0.1:1', true],
    ['ws://localhost:1', true],
    ['wss://[::1]:1', true],
    ['wss://gateway.example', false],
    ['ws://127.0.0.1.example', false],
    ['wss://192.0.2.1', false],
    ['wss://127.0.0.1@192.0.2.1', false],
  ])('at %s is given the folder’s own secret: %s', async (url, given) => {
    const { folder, secret } = await openHome();
    expect(secretFor({ secret: null, stateDir: folder }, url)).toBe(given ? secret : null);
    expect(secretFor({ secret: { text: 'named' }, stateDir: folder }, url)).toBe('named');
  });

  it('finds no gateway where none is, or where something else answers nothing', async () => {
    const gateway = await serving();
    await gateway.stop();
    expect(await gateway.remote(['status'])).toMatchObject({ code: 4, out: '' });
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as { port: number };
    const ran = await cli(['status', '--url', `ws://127.0.0.1:${port}`, '--timeout', '200ms'], real);
    expect(ran).toMatchObject({ code: 4, out: '' });
    expect(ran.err).toMatch(/no gateway answers at ws:/);
  });

  it('is told by status, with and without the address', async () => {
    const gateway = await serving();
    await gateway.waiting();
    for (const how of ['local', 'remote'] as const) {
      const ran = await gateway[how](['status', '--json']);
      expect(ran.code).toBe(0);
      expect(JSON.parse(ran.out)).toMatchObject({ running: true, url: gateway.url, waiting: 1, approved: 0 });
    }
    await gateway.stop();
    const stopped = await gateway.local(['status']);
    expect([stopped.code, stopped.out]).toEqual([4, expect.stringContaining('not running')]);
  });
});

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
});
