/** Tokens that were rotated, lost on the way, kept too long or called wrong when something else was. */
import { describe, expect, it } from 'vitest';
import { rotate } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { type House, openHouse, SHARED } from '../support/harness.ts';
import { OfficialDevice, OfficialProgram } from '../support/official-client.ts';
import { ASKED, grantOf, history, openRequest, pair, READ } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import { CLI, CONTROL_UI, knock, LOCAL, OLD_TOOL, ownerHere, pairedHere, TOOL, visit } from './programs.ts';

const APPROVALS = ['operator.approvals'];
const BOTH = [...APPROVALS, ...READ];

async function approveOpen(house: House, deviceId: string): Promise<void> {
  const open = await openRequest(house, deviceId);
  expect(await approve(house.owner, `${open?.id}.r${open?.revisions.length}`)).toMatchObject({ ok: true });
}

/** An official client's device that may read, and holds its token. */
async function officialReader(house: House): Promise<OfficialDevice> {
  const device = new OfficialDevice();
  const first = new OfficialProgram(house.gateway.url, device, { scopes: READ });
  const asking = await first.until(
    () => first.hellos[0] ?? first.events.find(({ event }) => event === 'connect.pending')?.payload,
  );
  if (asking.requestId) await approve(house.owner, asking.requestId);
  await first.hello();
  await first.stop();
  return device;
}

describe('a token that a rotation replaced', () => {
  it('#20679, 2b.20: the command line rotates its own device and goes on with the token that it has stored', async () => {
    // The new token was printed and not stored; the stored one was preferred to the shared secret, and refused.
    const house = await openHouse(LOCAL);
    const device = newDevice();
    const ask = { ...CLI, device, scopes: ['operator.pairing'] };
    const { deviceToken: stored = '' } = await visit(house, ask);
    const cli = await knock(house, { ...ask, auth: { deviceToken: stored } });
    const rotation = { deviceId: device.id, role: 'operator' };
    const printed = await cli.client.request('device.token.rotate', rotation);
    const old = await visit(house, { ...ask, auth: { deviceToken: stored } });
    expect(old).toMatchObject({ told: 'let in', deviceToken: printed.payload.token });
    expect(await visit(house, { ...ask, auth: { ...SHARED, deviceToken: stored } })).toMatchObject({
      told: 'let in',
    });
    // 2026.2.19 sends it in the place of the shared secret.
    const oldest = { ...ask, protocol: 3, auth: { token: stored } } as const;
    expect(await visit(house, oldest)).toMatchObject({ told: 'let in' });
  });

  it('2b.16: the client of a rotated device is told of a rotation, comes back by itself and has the new token', async () => {
    // Upstream closes with 4001 "device removed" for a rotation, too.
    const house = await openHouse();
    const device = await officialReader(house);
    const program = new OfficialProgram(house.gateway.url, device, { token: '', scopes: READ });
    await program.hello();
    const before = device.tokens.get('operator')?.token;
    await rotate(house.owner, device.id, 'operator', null);
    await program.until(() => program.hellos[1]);
    expect(program.closes).toEqual([{ code: 4001, reason: 'device token rotated; reconnect' }]);
    expect(device.tokens.get('operator')?.token).not.toBe(before);
    expect(program.pauses).toEqual([]);
  });

  it('#121317, 2b.17: the owner rotates another device: it is shown how the token travels, and nobody is locked out', async () => {
    // The new token was withheld without a word, and the device could only pair again.
    const house = await openHouse(LOCAL);
    const device = await officialReader(house);
    const owner = await ownerHere(house);
    const { payload } = await owner.request('device.token.rotate', { deviceId: device.id, role: 'operator' });
    expect(payload).toMatchObject({ tokenDelivery: 'withheld-cross-device', scopes: READ });
    expect(payload.token).toBeUndefined();
    const stored = device.tokens.get('operator')?.token;
    const again = new OfficialProgram(house.gateway.url, device, { token: '', scopes: READ });
    const { deviceToken } = (await again.hello()).auth;
    expect(deviceToken).not.toBe(stored);
    expect(device.tokens.get('operator')?.token).toBe(deviceToken);
    expect(again.errors).toEqual([]);
  });
});

describe('a stale token beside something better', () => {
  it('#18274, #18175, #19091, #17270, 2b.20: with the right shared secret beside it, it does not stand in the way', async () => {
    // The stored device token won over the configured one, and its mismatch was final.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house, { ...TOOL, scopes: READ });
    for (const deviceToken of ['atk1_00000000_1_1_1_stale', 'what 2026.2.19 made: 32 random bytes']) {
      const both = await visit(house, { ...TOOL, device, scopes: READ, auth: { ...SHARED, deviceToken } });
      expect(both).toMatchObject({ told: 'let in', scopes: READ });
      expect(both.deviceToken).toMatch(/^atk1_/);
    }
  });

  it('#73636: after its state was wiped, the TUI is an unknown device with a stale token: one clear request', async () => {
    // It met a token mismatch again and again, and no request was ever made.
    const house = await openHouse();
    const known = newDevice();
    const stale = await pair(house, known, READ);
    const wiped = newDevice();
    const ask = { ...TOOL, device: wiped, scopes: READ, auth: { ...SHARED, deviceToken: stale } };
    const first = await visit(house, ask);
    expect(first).toMatchObject({ told: 'waits' });
    expect((await visit(house, ask)).requestId).toBe(first.requestId);
    await approve(house.owner, first.requestId);
    expect(await visit(house, ask)).toMatchObject({ told: 'let in', scopes: READ });
    expect(await history(house, wiped.id, ...ASKED)).toHaveLength(1);
  });
});

