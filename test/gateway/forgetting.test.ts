/** Forgetting the history changes no answer: what I7 and I16 say is the same with and without it. */
import { describe, expect, it } from 'vitest';
import { remove, revoke } from '../../src/authority/device-decisions.ts';
import { listDevices } from '../../src/authority/listing.ts';
import { deviceAt } from '../../src/authority/past.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { type House, openHouse } from '../support/harness.ts';
import { history, live, openRequest, pair, READ, WRITE, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

const DAY = 86_400_000;
/** The hardest setting: nothing is kept that need not be. */
const HARD = { historyMs: 0, historyKeep: 1 };

async function forget(house: House): Promise<void> {
  await house.pass(3_600_000, 60_000);
  for (let turn = 0; turn < 20; turn += 1) {
    house.clock.advance(1000);
    await house.gateway.turn();
  }
}

const ask = (device = newDevice(), scopes = READ) => ({ device, scopes, mode: 'node' });

describe.each(['memory', 'sqlite'] as const)('forgetting, %s', (store) => {
  it('leaves every answer of the last day, and of what is open, as it was', async () => {
    const house = await openHouse({ store, gateway: { retention: HARD } });
    const approved = newDevice();
    await pair(house, approved, READ);
    const first = `${(await history(house, approved.id, 'request.opened'))[0]?.requestId}.r1`;
    house.clock.advance(20 * DAY);
    const rejected = await wait(house, ask());
    expect((await reject(house.owner, rejected.requestId)).ok).toBe(true);
    const settled = await wait(house, ask());
    expect((await approve(house.owner, settled.requestId)).ok).toBe(true);
    await live(house, ask(approved, [...READ, ...WRITE]));
    const open = await openRequest(house, approved.id);
    const list = await listDevices(house.authority, { now: house.clock.now() });
    const before = await house.store.history({ limit: 1000 });
    const answers = async () =>
      [
        await approve(house.owner, settled.requestId),
        await approve(house.owner, rejected.requestId),
        await reject(house.owner, rejected.requestId),
        await reject(house.owner, settled.requestId),
      ].map((answer) => (answer.ok ? answer.request : answer.denial));
    const told = await answers();
    expect(told[1]).toMatchObject({ kind: 'already', outcome: 'rejected' });

    await forget(house);
    const after = await house.store.history({ limit: 1000 });
    const ofFirst = ({ requestId }: { requestId: string | null }) => `${requestId}.r1` === first;
    expect([before.filter(ofFirst).length, after.filter(ofFirst).length]).toEqual([2, 0]);
    expect(await answers()).toEqual(told);
    expect((await listDevices(house.authority, { now: house.clock.now() })).paired).toEqual(list.paired);
    // What was open all the while is decided by the id that its owner was shown.
    expect((await openRequest(house, approved.id))?.id).toBe(open?.id);
    expect((await approve(house.owner, `${open?.id}.r1`)).ok).toBe(true);
    expect(await approve(house.owner, first)).toMatchObject({ denial: { kind: 'unknown-request' } });
  });

  it('brings back nobody who was revoked or removed', async () => {
    const house = await openHouse({ store, gateway: { retention: HARD, locality: { local: 'auto' } } });
    const devices = [newDevice(), newDevice()] as const;
    // They are local, and paired by themselves; after an owner's no they must not be.
    for (const device of devices) await live(house, ask(device));
    expect((await revoke(house.owner, devices[0].id, 'operator')).ok).toBe(true);
    expect((await remove(house.owner, devices[1].id)).ok).toBe(true);
    house.clock.advance(500 * DAY);
    await live(house, ask());
    await forget(house);
    for (const device of devices) {
      expect(await history(house, device.id, 'access.granted')).toEqual([]);
      expect((await wait(house, ask(device))).requestId).toMatch(/\.r1$/);
    }
  });

  it('forgets nothing where nothing is told of it, and nothing that is young enough', async () => {
    for (const retention of [undefined, { historyMs: 400 * DAY, historyKeep: 1 }]) {
      const house = await openHouse({ store, gateway: retention ? { retention } : {} });
      const device = newDevice();
      await pair(house, device, READ);
      const before = await house.store.history({});
      house.clock.advance(399 * DAY);
      await forget(house);
      expect(await house.store.history({})).toEqual(before);
    }
  });

  it('says how a device was from what comes after', async () => {
    const house = await openHouse({ store, gateway: { retention: HARD } });
    const device = newDevice();
    await pair(house, device, READ);
    const pairedAtMs = house.clock.now();
    house.clock.advance(100 * DAY);
    expect((await revoke(house.owner, device.id, 'operator')).ok).toBe(true);
    await forget(house);
    expect(await history(house, device.id, 'request.opened', 'request.settled')).toEqual([]);
    const past = await deviceAt(house.authority, device.id, pairedAtMs + DAY);
    expect(past?.roles).toEqual([
      { role: 'operator', state: 'paired', grant: READ, request: null, last: null },
    ]);
  });
});
