import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pendingId, real, type Serving, serving } from '../cli/serving.ts';
import { cli, temporaryFolder } from '../cli/terminal.ts';
import { Looker } from './looking.ts';

const addressFile = ({ folder }: Serving): string => join(folder, 'inspect-url');

/** The address for a receiver, from the one that is meant for a browser. */
function socketOf(gateway: Serving): string {
  const [url = ''] = readFileSync(addressFile(gateway), 'utf8').split('\n');
  return url.replace('http:', 'ws:').replace('#', '?');
}

describe('serve --inspect', () => {
  it('shows a device that waits, and the decision that another process made', async () => {
    const gateway = await serving(['--inspect']);
    const viewer = new Looker(socketOf(gateway));
    const { answer } = await gateway.waiting();
    await viewer.standing('connection', { upgradePending: 'held' });
    await viewer.standing('authorization', 'pairingPending');
    expect((await gateway.local(['devices', 'approve', await pendingId(gateway)])).code).toBe(0);
    expect((await answer).ok).toBe(true);
    await viewer.standing('connection', 'paired');
    await viewer.standing('authorization', 'paired');
    // The roles that it never asked for are not shown as devices.
    expect(viewer.frames.filter(({ name }) => name?.startsWith('device '))).toHaveLength(1);
    const { err } = await gateway.stop();
    expect(err).toContain(
      'warning: whoever has the address of the inspector sees what every device asks for',
    );
  });

  it('leaves its addresses to the owner of the state folder while it runs, and prints none', async () => {
    const gateway = await serving(['--inspect']);
    const text = readFileSync(addressFile(gateway), 'utf8');
    expect(text).toMatch(
      /^http:\/\/127\.0\.0\.1:(\d+)\/#token=([\w-]{43})\nhttp:\/\/127\.0\.0\.1:\1\/hosted#token=\2\n$/,
    );
    expect(statSync(addressFile(gateway)).mode & 0o777).toBe(0o600);
    expect(gateway.printed()).toContain(`inspector: its addresses are in ${addressFile(gateway)}\n`);
    const { out, err } = await gateway.stop();
    expect(out + err).not.toContain(text.split('token=')[1]?.slice(0, 43));
    expect(statSync(addressFile(gateway), { throwIfNoEntry: false })).toBeUndefined();
  });

  it('leaves the addresses of another gateway on the folder where they are', async () => {
    const first = await serving(['--inspect']);
    const before = readFileSync(addressFile(first), 'utf8');
    const interrupt = new AbortController();
    const isUp = Promise.withResolvers<void>();
    const second = first.local(['serve', '--port', '0', '--inspect'], {
      interrupt: interrupt.signal,
      onOut: (text) => text.includes('listening on') && isUp.resolve(),
    });
    onTestFinished(() => interrupt.abort());
    await isUp.promise;
    const after = readFileSync(addressFile(first), 'utf8');
    expect(after).not.toBe(before);
    await first.stop();
    expect(readFileSync(addressFile(first), 'utf8')).toBe(after);
    interrupt.abort();
    expect((await second).code).toBe(0);
    expect(statSync(addressFile(first), { throwIfNoEntry: false })).toBeUndefined();
  });

  it.each([
    ['in a terminal', [], { isTerminal: true }],
    ['with --show-token', ['--show-token'], {}],
  ] as const)('prints its addresses %s, and leaves none', async (_where, flags, around) => {
    const gateway = await serving(['--inspect', ...flags], around);
    expect(gateway.printed()).toMatch(/^inspector: http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/m);
    expect(gateway.printed()).toMatch(/: http:\/\/127\.0\.0\.1:\d+\/hosted#token=[\w-]{43}$/m);
    expect(statSync(addressFile(gateway), { throwIfNoEntry: false })).toBeUndefined();
  });

  it('shows how it ends each connection', async () => {
    const gateway = await serving(['--inspect']);
    const viewer = new Looker(socketOf(gateway));
    await gateway.waiting();
    const sessionId = await viewer.standing('connection', { upgradePending: 'held' });
    await gateway.stop();
    await viewer.until(() => viewer.of(sessionId).some(({ event }) => event?.type === 'gateway.draining'));
    await viewer.until(() => viewer.of(sessionId).some(({ snapshot }) => snapshot?.status === 'stopped'));
  });

  it('is not there unless it is asked for', async () => {
    const gateway = await serving();
    const { out, err } = await gateway.stop();
    expect(out + err).not.toContain('inspect');
  });

  it('is asked for by the environment, too', async () => {
    const gateway = await serving([], { env: { ANTECHAMBER_INSPECT: '0' } });
    expect(gateway.printed()).toContain('inspector: ');
  });

  it('says what to do when its port is taken', async () => {
    const gateway = await serving();
    const taken = new URL(gateway.url).port;
    const state = join(temporaryFolder(), 'state');
    const ran = await cli(['serve', '--port', '0', '--inspect', taken, '--state-dir', state], real);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('EADDRINUSE');
    expect(ran.err).toContain('name another port with --inspect');
  });

  it.each(['0.0.0.0:9229', 'gateway.example:9229', '192.0.2.1:0', 'here', '70000'])(
    'is refused at %j',
    async (address) => {
      const ran = await cli(['serve', '--inspect', address, '--state-dir', temporaryFolder()]);
      expect(ran.code).toBe(2);
      expect(ran.err).toContain('a port of 127.0.0.1');
    },
  );
});
