import { describe, expect, it } from 'vitest';
import { forgive, remove, revoke } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { TimerWheel } from '../../src/gateway/timer-wheel.ts';
import { TestClock } from '../support/clock.ts';
import { type House, openHouse, SHARED } from '../support/harness.ts';
import { newDevice, type TestDevice } from '../support/raw-client.ts';

const ADMIN = ['operator.admin'];
const LOCAL = { gateway: { locality: { local: 'auto' } } } as const;

/** Asks as a local operator for everything; whether it was let in without anybody. */
async function walksIn(
  house: House,
  device: TestDevice,
  auth: Readonly<Record<string, string>> = SHARED,
): Promise<boolean> {
  const client = await house.client();
  const id = await client.sendConnect({ device, scopes: ADMIN, auth, mode: 'node' });
  const first = await client.until(() =>
    client.frames.find((frame) => frame.id === id || frame.event === 'connect.pending'),
  );
  await client.end();
  return first.ok === true;
}

async function pairNode(house: House, device: TestDevice): Promise<void> {
  const client = await house.client({ 'x-forwarded-for': '192.0.2.7' });
  await client.sendConnect({ device, role: 'node', scopes: [], auth: SHARED, mode: 'node' });
  await approve(house.owner, (await client.event('connect.pending')).payload.requestId);
  await client.end();
}

describe('who is let in without an owner', () => {
  it('a new local device with the shared secret, once', async () => {
    expect(await walksIn(await openHouse(LOCAL), newDevice())).toBe(true);
  });

  it('nobody on a gateway without a secret: there is nothing that could have been proved', async () => {
    const house = await openHouse({ gateway: { ...LOCAL.gateway, auth: { mode: 'none' } } });
    expect(await walksIn(house, newDevice(), {})).toBe(false);
  });

  it('I16: not by another role than the one that was revoked', async () => {
    const house = await openHouse(LOCAL);
    const device = newDevice();
    await pairNode(house, device);
    await revoke(house.owner, device.id, 'node');
    expect(await walksIn(house, device)).toBe(false);
  });

  it('I16: not after a removal, in a role that it never had', async () => {
    const house = await openHouse(LOCAL);
    const device = newDevice();
    await pairNode(house, device);
    await remove(house.owner, device.id);
    expect(await walksIn(house, device)).toBe(false);
  });

  it('I13: not after a rejection, however long ago', async () => {
    const house = await openHouse(LOCAL);
    const device = newDevice();
    const client = await house.client({ 'x-forwarded-for': '192.0.2.7' });
    await client.sendConnect({ device, scopes: ['operator.read'], auth: SHARED, mode: 'node' });
    await reject(house.owner, (await client.event('connect.pending')).payload.requestId);
    await house.pass(2 * 3_600_000, 600_000);
    expect(await walksIn(house, device)).toBe(false);
  });

  it('not a peer without a device whose credential nobody has checked', async () => {
    const authenticate = () => ({ ok: true, credential: 'device-token', deviceToken: 'atk1_x' }) as const;
    const house = await openHouse({ gateway: { ...LOCAL.gateway, authenticate } });
    const { answer } = await house.connect({ device: null, scopes: ADMIN });
    expect(answer.error.details.code).toBe('DEVICE_IDENTITY_REQUIRED');
  });
});

describe('what was declined', () => {
  it('I13: is not lifted by whoever presents the device', async () => {
    const house = await openHouse();
    const device = newDevice();
    const caller = { class: 'device-token', deviceId: device.id, name: 'itself', scopes: ADMIN } as const;
    const client = await house.client();
    await client.sendConnect({ device, scopes: ['operator.read'], auth: SHARED, mode: 'node' });
    await reject(house.owner, (await client.event('connect.pending')).payload.requestId);
    const own = await forgive({ ...house.owner, caller }, device.id);
    expect(own).toMatchObject({ ok: false, denial: { kind: 'denied', reason: 'own-widening' } });
    expect(await forgive(house.owner, device.id)).toMatchObject({ ok: true, forgiven: true });
  });
});

describe('the timer wheel', () => {
  it('keeps its distances when the clock is set back', () => {
    const clock = new TestClock();
    const wheel = new TimerWheel(clock);
    let fired = 0;
    const due = { due: () => void fired++ };
    wheel.schedule(clock.now() + 15_000, due);
    const cancelled = wheel.schedule(clock.now() + 15_000, due);
    clock.advance(-3_600_000);
    wheel.turn();
    wheel.cancel(cancelled);
    clock.advance(14_900);
    wheel.turn();
    expect(fired).toBe(0);
    clock.advance(200);
    wheel.turn();
    expect(fired).toBe(1);
  });
});
