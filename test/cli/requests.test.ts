import { describe, expect, it } from 'vitest';
import { type Home, NOW, openHome, someDevice } from './terminal.ts';

const HOUR_MS = 3_600_000;

async function pairedHome(): Promise<Home & { readonly device: ReturnType<typeof someDevice> }> {
  const home = await openHome();
  const device = someDevice();
  await home.ask(device, ['operator.pairing', 'operator.read']);
  expect(await home.cli(['devices', 'approve', await home.newest()])).toMatchObject({ code: 0 });
  return { ...home, device };
}

describe('devices list', () => {
  it('shows what another process asked, with the exact command to approve it', async () => {
    const home = await openHome();
    const device = someDevice();
    await home.ask(device, ['operator.read']);
    const ran = await home.cli(['devices', 'list'], { now: () => NOW + 180_000, columns: 200 });
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(
      new RegExp(`^${device.deviceId.slice(0, 12)}  192\\.0\\.2\\.7  "laptop, cli, linux"`, 'm'),
    );
    expect(ran.out).toMatch(/ {2}3m ago, tried 1x\+$/m);
    const id = await home.newest();
    expect(ran.out).toContain(`    antechamber devices approve ${id} --state-dir ${home.folder}\n`);
  });

  it('as JSON is the list itself', async () => {
    const home = await pairedHome();
    const list = await home.list();
    expect(list).toMatchObject({ pending: [], paired: [{ deviceId: home.device.deviceId }], declined: [] });
  });

  it('shows nothing of a device raw that a terminal would obey', async () => {
    const home = await openHome();
    await home.ask(someDevice(), ['operator.read'], {
      profile: { displayName: '\u001b[2J\u202eevil\r\n', remoteIp: '192.0.2.9\u001b[1m' },
    });
    const { out } = await home.cli(['devices', 'list'], { columns: 200 });
    expect(out).toContain('evil');
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('shows a narrowed grant beside what was approved, and a revoked role as such', async () => {
    const home = await pairedHome();
    const { deviceId } = home.device;
    await home.cli(['devices', 'rotate', deviceId, '--scope', 'operator.read']);
    const narrowed = await home.cli(['devices', 'list'], { columns: 200 });
    expect(narrowed.out).toContain('operator.read (approved up to operator.pairing, operator.read)');
    await home.cli(['devices', 'revoke', deviceId]);
    const revoked = await home.cli(['devices', 'list'], { columns: 200, now: () => NOW + 60_000 });
    expect(revoked.out).toMatch(/operator +nothing +60s ago +revoked 60s ago/);
  });
});

describe('devices approve', () => {
  it('without an id shows the newest and how to approve exactly it, and approves nothing', async () => {
    const home = await openHome();
    await home.ask(someDevice(), ['operator.read'], { atMs: NOW - 1000 });
    await home.ask(someDevice(), ['operator.pairing'], { profile: { displayName: 'second' } });
    const ran = await home.cli(['devices', 'approve']);
    expect(ran.code).toBe(1);
    expect(ran.out).toContain('"second"');
    expect(ran.out).toContain('(1 more: ');
    expect(ran.out).toContain(`  antechamber devices approve ${await home.newest()} --state-dir`);
    expect((await home.list()).paired).toEqual([]);
  });

  it('without an id and with nothing waiting says so', async () => {
    const home = await openHome();
    expect(await home.cli(['devices', 'approve'])).toMatchObject({
      code: 3,
      out: '',
      err: 'antechamber: nothing waits for an approval\n',
    });
  });

  it('gives what the revision asks for, and the next connect is let in', async () => {
    const home = await openHome();
    const device = someDevice();
    await home.ask(device, ['operator.read']);
    const id = await home.newest();
    const ran = await home.cli(['devices', 'approve', id]);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toBe(
      `Approved ${id} of device ${device.deviceId.slice(0, 12)}.\nAs operator it may use operator.read.\n`,
    );
    expect(await home.ask(device, ['operator.read'])).toMatchObject({ ok: true, verdict: 'covered' });
    const [row] = (await home.list()).paired;
    expect(row?.tokens).toMatchObject([{ scopes: ['operator.read'] }]);
  });

  it('gives a part, and the rest is declined', async () => {
    const home = await openHome();
    const device = someDevice();
    await home.ask(device, ['operator.pairing', 'operator.read']);
    const ran = await home.cli(['devices', 'approve', await home.newest(), '--scope', 'operator.read']);
    expect(ran).toMatchObject({ code: 0 });
    const list = await home.list();
    expect(list.paired[0]?.scopes).toEqual(['operator.read']);
    expect(list.declined).toMatchObject([{ deviceId: device.deviceId, scopes: ['operator.pairing'] }]);
  });

  it('says what is still asked for when the request widened after it was looked at', async () => {
    const home = await openHome();
    const device = someDevice();
    await home.ask(device, ['operator.read']);
    const first = await home.newest();
    await home.ask(device, ['operator.pairing']);
    const ran = await home.cli(['devices', 'approve', first]);
    expect(ran.code).toBe(0);
    expect(ran.out).toContain(
      `It asks for more meanwhile: ${first.replace(/1$/, '2')} for operator.pairing.`,
    );
    expect((await home.list()).paired[0]?.scopes).toEqual(['operator.read']);
  });

  it('refuses an id without its revision, and names the one to use', async () => {
    const home = await openHome();
    await home.ask(someDevice(), ['operator.read']);
    const id = await home.newest();
    const ran = await home.cli(['devices', 'approve', id.slice(0, 16)]);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain(`antechamber devices approve ${id} --state-dir ${home.folder}`);
    expect((await home.list()).pending).toHaveLength(1);
  });

  it.each(['abcdefghijklmnop.r1', 'abcdefghijklmnop', 'nonsense', '../../etc', ''])(
    'of %j, which nobody asked for, finds nothing',
    async (id) => {
      const home = await openHome();
      await home.ask(someDevice(), ['operator.read']);
      expect(await home.cli(['devices', 'approve', id])).toMatchObject({ code: 3, out: '' });
    },
  );

  it('refuses a scope that is not asked for', async () => {
    const home = await openHome();
    await home.ask(someDevice(), ['operator.read']);
    const ran = await home.cli(['devices', 'approve', await home.newest(), '--scope', 'operator.admin']);
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.err).toContain('operator.admin');
    expect((await home.list()).pending).toHaveLength(1);
  });

  it('after a rejection names who rejected and the verb that undoes it; that verb works', async () => {
    const home = await openHome();
    const device = someDevice();
    await home.ask(device, ['operator.read']);
    const id = await home.newest();
    expect(await home.cli(['devices', 'reject', id])).toMatchObject({ code: 0 });
    expect(await home.cli(['devices', 'reject', id])).toMatchObject({ code: 0 });
    const late = await home.cli(['devices', 'approve', id]);
    expect(late).toMatchObject({ code: 1, out: '' });
    expect(late.err).toContain('already rejected by store-file ann');
    const undo = /"antechamber (devices forgive [0-9a-f]+) --state-dir/.exec(late.err)?.[1] as string;
    expect(await home.ask(device, ['operator.read'])).toMatchObject({ verdict: 'quiet' });
    expect(await home.cli(undo.split(' '))).toMatchObject({ code: 0 });
    expect(await home.ask(device, ['operator.read'])).toMatchObject({ verdict: 'opened' });
  });

  it.each(['an approved device', 'a stranger'])(
    'of a request of %s that ended says that the device asks again',
    async (who) => {
      const home = await pairedHome();
      const device = who === 'a stranger' ? someDevice() : home.device;
      await home.ask(device, ['operator.admin']);
      const id = await home.newest();
      const late = await home.cli(['devices', 'approve', id], { now: () => NOW + HOUR_MS });
      expect(late).toMatchObject({ code: 1, out: '' });
      expect(late.err).toMatch(/already expired.*asks again/);
    },
  );
});

describe('devices reject', () => {
  it('of something approved names who approved and the verb that undoes it', async () => {
    const home = await openHome();
    const device = someDevice();
    await home.ask(device, ['operator.read']);
    const id = await home.newest();
    await home.cli(['devices', 'approve', id]);
    const ran = await home.cli(['devices', 'reject', id]);
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.err).toContain('already approved by store-file ann');
    expect(ran.err).toContain(`devices revoke ${device.deviceId.slice(0, 12)} --role operator`);
  });

  it('keeps what the device had', async () => {
    const home = await pairedHome();
    await home.ask(home.device, ['operator.admin']);
    expect(await home.cli(['devices', 'reject', await home.newest()])).toMatchObject({ code: 0 });
    const list = await home.list();
    expect(list.paired[0]?.scopes).toEqual(['operator.pairing', 'operator.read']);
    expect(list.pending).toEqual([]);
  });
});
