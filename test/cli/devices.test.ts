import { describe, expect, it } from 'vitest';
import { type Home, NOW, openHome, someDevice } from './terminal.ts';

async function pairedHome(): Promise<Home & { readonly device: ReturnType<typeof someDevice> }> {
  const home = await openHome();
  const device = someDevice();
  await home.ask(device, ['operator.pairing', 'operator.read']);
  expect(await home.cli(['devices', 'approve', await home.newest()])).toMatchObject({ code: 0 });
  return { ...home, device };
}

describe('a device is named', () => {
  it('by its id, by a part of it that nobody else has, or by its label', async () => {
    const home = await pairedHome();
    const { deviceId } = home.device;
    for (const name of [deviceId, deviceId.slice(0, 6), deviceId.slice(0, 12).toUpperCase()]) {
      const ran = await home.cli(['devices', 'log', name, '--json']);
      expect([name, JSON.parse(ran.out).deviceId]).toEqual([name, deviceId]);
    }
    await home.cli(['devices', 'rename', deviceId.slice(0, 8), 'kitchen tablet']);
    expect((await home.cli(['devices', 'log', 'kitchen tablet', '--json'])).code).toBe(0);
  });

  it('never by what it calls itself', async () => {
    const home = await pairedHome();
    expect(await home.cli(['devices', 'remove', 'laptop'])).toMatchObject({ code: 3, out: '' });
    expect((await home.list()).paired).toHaveLength(1);
  });

  it.each([
    ['abc', 2],
    ['ffffffffffffff', 3],
    ['', 3],
  ])('%j is nobody (exit code %d)', async (name, code) => {
    const home = await pairedHome();
    expect(await home.cli(['devices', 'remove', name])).toMatchObject({ code, out: '' });
  });

  it('by a label that two devices have only after one is renamed', async () => {
    const home = await openHome();
    for (const device of [someDevice(), someDevice()]) {
      await home.ask(device, ['operator.read']);
      await home.cli(['devices', 'approve', await home.newest()]);
      await home.cli(['devices', 'rename', device.deviceId, 'twin']);
    }
    const ran = await home.cli(['devices', 'remove', 'twin']);
    expect(ran).toMatchObject({ code: 1 });
    for (const { deviceId } of (await home.list()).paired) expect(ran.err).toContain(deviceId);
    expect((await home.list()).paired).toHaveLength(2);
  });
});

describe('devices rotate', () => {
  it('keeps the rights without scopes, narrows with them, and refuses what was never approved', async () => {
    const home = await pairedHome();
    const id = home.device.deviceId;
    const kept = await home.cli(['devices', 'rotate', id, '--json']);
    expect(JSON.parse(kept.out)).toEqual({
      deviceId: id,
      role: 'operator',
      scopes: ['operator.pairing', 'operator.read'],
    });
    const narrowed = await home.cli(['devices', 'rotate', id, '--scope', 'operator.read', '--json']);
    expect(JSON.parse(narrowed.out).scopes).toEqual(['operator.read']);
    const beyond = await home.cli(['devices', 'rotate', id, '--scope', 'operator.admin']);
    expect(beyond).toMatchObject({ code: 1, out: '' });
    expect(beyond.err).toContain('operator.admin was never approved');
  });

  it('needs the role of a device that has two, and knows no other roles', async () => {
    const home = await pairedHome();
    const id = home.device.deviceId;
    await home.ask(home.device, [], { role: 'node' });
    await home.cli(['devices', 'approve', await home.newest()]);
    expect(await home.cli(['devices', 'rotate', id])).toMatchObject({ code: 2 });
    expect(await home.cli(['devices', 'rotate', id, '--role', 'admin'])).toMatchObject({ code: 2 });
    expect(await home.cli(['devices', 'rotate', id, '--role', 'node'])).toMatchObject({ code: 0 });
  });
});

