/** What the explorer found in what shipped, on real sockets. */
import { describe, expect, it } from 'vitest';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { openGatedHouse } from '../support/gated-store.ts';
import { openHouse, SHARED } from '../support/harness.ts';
import { READ, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

const BOTH = ['operator.approvals', ...READ];

describe('found by exploring', () => {
  it('I13: who was declined is refused at once, also while a request of a sibling would cover it', async () => {
    const house = await openHouse();
    const device = newDevice();
    const { requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    await reject(house.owner, requestId);
    await wait(house, { device, scopes: BOTH, mode: 'node' });
    const { answer } = await house.connect({ device, scopes: READ, mode: 'node', auth: SHARED });
    expect(answer.error.details).toMatchObject({ reason: 'declined', pauseReconnect: true });
    expect(house.gateway.parked()).toBe(1);
  });

  it('I12: a slice that ends beside the approval of a part is answered with that part', async () => {
    const { house, gates } = await openGatedHouse();
    const device = newDevice();
    const first = await wait(house, { device, scopes: READ, mode: 'node' });
    await house.pass(12_000);
    await first.client.closed();
    const { client, connectId } = await wait(house, { device, scopes: BOTH, mode: 'node' });
    const ending = gates.hold('before-load', device.id);
    house.clock.advance(12_000);
    await house.gateway.turn();
    await ending.reached;
    const approving = gates.hold('after-load', device.id);
    const approval = approve(house.owner, first.requestId);
    await approving.reached;
    // What the socket hears of the approval comes after the end of its slice.
    const hearing = gates.hold('after-load', device.id);
    approving.release();
    await hearing.reached;
    ending.release();
    expect((await client.response(connectId)).payload?.auth.scopes).toEqual(READ);
    hearing.release();
    expect(await approval).toMatchObject({ ok: true });
  });
});
