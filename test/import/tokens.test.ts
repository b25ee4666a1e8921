/** Tokens of another gateway, on real sockets: what a device still has of before is what it comes with. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { remove, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { importAll } from '../../src/authority/importing.ts';
import { checkToken } from '../../src/authority/tokens.ts';
import { readOpenclaw } from '../../src/import/openclaw.ts';
import { newDevice, type TestDevice } from '../protocol/device.ts';
import { type House, type HouseOptions, openHouse, SHARED } from '../support/harness.ts';
import { OfficialDevice, OfficialProgram } from '../support/official-client.ts';
import { MANAGE, openRequest, READ, WRITE } from '../support/pairing.ts';
import type { Frame } from '../support/raw-client.ts';
import { pairedRecord, writtenFiles } from './folders.ts';

const foreignToken = (): string => randomBytes(32).toString('base64url');

async function bring(house: House, ...records: readonly object[]): Promise<void> {
  const now = house.authority.clock.now();
  const { list, damage } = await readOpenclaw(writtenFiles(records), now);
  expect(damage).toEqual([]);
  await importAll(house.owner, list);
}

/** A house with one device that was brought, and the token that it was brought with. */
async function houseWith(scopes: readonly string[], options: HouseOptions = {}) {
  const house = await openHouse(options);
  const device = newDevice();
  const token = foreignToken();
  await bring(house, pairedRecord(device, scopes, token));
  const enter = (auth: Readonly<Record<string, string>>, more = {}): Promise<Frame> =>
    knock(house, device, auth, { scopes: READ, ...more });
  return { house, device, token, enter };
}

async function knock(
  house: House,
  device: TestDevice,
  auth: Readonly<Record<string, string>>,
  more: object,
): Promise<Frame> {
  const { client, answer } = await house.connect({ device, auth, ...more });
  await client.end();
  return answer;
}

const ours = (answer: Frame): string => answer.payload.auth.deviceToken;
const why = (answer: Frame): string => answer.error.details.authReason;

