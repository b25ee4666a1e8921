import { describe, expect, it } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { openGatedHouse } from '../support/gated-store.ts';
import { live, pair, READ, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

describe('upkeep while the store stands still or fails', () => {
  it('a store that stands still for 100 s ends no socket that answers its pings, also when it goes on', async () => {
    const { house, gates } = await openGatedHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: READ });
    let pings = 0;
    client.socket.on('ping', () => pings++);
    const stalled = Promise.withResolvers<readonly string[]>();
    let sweeps = 0;
    gates.due = () => {
      sweeps += 1;
      return stalled.promise;
    };
    for (let second = 0; second < 100; second++) {
      house.clock.advance(1000);
      void house.gateway.turn();
      // The answer comes after a ping that was sent before it, and the pong before the next request.
      await client.request('health');
    }
    expect(pings).toBeGreaterThanOrEqual(4);
    expect(sweeps).toBe(1);
    stalled.resolve([]);
    await house.gateway.turn();
    expect((await client.request('health')).ok).toBe(true);
    await house.pass(1000);
    expect(sweeps).toBe(2);
  });

  it('a record that could not be read is read again, although the sweep of the store fails', async () => {
    const { house, gates } = await openGatedHouse();
    const device = newDevice();
    const { client, connectId, requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    const told = gates.hold('before-save', device.id);
    const approved = approve(house.owner, requestId);
    await told.reached;
    gates.breakDown(new Error('the disk is gone'));
    told.release();
    await approved.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(client.frames.some(({ id }) => id === connectId)).toBe(false);
    gates.breakDown(null);
    gates.due = () => Promise.reject(new Error('the disk is slow'));
    await house.pass(1000);
    expect((await client.response(connectId)).ok).toBe(true);
  });
});
