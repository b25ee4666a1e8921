import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newNoticeSecret } from '../../src/notices/notice-secret.ts';
import { pendingId, serving } from '../cli/serving.ts';
import { cli, temporaryFolder } from '../cli/terminal.ts';
import { openReceiver } from './receiver.ts';

function secretFile(): { path: string; secret: string } {
  const secret = newNoticeSecret();
  const path = join(temporaryFolder(), 'secret');
  writeFileSync(path, `${secret}\n`);
  return { path, secret };
}

describe('serve --notice-url', () => {
  it('tells of a request that waits, and status says while it cannot', async () => {
    const { path, secret } = secretFile();
    const receiver = await openReceiver(secret);
    receiver.answerWith(500);
    const gateway = await serving(['--notice-url', receiver.url, '--notice-secret-file', path]);
    await gateway.waiting();
    const id = await pendingId(gateway);
    await expect.poll(() => receiver.tried, { timeout: 20_000 }).toEqual([id]);
    await expect
      .poll(async () => (await gateway.local(['status'])).out, { timeout: 20_000 })
      .toMatch(/notices: they do not get through since .*: it answered 500/);
    const remote = await gateway.remote(['status', '--json']);
    expect(JSON.parse(remote.out).notices.problem).toBe('it answered 500');
    receiver.answerWith(200);
    await expect.poll(() => receiver.received.map((one) => one.id), { timeout: 20_000 }).toEqual([id]);
    await expect
      .poll(async () => JSON.parse((await gateway.local(['status', '--json'])).out).notices, {
        timeout: 20_000,
      })
      .toBeNull();
    const { out, err } = await gateway.stop();
    for (const hidden of [secret, 'a-secret-path', 'token=hidden']) expect(out + err).not.toContain(hidden);
  });

  it('makes a secret of its own, for its owner only, and keeps it', async () => {
    const gateway = await serving(['--notice-url', 'https://hooks.invalid/']);
    const path = join(gateway.folder, 'notice-secret');
    expect(gateway.printed()).toContain(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const secret = readFileSync(path, 'utf8');
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=\n$/);
    const { out, err } = await gateway.stop();
    expect(out + err).not.toContain(secret.trim());
    expect(readFileSync(path, 'utf8')).toBe(secret);
  });

  it.each([
    ['http://hooks.example/', 'https://'],
    ['ftp://hooks.example/', 'http:// URL'],
    ['https://user:hidden@hooks.example/', 'without a user'],
  ])('is refused at %s', async (url, says) => {
    const ran = await cli(['serve', '--notice-url', url, '--state-dir', temporaryFolder()]);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(says);
    expect(ran.err).not.toContain('hidden');
  });

  it('is refused with a secret that is none', async () => {
    const path = join(temporaryFolder(), 'secret');
    writeFileSync(path, 'not-a-secret-of-the-scheme\n');
    const flags = ['--notice-url', 'https://hooks.example/', '--notice-secret-file', path];
    const ran = await cli(['serve', '--port', '0', '--state-dir', temporaryFolder(), ...flags]);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('whsec_');
    expect(ran.err).not.toContain('not-a-secret');
  });
});
