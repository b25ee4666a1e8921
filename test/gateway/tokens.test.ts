import { describe, expect, it } from 'vitest';
import { reissue, rotate } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { type House, openHouse, SHARED } from '../support/harness.ts';
import { OfficialDevice, OfficialProgram } from '../support/official-client.ts';
import { ASKED, grantOf, history, live, openRequest, pair, READ, WRITE, wait } from '../support/pairing.ts';
import { type Frame, newDevice, type TestDevice } from '../support/raw-client.ts';

const BOTH = ['operator.approvals', 'operator.read'];
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

async function byToken(house: House, device: TestDevice, deviceToken: string, scopes = READ): Promise<Frame> {
  const { answer, client } = await house.connect({ device, scopes, auth: { deviceToken } });
  await client.end();
  return answer;
}

async function rotated(
  house: House,
  device: TestDevice,
  scopes: readonly string[] | null = null,
): Promise<void> {
  expect(await rotate(house.owner, device.id, 'operator', scopes)).toMatchObject({ ok: true });
}

describe('rotation (I4)', () => {
  it('without scopes it keeps the grant, whatever the device connects with afterwards', async () => {
    const house = await openHouse();
    const device = newDevice();
    const token = await pair(house, device, BOTH);
    await rotated(house, device);
    expect(await grantOf(house, device.id)).toEqual(BOTH);
    const hello = await byToken(house, device, token, BOTH);
    expect(hello.payload.auth.scopes).toEqual(BOTH);
    expect(await grantOf(house, device.id)).toEqual(BOTH);
  });

  it('#14 of 2b: with scopes it narrows, and no connect by the shared secret undoes that by itself', async () => {
    const house = await openHouse({ gateway: { locality: { local: 'auto' } } });
    const device = newDevice();
    await live(house, { device, scopes: BOTH });
    await rotated(house, device, READ);
    const { hello } = await live(house, { device, scopes: BOTH, mode: 'node' });
    expect(hello.auth).toEqual({ role: 'operator', scopes: READ });
    expect(await grantOf(house, device.id)).toEqual(READ);
    expect(await openRequest(house, device.id)).not.toBeNull();
  });

  it('inside the ceiling it widens again; beyond it, it changes nothing', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, BOTH);
    await rotated(house, device, READ);
    await rotated(house, device, BOTH);
    expect(await grantOf(house, device.id)).toEqual(BOTH);
    expect(await rotate(house.owner, device.id, 'operator', WRITE)).toMatchObject({
      ok: false,
      denial: { kind: 'beyond-ceiling', scopes: WRITE },
    });
    expect(await grantOf(house, device.id)).toEqual(BOTH);
  });

  it('#16 of 2b: it closes the sockets of that role as rotated, not as removed, and leaves the other role alone', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    await pair(house, device, [], 'node');
    const operator = await live(house, { device, scopes: READ });
    const node = await live(house, { device, role: 'node', mode: 'node' });
    await rotated(house, device);
    expect(await operator.client.closed()).toEqual({ code: 4001, reason: 'device token rotated; reconnect' });
    expect((await node.client.request('device.scopes.requestUpgrade', {})).type).toBe('res');
    expect(node.client.close).toBeUndefined();
  });
});

