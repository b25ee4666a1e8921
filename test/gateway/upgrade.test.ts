import { GatewayScopeUpgrade } from '@openclaw/gateway-client/scope-upgrade';
import { describe, expect, it } from 'vitest';
import { revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { type House, openHouse, SECRET, SHARED } from '../support/harness.ts';
import { OfficialDevice, OfficialProgram } from '../support/official-client.ts';
import { ASKED, history, live, openRequest, pair, READ, wait } from '../support/pairing.ts';
import { newDevice, type RawClient, type TestDevice } from '../support/raw-client.ts';

const BOTH = ['operator.approvals', 'operator.read'];

/** A live session that has asked for more, and waits for the decision with a call that is under way. */
async function upgrading(
  house: House,
): Promise<{ device: TestDevice; client: RawClient; requestId: string; waitId: string }> {
  const device = newDevice();
  await pair(house, device, READ);
  const { client } = await live(house, { device, scopes: READ });
  const asked = await client.request('device.scopes.requestUpgrade', { scopes: BOTH });
  const { requestId } = asked.payload;
  const waitId = client.sendRequest('device.scopes.waitUpgrade', { requestId });
  // Frames are taken in order: when this is answered, the call before it is under way.
  await client.request('health');
  return { device, client, requestId, waitId };
}

/** The official helper on an official client, as the Control UI uses it. */
async function officialUpgrade(house: House) {
  const device = new OfficialDevice();
  const options = { mode: 'webchat', clientName: 'openclaw-control-ui', scopes: READ } as const;
  const first = new OfficialProgram(house.gateway.url, device, { ...options, scopes: [...READ] });
  await approve(house.owner, (await first.event('connect.pending')).requestId);
  await first.hello();
  const reconnects: number[] = [];
  const upgrade = new GatewayScopeUpgrade({
    request: (method, params, options) => first.client.request(method, params, options),
    tokenStore: {
      load: async () => null,
      clear: async () => {},
      store: async ({ role, token, scopes }) => void device.tokens.set(role, { token, scopes: scopes ?? [] }),
    } as ConstructorParameters<typeof GatewayScopeUpgrade>[0]['tokenStore'],
    reconnect: () => void reconnects.push(1),
  });
  const pending = Promise.withResolvers<string>();
  const outcome = upgrade.requestScopeUpgrade({
    binding: { clientId: 'openclaw-control-ui', deviceId: device.id, role: 'operator' },
    scopes: BOTH,
    onPending: pending.resolve,
  });
  return { device, first, outcome, reconnects, requestId: await pending.promise };
}

describe('an upgrade on an open session', () => {
  it('with the official helper: approved, stored, and used by the next connect with 0 new requests', async () => {
    const house = await openHouse();
    const { device, first, outcome, reconnects, requestId } = await officialUpgrade(house);
    expect(requestId).toMatch(/^[a-z2-7]{16}\.r1$/);
    await approve(house.owner, requestId);
    expect(await outcome).toEqual({ status: 'approved', requestId, scopes: BOTH });
    expect(reconnects).toEqual([1]);
    const token = device.tokens.get('operator');
    expect(token?.scopes).toEqual(BOTH);
    // What was asked for here was not signed: the live session itself stays as it is.
    expect(first.closes).toEqual([]);
    await first.stop();
    const next = new OfficialProgram(house.gateway.url, device, { token: '' });
    expect((await next.hello()).auth).toMatchObject({ scopes: BOTH, deviceToken: token?.token });
    expect(await history(house, device.id, ...ASKED)).toHaveLength(2);
  });

  it('with the official helper: a rejection is told as rejected', async () => {
    const house = await openHouse();
    const { outcome, requestId, first } = await officialUpgrade(house);
    await reject(house.owner, requestId);
    expect(await outcome).toEqual({ status: 'rejected', requestId });
    expect(first.closes).toEqual([]);
  });

  it('I6: an expiry is told as expired and not as rejected', async () => {
    const house = await openHouse({
      authority: { terms: { lifetimeMs: 4000, longestLifeMs: 4000 } },
    });
    const { client, requestId, waitId } = await upgrading(house);
    await house.pass(5000);
    expect((await client.response(waitId)).payload).toEqual({
      status: 'expired',
      requestId,
      details: { outcome: 'expired' },
    });
    expect((await client.event('device.upgrade.resolved')).payload.outcome).toBe('expired');
  });

  it('a part of it is told as approved with what was given, and as narrowed in the details', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: READ });
    const wanted = [...BOTH, 'operator.pairing'];
    const { requestId } = (await client.request('device.scopes.requestUpgrade', { scopes: wanted })).payload;
    const waitId = client.sendRequest('device.scopes.waitUpgrade', { requestId });
    await approve(house.owner, requestId, BOTH);
    const { payload } = await client.response(waitId);
    expect(payload).toMatchObject({ status: 'approved', scopes: BOTH, details: { outcome: 'narrowed' } });
    // Its signed wish was for less: the session does not use what it did not sign.
    const denied = await client.request('device.pair.list', {});
    expect(denied.error.message).toBe('missing scope: operator.pairing');
  });

  it('withdrawn by the device: told so, closed by nothing, and not quiet', async () => {
    const house = await openHouse();
    const { device, client, requestId, waitId } = await upgrading(house);
    expect((await client.request('device.scopes.withdrawUpgrade', { requestId })).payload).toEqual({
      requestId,
    });
    expect((await client.response(waitId)).payload).toMatchObject({
      status: 'expired',
      details: { outcome: 'withdrawn' },
    });
    expect(await openRequest(house, device.id)).toBeNull();
    const again = await client.request('device.scopes.requestUpgrade', { scopes: BOTH });
    expect(again.payload.requestId).not.toBe(requestId);
  });

  it('I8: the fourth withdrawal within an hour is refused in words, and the request stays open', async () => {
    const house = await openHouse();
    const { device, client, requestId } = await upgrading(house);
    let open = requestId;
    for (let cycle = 0; cycle < 3; cycle++) {
      expect((await client.request('device.scopes.withdrawUpgrade', { requestId: open })).ok).toBe(true);
      open = (await client.request('device.scopes.requestUpgrade', { scopes: BOTH })).payload.requestId;
    }
    const lines = house.audit.length;
    const { error } = await client.request('device.scopes.withdrawUpgrade', { requestId: open });
    expect(error.message).toMatch(
      /^this device has withdrawn 3 requests within an hour: this one stays open/,
    );
    const again = await client.request('device.scopes.requestUpgrade', { scopes: BOTH });
    expect(again.payload.requestId).toBe(open);
    expect((await openRequest(house, device.id))?.id).toBe(open.split('.')[0]);
    expect(house.audit).toHaveLength(lines);
  });

  it('nobody withdraws or waits for the request of another device', async () => {
    const house = await openHouse();
    const { requestId } = await upgrading(house);
    const other = newDevice();
    await pair(house, other, READ);
    const { client } = await live(house, { device: other, scopes: READ });
    expect((await client.request('device.scopes.withdrawUpgrade', { requestId })).ok).toBe(false);
    const settled = await upgrading(house);
    await approve(house.owner, settled.requestId);
    const stolen = await client.request('device.scopes.waitUpgrade', { requestId: settled.requestId });
    expect(stolen.ok).toBe(false);
    expect(JSON.stringify(stolen)).not.toContain('atk1_');
  });

  it('what is granted already is not asked for (I17); without a device nothing can be asked', async () => {
    const house = await openHouse({ gateway: { locality: { local: 'auto' } } });
    const device = newDevice();
    await live(house, { device, scopes: BOTH });
    const { client } = await live(house, { device, scopes: READ });
    const { error } = await client.request('device.scopes.requestUpgrade', { scopes: BOTH });
    expect(error.details.code).toBe('COVERED');
    expect(await openRequest(house, device.id)).toBeNull();
    const owner = await live(house, { scopes: ['operator.admin'] });
    const none = await owner.client.request('device.scopes.requestUpgrade', { scopes: BOTH });
    expect(none.error.details.code).toBe('DEVICE_IDENTITY_REQUIRED');
  });

  it('bad params are refused and change nothing', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: READ });
    const lines = house.audit.length;
    const bad = [
      undefined,
      {},
      { scopes: [] },
      { scopes: 'operator.read' },
      { scopes: [7] },
      { scopes: ['a,b'] },
    ];
    for (const params of [...bad, { scopes: ['operator.unheard-of'] }, { scopes: ['node.x'] }]) {
      const { error } = await client.request('device.scopes.requestUpgrade', params);
      expect(error.message).toMatch(/^invalid device.scopes.requestUpgrade params|^unknown scope/);
    }
    for (const requestId of [undefined, 7, 'x', 'aaaaaaaaaaaaaaaa.r1']) {
      expect((await client.request('device.scopes.waitUpgrade', { requestId })).ok).toBe(false);
      expect((await client.request('device.scopes.withdrawUpgrade', { requestId })).ok).toBe(false);
    }
    expect(house.audit).toHaveLength(lines);
  });
});

