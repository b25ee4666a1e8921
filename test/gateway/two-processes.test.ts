import { describe, expect, it } from 'vitest';
import type { Deciding } from '../../src/authority/deciding.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { type House, openHouse, openSecond } from '../support/harness.ts';
import { grantOf, history, live, openRequest, pair, READ, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

const CYCLES = 100;

/** An approval in one process against a rejection in the other; answers which of them stands. */
async function race(house: House, second: Deciding, cycle: number): Promise<'approved' | 'rejected'> {
  const device = newDevice();
  const { client, connectId, requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
  const [one, other] = cycle % 2 === 0 ? [house.owner, second] : [second, house.owner];
  const starts = [() => approve(one, requestId), () => reject(other, requestId)];
  if (cycle % 4 > 1) starts.reverse();
  const done = await Promise.all(starts.map((start) => start()));
  const [approval, rejection] = cycle % 4 > 1 ? [done[1], done[0]] : done;
  const outcome = approval?.ok ? 'approved' : 'rejected';
  expect(approval?.ok ? rejection : approval).toMatchObject({
    ok: false,
    denial: { kind: 'already', outcome },
  });
  expect(done.filter(({ ok }) => ok)).toHaveLength(1);
  const answer = await client.response(connectId);
  const told = answer.ok ? 'approved' : answer.error.details.outcome;
  expect(told).toBe(outcome);
  expect(await grantOf(house, device.id)).toEqual(outcome === 'approved' ? READ : []);
  expect(await history(house, device.id, 'request.settled')).toHaveLength(1);
  await client.end();
  return outcome;
}

describe('two processes on one file', () => {
  it(`#132857, I7: ${CYCLES} cycles of an approval against a rejection: one stands, the other is told which`, async () => {
    const house = await openHouse({ store: 'sqlite', gateway: { limits: { pingMs: 1e9 } } });
    const second = await openSecond(house);
    const won = { approved: 0, rejected: 0 };
    for (let cycle = 0; cycle < CYCLES; cycle++) won[await race(house, second.owner, cycle)] += 1;
    // Otherwise it was no race.
    expect(Math.min(won.approved, won.rejected)).toBeGreaterThan(0);
  });

  it('I7: the same decision twice is the same success, in whichever process', async () => {
    const house = await openHouse({ store: 'sqlite' });
    const second = await openSecond(house);
    const device = newDevice();
    const { requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    const both = await Promise.all([approve(house.owner, requestId), approve(second.owner, requestId)]);
    expect(both).toMatchObject([{ ok: true }, { ok: true }]);
    expect(await history(house, device.id, 'request.settled')).toHaveLength(1);
  });

  it('I1: one request is opened by both, and its id is the same for both', async () => {
    const house = await openHouse({ store: 'sqlite' });
    const other = await openHouse({ store: 'sqlite', folder: house.folder, clock: house.clock });
    const device = newDevice();
    const [here, there] = await Promise.all(
      [house, other].map((one) => wait(one, { device, scopes: READ, mode: 'node' })),
    );
    expect(here?.requestId).toBe(there?.requestId);
    await approve(other.owner, here?.requestId ?? '');
    const answers = await Promise.all([here, there].map((one) => one?.client.response(one.connectId)));
    expect(answers.map((answer) => answer?.payload.auth.scopes)).toEqual([READ, READ]);
    expect(await history(house, device.id, 'request.opened')).toHaveLength(1);
  });

  it('I18: a revocation in one process ends the live sockets in the other', async () => {
    const house = await openHouse({ store: 'sqlite', gateway: { locality: { local: 'auto' } } });
    const other = await openHouse({ store: 'sqlite', folder: house.folder, clock: house.clock });
    const device = newDevice();
    await pair(other, device, READ);
    const { client } = await live(other, { device, scopes: READ });
    const owner = await live(house, { scopes: ['operator.admin'] });
    await owner.client.request('device.token.revoke', { deviceId: device.id, role: 'operator' });
    expect((await client.closed()).reason).toBe('device role revoked');
    expect(await openRequest(house, device.id)).toBeNull();
  });

  it('#22866, #21647: tokens and grants outlive a restart of the gateway', async () => {
    const house = await openHouse({ store: 'sqlite' });
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    await house.stop();
    const again = await openHouse({ store: 'sqlite', folder: house.folder, clock: house.clock });
    const { hello } = await live(again, { device, scopes: READ, auth: { deviceToken } });
    expect(hello.auth).toMatchObject({ scopes: READ, deviceToken });
    expect(again.audit).toEqual([]);
  });
});