describe('a token that was lost on the way (R9)', () => {
  it('#20679, #101872: rotated again and again, the device comes in with the old one and is given the new one', async () => {
    const house = await openHouse();
    const device = newDevice();
    const old = await pair(house, device, READ);
    for (let rotation = 0; rotation < 5; rotation++) {
      await rotated(house, device);
      await house.pass(DAY, DAY);
    }
    const hello = await byToken(house, device, old);
    const current = hello.payload.auth.deviceToken;
    expect(current).not.toBe(old);
    // That hello is lost, too: the same value is delivered again.
    expect((await byToken(house, device, old)).payload.auth.deviceToken).toBe(current);
    expect((await byToken(house, device, current)).ok).toBe(true);
  });

  it('the old one ends 10 minutes after the new one was used, and is told as superseded, never as a mismatch', async () => {
    const house = await openHouse();
    const device = newDevice();
    const old = await pair(house, device, READ);
    await rotated(house, device);
    const current = (await byToken(house, device, old)).payload.auth.deviceToken;
    await byToken(house, device, current);
    await house.pass(9 * MINUTE, MINUTE);
    expect((await byToken(house, device, old)).ok).toBe(true);
    await house.pass(2 * MINUTE, MINUTE);
    const { answer, client } = await house.connect({ device, scopes: READ, auth: { deviceToken: old } });
    expect(answer.error.message).toContain('device token superseded');
    expect(answer.error.message).toContain(`antechamber devices reissue ${device.id}`);
    expect(answer.error.details.code).not.toBe('AUTH_DEVICE_TOKEN_MISMATCH');
    const { reason } = await client.closed();
    expect(`${answer.error.message} ${reason}`).not.toContain('device token mismatch');
    expect((await byToken(house, device, current)).ok).toBe(true);
  });

  it('never used, the old one ends after 30 days; a reissue or the shared secret brings the device back', async () => {
    const house = await openHouse();
    const device = newDevice();
    const old = await pair(house, device, READ);
    await rotated(house, device);
    await house.pass(29 * DAY, DAY);
    expect((await byToken(house, device, old)).ok).toBe(true);
    await house.pass(2 * DAY, DAY);
    expect((await byToken(house, device, old)).ok).toBe(false);
    expect((await live(house, { device, scopes: READ })).hello.auth.scopes).toEqual(READ);
    expect(await reissue(house.owner, device.id, 'operator')).toMatchObject({ ok: true });
    expect((await byToken(house, device, old)).ok).toBe(true);
  });

  it('#18274, #71609: a stale device token beside the right shared secret does not stand in the way', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { hello } = await live(house, {
      device,
      scopes: READ,
      auth: { ...SHARED, deviceToken: 'atk1_00000000_1_1_1_stale' },
    });
    expect(hello.auth.deviceToken).toMatch(/^atk1_/);
  });

  it('a change of the shared secret leaves alone who has only just come, and who came by its own token', async () => {
    const house = await openHouse();
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    const session = await live(house, { device, scopes: READ, auth: { deviceToken } });
    const early = await house.client();
    await early.event('connect.challenge');
    house.gateway.setAuth({ mode: 'token', secret: 'another secret' });
    expect((await early.connect({ device, scopes: READ, auth: { deviceToken } })).ok).toBe(true);
    expect((await session.client.request('health')).ok).toBe(true);
  });

  it('#73636: an unknown device with a stale token and the shared secret is one clear request', async () => {
    const house = await openHouse();
    const device = newDevice();
    const { requestId } = await wait(house, {
      device,
      scopes: READ,
      auth: { ...SHARED, deviceToken: 'atk1_00000000_1_1_1_stale' },
    });
    expect(requestId).toMatch(/\.r1$/);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });
});

describe('a client that has nothing but its device token', () => {
  it('#4 and #5 of 2b: that asks for more gets a request, keeps what it has, and the approval does not end its token', async () => {
    const house = await openHouse();
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    const { client, hello } = await live(house, {
      device,
      scopes: BOTH,
      mode: 'node',
      auth: { deviceToken },
    });
    expect(hello.auth.scopes).toEqual(READ);
    const open = await openRequest(house, device.id);
    await approve(house.owner, `${open?.id}.r1`);
    expect((await client.event('device.upgrade.resolved')).payload.scopes).toEqual(BOTH);
    const again = await byToken(house, device, deviceToken, BOTH);
    expect(again.payload.auth.scopes).toEqual(BOTH);
    expect(again.payload.auth.deviceToken).not.toBe(deviceToken);
    expect((await byToken(house, device, again.payload.auth.deviceToken, BOTH)).ok).toBe(true);
  });

  it('#79292: nothing of its wish is covered: held, not refused with a mismatch that makes it delete its token', async () => {
    const house = await openHouse();
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    const { client, connectId } = await wait(house, {
      device,
      scopes: ['operator.approvals'],
      auth: { deviceToken },
    });
    await house.pass(2000);
    const { error } = await client.response(connectId);
    expect(error.details).toMatchObject({ code: 'PAIRING_REQUIRED', reason: 'scope-upgrade' });
    expect(JSON.stringify(error)).not.toMatch(/mismatch/i);
  });

  it('#101872: the official client, served with a part, keeps its set until the approval, then remembers the wider one', async () => {
    const house = await openHouse();
    const device = new OfficialDevice();
    const first = new OfficialProgram(house.gateway.url, device, { scopes: READ });
    await approve(house.owner, (await first.event('connect.pending')).requestId);
    await first.hello();
    await first.stop();
    const kept = device.tokens.get('operator');
    expect(kept?.scopes).toEqual(READ);
    const url = house.gateway.url;
    const program = () => new OfficialProgram(url, device, { token: '', scopes: BOTH });
    const second = program();
    expect((await second.hello()).auth.scopes).toEqual(READ);
    expect(device.tokens.get('operator')).toEqual(kept);
    const open = await openRequest(house, device.id);
    await approve(house.owner, `${open?.id}.r1`);
    expect(await second.event('device.upgrade.resolved')).toMatchObject({ outcome: 'approved' });
    await second.stop();
    const third = program();
    const hello = await third.hello();
    expect(hello.auth.scopes).toEqual(BOTH);
    expect(device.tokens.get('operator')).toEqual({ token: hello.auth.deviceToken, scopes: BOTH });
    expect(third.errors).toEqual([]);
  });
});
