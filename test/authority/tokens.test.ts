import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FRESH } from '../../machines/record.ts';
import { type DeviceRecord, newDevice } from '../../src/authority/device.ts';
import { reissue, remove, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { checkToken, deriveToken, looksLikeToken } from '../../src/authority/tokens.ts';
import { A, B, Desk, READ, realmOf, WRITE } from './desk.ts';

const paired = { state: 'paired', record: FRESH };
const device: DeviceRecord = { ...newDevice(A, 'key', 1), roles: { operator: paired, node: paired } };
const realm = realmOf('store-1');
const token = deriveToken(realm, device, 'operator');
const INVALID = { ok: false, problem: 'device-token-invalid' };

describe('a derived token', () => {
  it('is the same text for the same record, and nothing secret is in it', () => {
    expect(deriveToken(realm, structuredClone(device), 'operator')).toBe(token);
    expect(token).toMatch(/^atk1_00000001_1_1_0_[\w-]{43}$/);
    expect(looksLikeToken(token)).toBe(true);
    expect(checkToken(realm, device, 'operator', token)).toEqual({ ok: true, generation: 1 });
  });

  it.each<readonly [string, () => unknown]>([
    ['another store', () => checkToken(realmOf('store-2'), device, 'operator', token)],
    [
      'another key of the same name',
      () => {
        const secret = createSecretKey(Buffer.alloc(32, 9));
        return checkToken({ ...realm, keys: [{ id: realm.keys[0].id, secret }] }, device, 'operator', token);
      },
    ],
    ['another role', () => checkToken(realm, device, 'node', token)],
    ['another device', () => checkToken(realm, { ...device, deviceId: B }, 'operator', token)],
    ['another pairing salt', () => checkToken(realm, { ...device, pairingSalt: 'other' }, 'operator', token)],
    [
      'another epoch in the text',
      () => checkToken(realm, device, 'operator', token.replace('_1_1_0_', '_2_1_0_')),
    ],
    ['another generation', () => checkToken(realm, device, 'operator', token.replace('_1_1_0_', '_1_2_0_'))],
    [
      'another grant version',
      () => checkToken(realm, device, 'operator', token.replace('_1_1_0_', '_1_1_1_')),
    ],
    ['an unknown key', () => checkToken(realm, device, 'operator', token.replace('00000001', '00000002'))],
    ['a shorter MAC', () => checkToken(realm, device, 'operator', token.slice(0, -1))],
    ['something after it', () => checkToken(realm, device, 'operator', `${token}\n`)],
    ['nothing', () => checkToken(realm, device, 'operator', '')],
  ])('is invalid with %s', (_, check) => {
    expect(check()).toEqual(INVALID);
  });

  it('is invalid when any one character of its MAC is another', () => {
    const start = token.length - 43;
    for (let at = start; at < token.length - 1; at++) {
      const forged = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      expect(checkToken(realm, device, 'operator', forged), `at ${at}`).toEqual(INVALID);
    }
  });

  it('is verified by an older key of the ring, and made by the first', () => {
    const [old] = realm.keys;
    const ring = { ...realm, keys: [realmOf('store-1', 2).keys[0], old] as const };
    expect(checkToken(ring, device, 'operator', token).ok).toBe(true);
    expect(deriveToken(ring, device, 'operator')).toMatch(/^atk1_00000002_/);
  });
});

describe('what a token is worth', () => {
  const check = async (desk: Desk, text: string) =>
    checkToken(desk.authority.realm, await desk.device(A), 'operator', text);
  const pairedDesk = async (): Promise<Desk> => {
    const desk = new Desk();
    await desk.ask(A, [READ]);
    await approve(desk.owner, await desk.open(A));
    return desk;
  };

  it('I3 an older grant version of a valid generation lets in, and the next hello has a new one', async () => {
    const desk = await pairedDesk();
    const before = await desk.token(A);
    await desk.ask(A, [WRITE]);
    await approve(desk.owner, await desk.open(A));
    expect(await desk.token(A)).not.toBe(before);
    expect(await check(desk, before)).toEqual({ ok: true, generation: 1 });
    expect(await desk.ask(A, [WRITE], { deviceToken: before })).toMatchObject({
      ok: true,
      verdict: 'covered',
    });
  });

  it('R9 rotated: accepted until the new one was used and a grace later, then expired and never a mismatch', async () => {
    const desk = await pairedDesk();
    const old = await desk.token(A);
    await rotate(desk.owner, A, 'operator', null);
    const current = await desk.token(A);
    expect(await desk.ask(A, [READ], { deviceToken: old })).toMatchObject({ ok: true });
    desk.now += 3_600_000;
    expect(await desk.ask(A, [READ], { deviceToken: old })).toMatchObject({ ok: true });
    expect(await desk.ask(A, [READ], { deviceToken: current })).toMatchObject({ ok: true });
    desk.now += 9 * 60_000;
    expect(await desk.ask(A, [READ], { deviceToken: old })).toMatchObject({ ok: true });
    desk.now += 60_000;
    await desk.authority.sweep();
    expect(await desk.ask(A, [READ], { deviceToken: old })).toEqual({
      ok: false,
      problem: 'device-token-expired',
    });
    expect(await desk.ask(A, [READ], { deviceToken: current })).toMatchObject({ ok: true });
    const delivered = (await desk.history(A)).filter(({ type }) => type === 'token.delivered');
    expect(delivered).toHaveLength(1);
  });

  it('R9 a reissue lets an expired one in again for a grace period', async () => {
    const desk = await pairedDesk();
    const old = await desk.token(A);
    await rotate(desk.owner, A, 'operator', null);
    desk.now += 31 * 86_400_000;
    await desk.authority.sweep();
    expect(await check(desk, old)).toEqual({ ok: false, problem: 'device-token-expired' });
    expect(await reissue(desk.owner, A, 'operator')).toMatchObject({ ok: true });
    expect(await check(desk, old)).toEqual({ ok: true, generation: 1 });
    desk.now += 600_000;
    await desk.authority.sweep();
    expect(await check(desk, old)).toEqual({ ok: false, problem: 'device-token-expired' });
  });

  it('R7 revoked: told so, and no approval and no reissue makes it valid again', async () => {
    const desk = await pairedDesk();
    const old = await desk.token(A);
    await revoke(desk.owner, A, 'operator');
    expect(await check(desk, old)).toEqual({ ok: false, problem: 'device-token-revoked' });
    desk.now += 2 * 3_600_000;
    await desk.authority.sweep();
    await desk.ask(A, [READ]);
    await approve(desk.owner, await desk.open(A));
    expect(await check(desk, old)).toEqual({ ok: false, problem: 'device-token-revoked' });
    await reissue(desk.owner, A, 'operator');
    expect(await check(desk, old)).toEqual({ ok: false, problem: 'device-token-revoked' });
    expect(await check(desk, await desk.token(A))).toEqual({ ok: true, generation: 2 });
  });

  it('R8 removed: a tombstone stays, and the old token is not even ours any more', async () => {
    const desk = await pairedDesk();
    const old = await desk.token(A);
    expect(await remove(desk.owner, A)).toMatchObject({ ok: true });
    expect(await check(desk, old)).toEqual(INVALID);
    expect((await desk.role(A)).record).toMatchObject({ tombstone: true, grant: [], ceiling: [] });
    await desk.ask(A, [READ]);
    await approve(desk.owner, await desk.open(A));
    expect(await check(desk, old)).toEqual(INVALID);
    expect(await remove(desk.owner, B)).toEqual({ ok: false, denial: { kind: 'unknown-device' } });
  });

  it('a refused token leaves no trace', async () => {
    const desk = await pairedDesk();
    const before = (await desk.history()).length;
    const foreign = deriveToken(realmOf('elsewhere'), await desk.device(A), 'operator');
    expect(await desk.ask(A, [WRITE], { deviceToken: foreign })).toEqual(INVALID);
    expect(await desk.ask(B, [READ], { deviceToken: foreign })).toEqual(INVALID);
    expect(await desk.history()).toHaveLength(before);
  });
});
