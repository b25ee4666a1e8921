import { describe, expect, it } from 'vitest';
import { rename } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { type House, openHouse } from '../support/harness.ts';
import { live, pair, READ } from '../support/pairing.ts';
import { newDevice, type RawClient } from '../support/raw-client.ts';

const APPROVALS = 'operator.approvals';
const QUESTIONS = 'operator.questions';

async function session(house: House): Promise<{ client: RawClient; deviceId: string }> {
  const device = newDevice();
  await pair(house, device, READ);
  const { client } = await live(house, { device, scopes: READ });
  return { client, deviceId: device.id };
}

/** A change that has nothing to do with the request: the session reads its record again. */
async function stir(house: House, deviceId: string): Promise<void> {
  expect((await rename(house.owner, deviceId, 'a name')).ok).toBe(true);
}

function ask(client: RawClient, ...scopes: string[]) {
  return client.request('device.scopes.requestUpgrade', { scopes });
}

function resolved(client: RawClient): unknown[] {
  return client.frames.flatMap(({ event, payload }) =>
    event === 'device.upgrade.resolved' ? [payload] : [],
  );
}

describe('a session that asks again while its upgrade is open', () => {
  it('I6: for what it has: it is told so, and waits for the first one as before', async () => {
    const house = await openHouse();
    const { client, deviceId } = await session(house);
    const { requestId } = (await ask(client, APPROVALS)).payload;
    expect((await ask(client, ...READ)).error.details.code).toBe('COVERED');
    await stir(house, deviceId);
    await client.request('health');
    expect(resolved(client)).toEqual([]);
    await approve(house.owner, requestId);
    expect((await client.event('device.upgrade.resolved')).payload).toMatchObject({
      requestId,
      outcome: 'approved',
    });
  });

  it('for what was declined: it waits for the first one as before', async () => {
    const house = await openHouse();
    const { client, deviceId } = await session(house);
    await reject(house.owner, (await ask(client, QUESTIONS)).payload.requestId);
    await client.event('device.upgrade.resolved');
    const { requestId } = (await ask(client, APPROVALS)).payload;
    expect((await ask(client, QUESTIONS)).ok).toBe(false);
    await stir(house, deviceId);
    await client.request('health');
    expect(resolved(client)).toHaveLength(1);
    await approve(house.owner, requestId);
    const told = await client.until(() => resolved(client)[1]);
    expect(told).toMatchObject({ requestId, outcome: 'approved' });
  });

  it('for more: it waits for both, and an approval of the first alone is not the end', async () => {
    const house = await openHouse();
    const { client } = await session(house);
    const first = (await ask(client, APPROVALS)).payload.requestId;
    const second = (await ask(client, QUESTIONS)).payload.requestId;
    expect(second).toBe(first.replace('.r1', '.r2'));
    await approve(house.owner, first);
    await client.request('health');
    expect(resolved(client)).toEqual([]);
    await approve(house.owner, second);
    expect((await client.event('device.upgrade.resolved')).payload).toMatchObject({
      requestId: second,
      outcome: 'approved',
    });
  });

  it('for more, of which the second part alone is approved: the rest is told as declined with it', async () => {
    const house = await openHouse();
    const { client } = await session(house);
    await ask(client, APPROVALS);
    const { requestId } = (await ask(client, QUESTIONS)).payload;
    await approve(house.owner, requestId, [QUESTIONS]);
    expect((await client.event('device.upgrade.resolved')).payload).toMatchObject({
      requestId,
      outcome: 'narrowed',
    });
  });
});
