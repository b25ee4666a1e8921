import { describe, expect, it } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { openHouse } from '../support/harness.ts';
import { grantOf, live, openRequest, pair, READ, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

const APPROVALS = ['operator.approvals'];
const PAIRING = ['operator.pairing'];

describe('several programs of one device wait for one request, each with its own wish (R12)', () => {
  it('a part is approved: whose whole wish that is, is told approved, and only the other one narrowed', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const one = await live(house, { device, scopes: [...APPROVALS, ...READ], mode: 'node' });
    const other = await live(house, { device, scopes: [...PAIRING, ...READ], mode: 'node' });
    const open = await openRequest(house, device.id);
    await approve(house.owner, `${open?.id}.r2`, APPROVALS);
    expect((await one.client.event('device.upgrade.resolved')).payload).toMatchObject({
      outcome: 'approved',
      scopes: [...APPROVALS, ...READ],
    });
    expect((await other.client.event('device.upgrade.resolved')).payload).toMatchObject({
      outcome: 'narrowed',
      scopes: READ,
    });
  });

  it('I2: the older revision is approved: who asked for no more is told approved, while the newer one stays open', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const one = await live(house, { device, scopes: [...APPROVALS, ...READ], mode: 'node' });
    const other = await live(house, { device, scopes: [...PAIRING, ...READ], mode: 'node' });
    const open = await openRequest(house, device.id);
    await approve(house.owner, `${open?.id}.r1`);
    expect((await one.client.event('device.upgrade.resolved')).payload).toMatchObject({
      outcome: 'approved',
      scopes: [...APPROVALS, ...READ],
    });
    await approve(house.owner, `${open?.id}.r2`);
    expect((await other.client.event('device.upgrade.resolved')).payload).toMatchObject({
      outcome: 'approved',
    });
    expect(one.client.frames.filter(({ event }) => event === 'device.upgrade.resolved')).toHaveLength(1);
  });

  it('I3: a waitUpgrade for a revision that was approved is answered, while a newer one stays open', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: READ });
    const asked = await client.request('device.scopes.requestUpgrade', { scopes: APPROVALS });
    const { requestId } = asked.payload;
    const waitId = client.sendRequest('device.scopes.waitUpgrade', { requestId });
    const wider = await wait(house, { device, scopes: PAIRING, mode: 'node' });
    expect(wider.requestId).toBe(requestId.replace('.r1', '.r2'));
    await approve(house.owner, requestId);
    expect(await grantOf(house, device.id)).toEqual([...APPROVALS, ...READ]);
    expect((await client.response(waitId)).payload).toMatchObject({
      status: 'approved',
      requestId,
      scopes: [...APPROVALS, ...READ],
      details: { outcome: 'approved' },
    });
    expect((await openRequest(house, device.id))?.revisions).toHaveLength(2);
  });

  it('a parked one is told the new id when the wish of a sibling makes a revision', async () => {
    const house = await openHouse();
    const device = newDevice();
    const first = await wait(house, { device, scopes: READ, mode: 'node' });
    const second = await wait(house, { device, scopes: APPROVALS, mode: 'node' });
    const told = await first.client.until(() =>
      first.client.frames.find(
        ({ event, payload }) => event === 'connect.pending' && payload.requestId === second.requestId,
      ),
    );
    expect(told.payload.expiresAtMs).toBeGreaterThan(house.clock.now());
  });

  it('one that is served uses an older revision as soon as it is approved, while the newer one is open', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const first = await live(house, { device, scopes: [...READ, 'operator.pairing'], mode: 'webchat' });
    const older = await openRequest(house, device.id);
    const scopes = [...READ, 'operator.pairing', 'operator.approvals'];
    const { client } = await live(house, { device, scopes, mode: 'webchat' });
    expect((await client.request('device.pair.list', {})).error.message).toMatch(/^missing scope/);
    await approve(house.owner, `${older?.id}.r1`);
    expect((await client.request('device.pair.list', {})).ok).toBe(true);
    expect((await first.client.request('device.pair.list', {})).ok).toBe(true);
    expect((await openRequest(house, device.id))?.revisions).toHaveLength(2);
  });
});