describe('what an approval does to the token that is there', () => {
  it('2b.5: the only credential of a device outlives the approval of more', async () => {
    // Each approval of upstream mints a new value and drops the old one; a client with nothing else is shut out.
    const house = await openHouse();
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    const ask = { ...TOOL, device, scopes: READ, auth: { deviceToken } };
    for (const scope of ['operator.approvals', 'operator.questions', 'operator.pairing']) {
      await knock(house, { ...ask, scopes: [scope] });
      await approveOpen(house, device.id);
      expect(await visit(house, ask)).toMatchObject({ told: 'let in' });
    }
  });

  it('#101872, #112925: the client is given the wider token, and keeps no old one', async () => {
    // The client never learnt of the token that the approval had made.
    const house = await openHouse();
    const device = await officialReader(house);
    const kept = device.tokens.get('operator');
    const second = new OfficialProgram(house.gateway.url, device, { token: '', scopes: BOTH });
    await second.hello();
    await approveOpen(house, device.id);
    await second.event('device.upgrade.resolved');
    await second.stop();
    // It asks for what it remembers from now on: what the approval has made of its token.
    const third = new OfficialProgram(house.gateway.url, device, { token: '', scopes: BOTH });
    const hello = await third.hello();
    expect(device.tokens.get('operator')).toEqual({ token: hello.auth.deviceToken, scopes: BOTH });
    expect(hello.auth.deviceToken).not.toBe(kept?.token);
  });

  it('#71609: approved while it is connected, the Control UI comes back with its old token, and nobody is limited', async () => {
    // The approval had replaced the token; its retries with the old one locked its address out.
    const house = await openHouse({ gateway: { locality: { trustedProxies: ['127.0.0.1'] } } });
    const from = { 'x-forwarded-for': '203.0.113.7', origin: 'http://gateway.example' };
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    const ask = { ...CONTROL_UI, device, scopes: BOTH, auth: { deviceToken } };
    const connected = await knock(house, ask, from);
    expect(connected).toMatchObject({ told: 'let in', scopes: READ });
    await approveOpen(house, device.id);
    await connected.client.event('device.upgrade.resolved');
    for (let reload = 0; reload < 15; reload++) {
      expect(await visit(house, ask, from)).toMatchObject({ told: 'let in', scopes: BOTH });
    }
  });

  it('#139889: a browser that was let in by the shared secret is not stranded by the approval of more', async () => {
    // The approval dropped who had issued the browser's token, and the token was refused as not its own.
    const house = await openHouse();
    const origin = { origin: 'http://localhost:18789' };
    const device = newDevice();
    const first = await knock(house, { ...CONTROL_UI, device, scopes: READ }, origin);
    await approve(house.owner, first.requestId);
    const { deviceToken } = (await first.answer()).payload.auth;
    const ask = { ...CONTROL_UI, device, scopes: BOTH, auth: { deviceToken } };
    const asking = await knock(house, ask, origin);
    await approveOpen(house, device.id);
    await asking.client.end();
    expect(await visit(house, ask, origin)).toMatchObject({ told: 'let in', scopes: BOTH });
    // Its token is its own: a change of the shared secret does not end it.
    house.gateway.setAuth({ mode: 'token', secret: 'another secret' });
    expect(await visit(house, ask, origin)).toMatchObject({ told: 'let in', scopes: BOTH });
  });
});

describe('a client that has nothing but its device token', () => {
  it('2b.4: and asks for more: there is a request to approve, and its token is not called wrong', async () => {
    // Upstream answers AUTH_SCOPE_MISMATCH or AUTH_DEVICE_TOKEN_MISMATCH and files nothing.
    const house = await openHouse();
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    const scopes = ['operator.pairing'];
    const asking = await knock(house, { ...CLI, device, scopes, auth: { deviceToken } });
    expect(asking.told).toBe('waits');
    await house.pass(2000);
    const { error } = await asking.answer();
    expect(error.details).toMatchObject({ code: 'PAIRING_REQUIRED', requestId: asking.requestId });
    expect(`${JSON.stringify(error)} ${(await asking.client.closed()).reason}`).not.toMatch(/mismatch/i);
    await approveOpen(house, device.id);
    expect(await visit(house, { ...CLI, device, scopes, auth: { deviceToken } })).toMatchObject({ scopes });
    expect(await grantOf(house, device.id)).toEqual([...scopes, ...READ]);
  });

  it('#79292: a wish beyond the token is told as that, and the client does not delete its good token', async () => {
    // One code stood for a wrong token and for too few scopes; on it, the client forgets its token.
    const house = await openHouse();
    const device = await officialReader(house);
    const kept = device.tokens.get('operator');
    const program = new OfficialProgram(house.gateway.url, device, { token: '', scopes: APPROVALS });
    await program.event('connect.pending');
    await house.pass(7000);
    expect((await program.error()).details).toMatchObject({ code: 'PAIRING_REQUIRED' });
    expect(device.tokens.get('operator')).toEqual(kept);
    await program.stop();
    const wrong = await visit(house, { ...OLD_TOOL, device: newDevice(), auth: { token: 'atk1_0_wrong' } });
    expect(wrong.error.details.code).toBe('AUTH_DEVICE_TOKEN_MISMATCH');
  });
});