describe('calls under way', () => {
  it('are at most 32 of one session: more are refused, run nothing, and may be tried again', async () => {
    const house = await openHouse();
    const { client, requestId } = await upgrading(house);
    const waits = Array.from({ length: 40 }, () =>
      client.sendRequest('device.scopes.waitUpgrade', { requestId }),
    );
    // One waits already.
    const refusals = await Promise.all(waits.slice(31).map((id) => client.response(id)));
    for (const { error } of refusals) {
      expect(error).toMatchObject({
        code: 'UNAVAILABLE',
        message: 'too many calls under way',
        retryable: true,
      });
    }
    const withdrawal = await client.request('device.scopes.withdrawUpgrade', { requestId });
    expect(withdrawal.error.message).toBe('too many calls under way');
    await approve(house.owner, requestId);
    const answers = await Promise.all(waits.slice(0, 31).map((id) => client.response(id)));
    expect(answers.map(({ payload }) => payload.status)).toEqual(answers.map(() => 'approved'));
    expect((await client.request('health')).ok).toBe(true);
  });
});

describe('what ends a session while its waitUpgrade is under way (I5, I18)', () => {
  it('a rotation: the call is answered and the socket closes as rotated', async () => {
    const house = await openHouse();
    const { device, client, waitId } = await upgrading(house);
    await rotate(house.owner, device.id, 'operator', null);
    expect((await client.response(waitId)).ok).toBe(false);
    expect((await client.closed()).reason).toBe('device token rotated; reconnect');
  });

  it('a revocation: the same', async () => {
    const house = await openHouse();
    const { device, client, waitId } = await upgrading(house);
    await revoke(house.owner, device.id, 'operator');
    expect((await client.response(waitId)).payload?.status).not.toBe('approved');
    expect((await client.closed()).reason).toBe('device role revoked');
  });

  it('a change of the shared secret: the same, although the record says nothing of it', async () => {
    const house = await openHouse();
    const { client, waitId } = await upgrading(house);
    house.gateway.setAuth({ mode: 'token', secret: `${SECRET} changed` });
    expect((await client.response(waitId)).ok).toBe(false);
    expect((await client.closed()).reason).toBe('gateway auth changed');
  });

  it('a stop of the gateway: 1012, at once, and the request stays open', async () => {
    const house = await openHouse({ store: 'sqlite' });
    const { device, client, waitId } = await upgrading(house);
    const began = performance.now();
    await house.stop();
    // Real time: a socket that is not told is cut after 2 s.
    expect(performance.now() - began).toBeLessThan(1500);
    expect((await client.response(waitId)).ok).toBe(false);
    expect(await client.closed()).toEqual({ code: 1012, reason: 'service restart' });
    const again = await openHouse({ store: 'sqlite', folder: house.folder, clock: house.clock });
    expect(await openRequest(again, device.id)).not.toBeNull();
  });

  it('a held connect of the same device is freed by what its sibling asked for', async () => {
    const house = await openHouse();
    const { device, requestId } = await upgrading(house);
    const held = await wait(house, { device, scopes: ['operator.approvals'], mode: 'node', auth: SHARED });
    expect(held.requestId).toBe(requestId);
    await approve(house.owner, requestId);
    expect((await held.client.response(held.connectId)).ok).toBe(true);
  });
});
