import { describe, expect, it } from 'vitest';
import { readMoment } from '../../src/cli/devices-at.ts';
import { pendingId, serving } from './serving.ts';
import { cli, temporaryFolder } from './terminal.ts';

describe.each(['local', 'remote'] as const)('explained %s', (how) => {
  it('a device that waits is told why, what would end it, and what comes next', async () => {
    const gateway = await serving();
    const { answer } = await gateway.waiting();
    const requestId = await pendingId(gateway);
    const { pending } = JSON.parse((await gateway.local(['devices', 'list', '--json'])).out);
    const id: string = pending[0].deviceId;
    const ran = await gateway[how](['devices', 'explain', id.slice(0, 12), '--json']);
    expect(ran).toMatchObject({ code: 0, err: '' });
    const { roles } = JSON.parse(ran.out);
    expect(roles).toMatchObject([
      {
        role: 'operator',
        state: 'pairingPending',
        standing: 'unpaired',
        grant: [],
        request: { requestId, scopes: ['operator.read'] },
        endings: [
          { by: 'approve', atMs: null, verdict: 'approved', state: 'paired', grant: ['operator.read'] },
          { by: 'reject', atMs: null, verdict: 'rejected', state: 'unpaired', grant: [] },
          { by: 'expiry', state: 'unpaired', grant: [] },
        ],
        next: { verdict: 'joined', live: [], denial: 'PAIRING_REQUIRED' },
      },
    ]);
    const wider = await gateway[how](['devices', 'explain', id, '--scope', 'operator.write']);
    expect(wider.out).toContain(`devices approve ${requestId}`);
    expect(wider.out).toContain('Its next connect for operator.write widens the request that is open.');
    // It was a dry run: nothing was asked for, and the command that was shown does what it says.
    expect(await pendingId(gateway)).toBe(requestId);
    expect((await gateway[how](['devices', 'approve', requestId])).code).toBe(0);
    expect((await answer).ok).toBe(true);
    const after = await gateway[how](['devices', 'explain', id]);
    expect(after.out).toContain('As operator: paired; it may use operator.read.');
    expect(after.out).toContain('Nothing waits.');
    expect(after.out).toContain('Its next connect for operator.read is let in with all of it.');
  });

  it('what was declined stays so for a while', async () => {
    const gateway = await serving();
    await gateway.waiting();
    const requestId = await pendingId(gateway);
    await gateway.local(['devices', 'reject', requestId]);
    const { declined } = JSON.parse((await gateway.local(['devices', 'list', '--json'])).out);
    const ran = await gateway[how](['devices', 'explain', declined[0].deviceId, '--scope', 'operator.read']);
    expect(ran.out).toMatch(/Its pairing is declined for another (60m|1h)\./);
    expect(ran.out).toMatch(/Its next connect for operator.read is refused: it was declined, for another/);
  });

  it('a device is shown as it was', async () => {
    const gateway = await serving();
    const beforeMs = Date.now() - 1;
    const { answer } = await gateway.waiting();
    const requestId = await pendingId(gateway);
    const { pending } = JSON.parse((await gateway.local(['devices', 'list', '--json'])).out);
    const id: string = pending[0].deviceId;
    const waitingMs: number = pending[0].ts;
    await expect.poll(() => Date.now()).toBeGreaterThan(waitingMs);
    await gateway.local(['devices', 'approve', requestId]);
    expect((await answer).ok).toBe(true);
    const at = async (ms: number) => {
      const time = new Date(ms).toISOString();
      const ran = await gateway[how](['devices', 'at', id, '--time', time, '--json']);
      expect(ran).toMatchObject({ code: 0, err: '' });
      return JSON.parse(ran.out).roles[0];
    };
    expect(await at(beforeMs)).toMatchObject({ state: 'unpaired', grant: [], request: null, last: null });
    expect(await at(waitingMs)).toMatchObject({
      state: 'pairingPending',
      grant: [],
      request: { requestId, scopes: ['operator.read'] },
      last: { type: 'request.opened', by: null },
    });
    expect(await at(Date.now())).toMatchObject({
      state: 'paired',
      grant: ['operator.read'],
      request: null,
      last: { type: 'request.settled' },
    });
    const shown = await gateway[how](['devices', 'at', id, '--time', '1h']);
    expect(shown.out).toContain('As operator: unpaired; it might use no scopes.');
  });

  it('nobody is explained who was never seen', async () => {
    const gateway = await serving();
    const nobody = '0'.repeat(64);
    for (const verb of [
      ['explain', nobody],
      ['at', nobody, '--time', '1h'],
    ]) {
      expect(await gateway[how](['devices', ...verb])).toMatchObject({ code: 3, out: '' });
    }
  });
});

describe('a moment', () => {
  it('is a time, to the end of its second, or so long ago', () => {
    expect(readMoment('2h', 10_000_000)).toBe(10_000_000 - 7_200_000);
    expect(readMoment('1970-01-02T00:00:00Z', 0)).toBe(86_400_999);
    expect(readMoment('1970-01-02 00:00:00Z', 0)).toBe(86_400_999);
    expect(readMoment('1970-01-02T00:00:00.250Z', 0)).toBe(86_400_250);
    expect(readMoment('1970-01-02', 0)).toBe(86_400_000);
  });

  it.each(['yesterday', '', '5', '2026-13-40', '1-1-1'])('is not %j', async (time) => {
    const ran = await cli([
      'devices',
      'at',
      '0'.repeat(64),
      '--time',
      time,
      '--state-dir',
      temporaryFolder(),
    ]);
    expect(ran.code).toBe(2);
  });
});
