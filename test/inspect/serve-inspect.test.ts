import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pendingId, real, serving } from '../cli/serving.ts';
import { cli, temporaryFolder } from '../cli/terminal.ts';
import { Looker, PATIENCE } from './looking.ts';

/** The address for a receiver, from the one that is printed for a browser. */
function socketOf(printed: string): string {
  const [, url = ''] = /^inspector: (http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+)$/m.exec(printed) ?? [];
  return url.replace('http:', 'ws:').replace('#', '?');
}

describe('serve --inspect', () => {
  it('shows a device that waits, and the decision that another process made', async () => {
    const gateway = await serving(['--inspect']);
    await expect.poll(() => gateway.printed(), PATIENCE).toContain('/hosted#token=');
    const viewer = new Looker(socketOf(gateway.printed()));
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

  it('is not there unless it is asked for', async () => {
    const gateway = await serving();
    const { out, err } = await gateway.stop();
    expect(out + err).not.toContain('inspect');
  });

  it('is asked for by the environment, too', async () => {
    const gateway = await serving([], { env: { ANTECHAMBER_INSPECT: '0' } });
    await expect.poll(() => gateway.printed(), PATIENCE).toContain('inspector: http://127.0.0.1:');
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
