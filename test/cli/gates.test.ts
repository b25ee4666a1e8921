import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { secretFor } from '../../src/cli/open-gate.ts';
import { pendingId, real, serving } from './serving.ts';
import { cli, openHome } from './terminal.ts';

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
    const { deviceToken } = (await answer).payload.auth;
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
      expect(ran.out).not.toContain(gateway.secret);
      expect(ran.out).not.toContain(deviceToken);
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
