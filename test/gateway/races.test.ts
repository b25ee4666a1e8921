import { describe, expect, it } from 'vitest';
import { revoke } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { type Held, openGatedHouse } from '../support/gated-store.ts';
import { openSecond, SHARED } from '../support/harness.ts';
import {
  ADMIN_BUNDLE,
  ASKED,
  grantOf,
  history,
  live,
  openRequest,
  pair,
  READ,
  wait,
} from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

const NODE = { scopes: READ, mode: 'node' } as const;

describe('a decision that falls between two steps of a connection', () => {
  it('I3, I5: an approval between the opening of the request and the park is answered with hello', async () => {
    const { house, gates } = await openGatedHouse();
    const device = newDevice();
    const client = await house.client();
    // The step has committed the request; the connection is still on its way to its place.
    const gate = gates.hold('after-save', device.id);
    const connectId = await client.sendConnect({ device, ...NODE, auth: SHARED });
    await gate.reached;
    const request = await openRequest(house, device.id);
    await approve(house.owner, `${request?.id}.r1`);
    gate.release();
    expect((await client.response(connectId)).payload.auth.scopes).toEqual(READ);
    expect(house.gateway.parked()).toBe(0);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });

  it('I5, I6: a rejection between the joining step and the park is told as a rejection', async () => {
    const { house, gates } = await openGatedHouse();
    const device = newDevice();
    const { requestId } = await wait(house, { device, ...NODE });
    const second = await house.client();
    // The second socket joined what was open when its record was loaded; the decision comes before it looks again.
    const gate = gates.hold('after-load', device.id);
    const connectId = await second.sendConnect({ device, ...NODE, auth: SHARED });
    await gate.reached;
    await reject(house.owner, requestId);
    gate.release();
    const { error } = await second.response(connectId);
    expect(error.details).toMatchObject({ outcome: 'rejected', pauseReconnect: true });
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });

  it('I17: an approval between the load and the save of a wider wish wins, and the wish is judged anew', async () => {
    const { house, gates } = await openGatedHouse();
    const device = newDevice();
    const { requestId } = await wait(house, { device, ...NODE });
    const wider = await house.client();
    const gate = gates.hold('before-save', device.id);
    await wider.sendConnect({ device, ...NODE, scopes: ['operator.approvals', ...READ], auth: SHARED });
    await gate.reached;
    await approve(house.owner, requestId);
    gate.release();
    const hello = await wider.response('r1');
    expect(hello.payload.auth).toEqual({ role: 'operator', scopes: READ });
    // A new episode for what is really missing: the old request is settled and stays so.
    const open = await openRequest(house, device.id);
    expect(open?.id).not.toBe(requestId.split('.')[0]);
    expect(open?.revisions).toHaveLength(1);
  });

  it('I5: a slice that ends while the approval is being read is answered with hello, not with "come back"', async () => {
    const { house, gates } = await openGatedHouse();
    const device = newDevice();
    const { client, connectId, requestId } = await wait(house, { device, ...NODE });
    const ending = gates.hold('before-load', device.id);
    house.clock.advance(12_000);
    await house.gateway.turn();
    await ending.reached;
    const approving = gates.hold('after-load', device.id);
    const approval = approve(house.owner, requestId);
    await approving.reached;
    // What the socket hears of the approval comes after the end of its slice.
    const hearing = gates.hold('after-load', device.id);
    approving.release();
    await hearing.reached;
    ending.release();
    expect((await client.response(connectId)).payload.auth.scopes).toEqual(READ);
    hearing.release();
    await approval;
  });

  it('I5, I3: an approval while the parked socket closes is there for the next connect, with 0 new requests', async () => {
    const { house, gates } = await openGatedHouse();
    const device = newDevice();
    const { client, requestId } = await wait(house, { device, ...NODE });
    const decision = gates.hold('after-load', device.id);
    const approval = approve(house.owner, requestId);
    await decision.reached;
    // The next load is the parked socket's own, which has just heard of the approval.
    const reading = gates.hold('after-load', device.id);
    decision.release();
    await reading.reached;
    await client.end();
    reading.release();
    await approval;
    const { hello } = await live(house, { device, ...NODE });
    expect(hello.auth.scopes).toEqual(READ);
    expect(house.gateway.sessions()).toHaveLength(1);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });

  it('I18: a revocation while the hello is being built: the hello is not sent', async () => {
    const { house, gates } = await openGatedHouse();
    const device = newDevice();
    const { client, connectId, requestId } = await wait(house, { device, ...NODE });
    const next = (): Held => gates.hold('after-load', device.id);
    const approving = next();
    const approval = approve(house.owner, requestId);
    await approving.reached;
    const reading = next();
    approving.release();
    await reading.reached;
    // It has read that it is let in; its next load is the one that hello is built from.
    const look = next();
    reading.release();
    await look.reached;
    const revoking = next();
    const revocation = revoke(house.owner, device.id, 'operator');
    await revoking.reached;
    const hearing = next();
    revoking.release();
    await hearing.reached;
    look.release();
    const answer = await client.response(connectId);
    expect(answer.ok).toBe(false);
    expect(answer.error.details).toMatchObject({ outcome: 'revoked' });
    hearing.release();
    await Promise.all([approval, revocation]);
    expect(house.gateway.sessions()).toHaveLength(0);
  });

  it('I18: an approval under way does not use the rights that its caller has just lost', async () => {
    const { house, gates } = await openGatedHouse();
    const manager = newDevice();
    await pair(house, manager, ADMIN_BUNDLE);
    const { client } = await live(house, { device: manager, scopes: ADMIN_BUNDLE });
    const target = newDevice();
    const { requestId } = await wait(house, { device: target, ...NODE });
    const gate = gates.hold('after-load', target.id);
    client.sendRequest('device.pair.approve', { requestId });
    await gate.reached;
    await revoke(house.owner, manager.id, 'operator');
    await client.until(() => house.gateway.sessions().length === 0);
    gate.release();
    expect((await client.closed()).reason).toBe('device role revoked');
    expect(await grantOf(house, target.id)).toEqual([]);
  });

  it('I17: a change of another role does not answer a connect whose own step is under way', async () => {
    const { house, gates } = await openGatedHouse();
    const device = newDevice();
    const operator = await house.client();
    const gate = gates.hold('before-load', device.id);
    const connectId = await operator.sendConnect({ device, ...NODE, auth: SHARED });
    await gate.reached;
    await wait(house, { device, role: 'node', scopes: [], mode: 'node' });
    gate.release();
    const { payload } = await operator.event('connect.pending');
    expect(operator.frames.some(({ id }) => id === connectId)).toBe(false);
    await approve(house.owner, payload.requestId);
    expect((await operator.response(connectId)).ok).toBe(true);
  });

  it('R10: an approval by another process between the step and the park frees the socket', async () => {
    const { house, gates } = await openGatedHouse({ store: 'sqlite' });
    const second = await openSecond(house);
    const device = newDevice();
    const client = await house.client();
    const gate = gates.hold('after-save', device.id);
    const connectId = await client.sendConnect({ device, ...NODE, auth: SHARED });
    await gate.reached;
    const request = await openRequest(second, device.id);
    expect(await approve(second.owner, `${request?.id}.r1`)).toMatchObject({ ok: true });
    gate.release();
    expect((await client.response(connectId)).payload.auth.scopes).toEqual(READ);
  });
});