describe('devices revoke, remove, forgive, reissue', () => {
  it('revoke ends the rights; the device waits for an owner again', async () => {
    const home = await pairedHome();
    const id = home.device.deviceId;
    expect(await home.cli(['devices', 'revoke', id])).toMatchObject({ code: 0 });
    expect(await home.ask(home.device, ['operator.read'])).toMatchObject({ verdict: 'quiet' });
    expect(await home.cli(['devices', 'revoke', id])).toMatchObject({ code: 3 });
  });

  it('remove leaves only the history, which its id still finds', async () => {
    const home = await pairedHome();
    const id = home.device.deviceId;
    expect(await home.cli(['devices', 'remove', id.slice(0, 10)])).toMatchObject({ code: 0 });
    expect(await home.list()).toEqual({ pending: [], paired: [], declined: [] });
    expect(await home.cli(['devices', 'remove', id])).toMatchObject({ code: 3 });
    expect((await home.cli(['devices', 'log', id])).out).toContain('device.removed');
  });

  it('forgive says whether anything was declined', async () => {
    const home = await pairedHome();
    const ran = await home.cli(['devices', 'forgive', home.device.deviceId]);
    expect([ran.code, ran.out]).toEqual([0, expect.stringMatching(/^Nothing was declined/)]);
  });

  it('reissue accepts a superseded token again, of an approved device only', async () => {
    const home = await pairedHome();
    const id = home.device.deviceId;
    expect(await home.cli(['devices', 'reissue', id])).toMatchObject({ code: 0 });
    expect(await home.cli(['devices', 'reissue', id, '--role', 'node'])).toMatchObject({ code: 3 });
  });
});

describe('devices rename', () => {
  it.each(['', 'x'.repeat(65), 'two\nlines', '\u202ereversed'])('refuses the label %j', async (label) => {
    const home = await pairedHome();
    const ran = await home.cli(['devices', 'rename', home.device.deviceId, label]);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect((await home.list()).paired[0]?.label).toBeUndefined();
  });
});

describe('devices log', () => {
  it('tells each change of a device on one line: when, what, and who', async () => {
    const home = await pairedHome();
    await home.cli(['devices', 'revoke', home.device.deviceId]);
    const { out, code } = await home.cli(['devices', 'log', home.device.deviceId]);
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^2026-11-23 \d\d:\d\d:\d\dZ {2}operator {2}request\.opened {2}[a-z2-7]{16}\.r1 {2}unpaired -> pairingPending {2}asks for operator\.pairing, operator\.read {2}from 192\.0\.2\.7 {2}"cli\/cli"$/,
    );
    expect(lines.at(-1)).toMatch(
      /grant\.revoked {2}paired -> revoked {2}may use no scopes {2}by store-file ann$/,
    );
    expect(
      (await home.cli(['devices', 'log', home.device.deviceId, '--limit', '1'])).out.split('\n'),
    ).toEqual([lines.at(-1), '']);
  });

  it.each(['0', '-1', 'x', '10001', '1.5'])('takes no limit of %s', async (limit) => {
    const home = await pairedHome();
    expect(await home.cli(['devices', 'log', home.device.deviceId, '--limit', limit])).toMatchObject({
      code: 2,
    });
  });

  it('of a device that nobody ever saw finds nothing', async () => {
    const home = await openHome();
    expect(await home.cli(['devices', 'log', 'f'.repeat(64)])).toMatchObject({ code: 3, out: '' });
  });
});

describe('devices watch', () => {
  it.each([false, true])('tells what other processes do until Ctrl-C (JSON: %s)', async (json) => {
    const home = await openHome();
    const device = someDevice();
    const interrupt = new AbortController();
    const ready = Promise.withResolvers<void>();
    const revoked = Promise.withResolvers<void>();
    const lines: string[] = [];
    const watching = home.cli(['devices', 'watch', ...(json ? ['--json'] : [])], {
      interrupt: interrupt.signal,
      onErr: () => ready.resolve(),
      onOut: (text) => {
        lines.push(text);
        if (text.includes('grant.revoked')) revoked.resolve();
      },
    });
    await ready.promise;
    await home.ask(device, ['operator.read']);
    await home.cli(['devices', 'approve', await home.newest()]);
    await home.cli(['devices', 'revoke', device.deviceId]);
    await revoked.promise;
    interrupt.abort();
    expect(await watching).toMatchObject({ code: 0, err: `watching ${home.folder}; Ctrl-C ends\n` });
    const facts = ['request.opened', 'request.settled', 'grant.revoked'];
    if (json) {
      const rows = lines.map((line) => JSON.parse(line));
      expect(rows.map(({ type }) => type)).toEqual(facts);
      expect(rows[0]).toMatchObject({ deviceId: device.deviceId, role: 'operator', atMs: NOW });
    } else {
      expect(lines.map((line) => line.split('  ')[3])).toEqual(facts);
      expect(lines[1]).toMatch(
        /^\S+ \S+Z {2}[0-9a-f]{12} {2}operator {2}request\.settled {2}.*by store-file ann\n$/,
      );
    }
  });
});
