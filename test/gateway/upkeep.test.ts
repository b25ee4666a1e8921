import { describe, expect, it, vi } from 'vitest';
import { revoke } from '../../src/authority/device-decisions.ts';
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

describe('a change whose record cannot be read', () => {
  it('ends a session that is let in: a revocation that was acknowledged leaves nobody with its rights', async () => {
    const { house, gates } = await openGatedHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: READ });
    const saving = gates.hold('before-save', device.id);
    const revoked = revoke(house.owner, device.id, 'operator');
    await saving.reached;
    gates.breakDown(new Error('the disk is gone'));
    saving.release();
    await revoked.catch(() => {});
    expect(await client.closed()).toEqual({ code: 1013, reason: 'record unreadable; reconnect' });
    expect(house.gateway.sessions()).toEqual([]);
  });

  it('the session does nothing more, also when its peer does not answer the close, and is cut', async () => {
    const onEnded = vi.fn();
    const poked = vi.fn(() => ({ ok: true as const, payload: {} }));
    const methods = { poke: { scope: 'operator.read', handle: poked } };
    const { house, gates } = await openGatedHouse({ gateway: { onEnded, methods } });
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: READ });
    onEnded.mockClear();
    const [session] = house.gateway.sessions();
    const saving = gates.hold('before-save', device.id);
    const revoked = revoke(house.owner, device.id, 'operator');
    await saving.reached;
    client.socket.pause();
    gates.breakDown(new Error('the disk is gone'));
    saving.release();
    await revoked.catch(() => {});
    await vi.waitFor(() => expect(house.log.join()).toContain('the disk is gone'));
    expect(session?.isAuthorized).toBe(false);
    expect(house.gateway.sessions()).toEqual([]);
    client.sendRequest('poke');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(onEnded).not.toHaveBeenCalled();
    await house.pass(1500, 100);
    await vi.waitFor(() => expect(onEnded).toHaveBeenCalledOnce());
    expect(poked).not.toHaveBeenCalled();
  });
});
