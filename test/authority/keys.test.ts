import { mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyError, openKeyRing, rotateTokenKey } from '../../src/authority/keys.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { checkToken, deriveToken } from '../../src/authority/tokens.ts';
import { A, Desk, READ } from './desk.ts';

let folder = '';
const keyFile = (): string => join(folder, 'token-keys.json');
const markFile = (): string => join(folder, 'token-mark.json');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'antechamber-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function pairedDesk(): Promise<Desk> {
  const desk = new Desk();
  await desk.ask(A, [READ]);
  await approve(desk.owner, await desk.open(A));
  return desk;
}

describe('the key ring', () => {
  it('is made by the first start, for its owner only, and the same at the next', async () => {
    const { store } = new Desk().authority;
    const first = await openKeyRing(folder, store);
    expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
    expect(statSync(markFile()).mode & 0o777).toBe(0o600);
    const second = await openKeyRing(folder, store);
    expect(second.realm.keys[0].secret.export()).toEqual(first.realm.keys[0].secret.export());
    expect(second.restoredFromBackup).toBe(false);
    expect(first.realm).toMatchObject({ storeId: store.id, epoch: 1 });
  });

  it('stops when it is missing beside a store that knows devices, and makes none in silence', async () => {
    const { store } = (await pairedDesk()).authority;
    await expect(openKeyRing(folder, store)).rejects.toMatchObject({ code: 'KEY_MISSING' });
    await expect(openKeyRing(folder, store)).rejects.toThrow(keyFile());
    await expect(openKeyRing(folder, store)).rejects.toThrow(/restore/);
    expect(() => statSync(keyFile())).toThrow(/ENOENT/);
  });

  it.each([
    ['no JSON', 'not json'],
    ['no keys', '{"version":1,"keys":[]}'],
    ['another shape', '[1,2]'],
    ['null', 'null'],
    ['a short secret', '{"version":1,"keys":[{"id":"00000001","secret":"AAAA"}]}'],
    ['a bad id', `{"version":1,"keys":[{"id":"../x","secret":"${'A'.repeat(43)}"}]}`],
  ])('is named when it is damaged (%s), and left as it is', async (_, text) => {
    const { store } = new Desk().authority;
    writeFileSync(keyFile(), text);
    const opening = openKeyRing(folder, store);
    await expect(opening).rejects.toBeInstanceOf(KeyError);
    await expect(openKeyRing(folder, store)).rejects.toMatchObject({ code: 'KEY_DAMAGED' });
    await expect(openKeyRing(folder, store)).rejects.toThrow(keyFile());
    expect(readFileSync(keyFile(), 'utf8')).toBe(text);
  });

  it('raises the epoch for a database out of a backup: the old tokens are superseded, and it says so', async () => {
    const desk = await pairedDesk();
    writeFileSync(keyFile(), `{"version":1,"keys":[{"id":"00000001","secret":"${'A'.repeat(43)}"}]}`);
    const { store } = desk.authority;
    const ring = await openKeyRing(folder, store);
    const token = deriveToken(ring.realm, await desk.device(A), 'operator');
    ring.mark((await store.head()) + 1);
    ring.close();
    const restored = await openKeyRing(folder, store);
    expect(restored).toMatchObject({ restoredFromBackup: true, realm: { epoch: 2 } });
    expect(checkToken(restored.realm, await desk.device(A), 'operator', token)).toEqual({
      ok: false,
      problem: 'device-token-expired',
    });
    const next = deriveToken(restored.realm, await desk.device(A), 'operator');
    expect(checkToken(restored.realm, await desk.device(A), 'operator', next).ok).toBe(true);
    // Said once: the next start finds the mark where the database is.
    expect(await openKeyRing(folder, store)).toMatchObject({
      restoredFromBackup: false,
      realm: { epoch: 2 },
    });
  });

  it('takes the mark of another store for nothing', async () => {
    const { store } = new Desk().authority;
    writeFileSync(markFile(), '{"storeId":"another","seq":1000,"epoch":7}');
    expect(await openKeyRing(folder, store)).toMatchObject({
      restoredFromBackup: false,
      realm: { epoch: 1 },
    });
  });

  it('goes on when only the mark is lost or damaged', async () => {
    const { store } = new Desk().authority;
    await openKeyRing(folder, store);
    unlinkSync(markFile());
    expect((await openKeyRing(folder, store)).restoredFromBackup).toBe(false);
    writeFileSync(markFile(), '{');
    expect((await openKeyRing(folder, store)).restoredFromBackup).toBe(false);
  });

  it('verifies with the old key after a new one was added, and signs with the new one', async () => {
    const desk = await pairedDesk();
    writeFileSync(keyFile(), `{"version":1,"keys":[{"id":"00000001","secret":"${'A'.repeat(43)}"}]}`);
    const before = await openKeyRing(folder, desk.authority.store);
    const token = deriveToken(before.realm, await desk.device(A), 'operator');
    const added = rotateTokenKey(folder);
    expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
    const after = await openKeyRing(folder, desk.authority.store);
    expect(checkToken(after.realm, await desk.device(A), 'operator', token).ok).toBe(true);
    expect(deriveToken(after.realm, await desk.device(A), 'operator')).toContain(`_${added}_`);
  });
});