describe('an imported token', () => {
  it('lets the official client in with its old scopes, which gets ours and goes on with either', async () => {
    const house = await openHouse();
    const device = new OfficialDevice();
    const token = foreignToken();
    const { publicKeyPem: publicKey } = device.identity;
    await bring(house, pairedRecord({ id: device.id, publicKey }, [...READ, ...MANAGE], token));
    device.tokens.set('operator', { token, scopes: READ });
    const program = () => new OfficialProgram(house.gateway.url, device, { token: '', scopes: [...READ] });
    const first = program();
    const hello = await first.hello();
    expect(hello.auth.scopes).toEqual(READ);
    expect(hello.auth.deviceToken).toMatch(/^atk1_/);
    expect(device.tokens.get('operator')?.token).toBe(hello.auth.deviceToken);
    await first.stop();
    for (const kept of [hello.auth.deviceToken, token]) {
      device.tokens.set('operator', { token: kept, scopes: READ });
      const again = program();
      expect((await again.hello()).auth.deviceToken).toBe(hello.auth.deviceToken);
      expect(again.errors).toEqual([]);
      await again.stop();
    }
    expect(await openRequest(house, device.id)).toBeNull();
  });

  it.each([
    ['2026.9 sends it as deviceToken', 'deviceToken', 4],
    ['2026.2.19 sends it as token', 'token', 3],
  ] as const)('%s', async (_, field, protocol) => {
    const { token, enter } = await houseWith(READ);
    const answer = await enter({ [field]: token }, { protocol });
    expect(answer).toMatchObject({ ok: true, payload: { auth: { scopes: READ } } });
    expect(ours(answer)).toMatch(/^atk1_/);
  });

  it('is for its own device and its own role only, and proves nothing without the key', async () => {
    const { house, device, token, enter } = await houseWith(READ);
    expect(why(await knock(house, newDevice(), { deviceToken: token }, { scopes: READ }))).toBe(
      'device_token_mismatch',
    );
    expect((await enter({ deviceToken: token }, { role: 'node', scopes: [] })).ok).toBe(false);
    const thief = { ...device, sign: newDevice().sign };
    expect((await knock(house, thief, { deviceToken: token }, { scopes: READ })).ok).toBe(false);
    expect((await enter({ deviceToken: token })).ok).toBe(true);
  });

  it('one letter off is a mismatch, in the words that a wrong shared token always had', async () => {
    const { enter, token } = await houseWith(READ);
    const wrong = (token.startsWith('A') ? 'B' : 'A') + token.slice(1);
    expect(why(await enter({ deviceToken: wrong }))).toBe('device_token_mismatch');
    expect(why(await enter({ token: wrong }))).toBe('token_mismatch');
  });

  it('guessing one is limited as every guess is', async () => {
    const behindProxy = { locality: { local: 'auto', trustedProxies: ['127.0.0.1'] } } as const;
    const { house, device } = await houseWith(READ, { gateway: { ...behindProxy, limits: { failures: 3 } } });
    const guess = async () => {
      const ask = { device, scopes: READ, auth: { token: foreignToken() } };
      return (await house.connect(ask, { 'x-forwarded-for': '203.0.113.1' })).answer;
    };
    for (let tries = 0; tries < 3; tries++) expect(why(await guess())).toBe('token_mismatch');
    expect(why(await guess())).toBe('rate_limited');
  });

  it('a gateway without authentication asks for none, whatever a device still has', async () => {
    const { enter } = await houseWith(READ, { gateway: { auth: { mode: 'none' } } });
    expect((await enter({ token: foreignToken() })).ok).toBe(true);
  });

  it('ends a grace period after ours was used, and says so', async () => {
    const { house, token, enter } = await houseWith(READ);
    const deviceToken = ours(await enter({ deviceToken: token }));
    await house.pass(3_600_000, 60_000);
    expect((await enter({ deviceToken: token })).ok, 'ours was not used yet').toBe(true);
    expect((await enter({ deviceToken })).ok).toBe(true);
    await house.pass(9 * 60_000, 60_000);
    expect((await enter({ deviceToken: token })).ok).toBe(true);
    await house.pass(60_000);
    expect(why(await enter({ deviceToken: token }))).toBe('device_token_expired');
    expect((await enter({ deviceToken })).ok).toBe(true);
  });

  it('lives 30 days when ours is never used, and no longer', async () => {
    const { house, token, enter } = await houseWith(READ);
    house.clock.advance(30 * 86_400_000 - 1);
    await house.gateway.turn();
    expect((await enter({ deviceToken: token })).ok).toBe(true);
    house.clock.advance(1);
    await house.gateway.turn();
    expect(why(await enter({ deviceToken: token }))).toBe('device_token_expired');
  });

  it('outlives a rotation until the new one was used', async () => {
    const { house, device, token, enter } = await houseWith(READ);
    const before = ours(await enter({ deviceToken: token }));
    await rotate(house.owner, device.id, 'operator', null);
    const after = ours(await enter({ deviceToken: token }));
    expect(after).not.toBe(before);
    expect((await enter({ deviceToken: before })).ok).toBe(true);
    expect((await enter({ deviceToken: after })).ok).toBe(true);
    await house.pass(10 * 60_000, 60_000);
    for (const old of [token, before]) {
      expect(why(await enter({ deviceToken: old }))).toBe('device_token_expired');
    }
  });

  it('ends at once with a revocation, with its sockets', async () => {
    const { house, device, token } = await houseWith(READ);
    const { client } = await house.connect({ device, scopes: READ, auth: { deviceToken: token } });
    await revoke(house.owner, device.id, 'operator');
    expect(await client.closed()).toMatchObject({ code: 4001 });
    const answer = await knock(house, device, { deviceToken: token }, { scopes: READ });
    expect(why(answer)).toBe('device_token_revoked');
  });

  it('of a removed device is not even known', async () => {
    const { house, device, token, enter } = await houseWith(READ);
    await remove(house.owner, device.id);
    expect(why(await enter({ deviceToken: token }))).toBe('device_token_mismatch');
  });

  it('does not come back to life with a backup', async () => {
    const { house, device, token } = await houseWith(READ);
    const { authority } = house;
    const later = { ...authority.realm, epoch: authority.realm.epoch + 1 };
    const record = await authority.load(device.id);
    if (!record) throw new Error('nothing was brought');
    expect(checkToken(authority.realm, record, 'operator', token)).toEqual({ ok: true, generation: 0 });
    expect(checkToken(later, record, 'operator', token)).toMatchObject({ problem: 'device-token-expired' });
  });

  it('is nowhere in the store, the history or the log', async () => {
    const { house, device, token, enter } = await houseWith(READ);
    await enter({ deviceToken: token });
    const kept = [await house.store.load(device.id), await house.store.history({}), house.log, house.audit];
    expect(JSON.stringify(kept)).not.toContain(token);
    expect(house.audit[0]).toMatch(
      /device\.imported .*grant=operator\.read .*from="OpenClaw devices\/paired\.json"/,
    );
  });
});

describe('a device that waits while it is imported', () => {
  it('is let in on the socket that waits, and its request is superseded', async () => {
    const house = await openHouse();
    const device = newDevice();
    const client = await house.client();
    const connectId = await client.sendConnect({ device, scopes: READ, mode: 'node', auth: SHARED });
    await client.event('connect.pending');
    await bring(house, pairedRecord(device, WRITE, foreignToken()));
    expect((await client.response(connectId)).payload.auth.scopes).toEqual(READ);
    const settled = (await house.store.history({ deviceId: device.id })).at(-1);
    expect(settled).toMatchObject({ type: 'request.settled', detail: { outcome: 'superseded' } });
  });
});
