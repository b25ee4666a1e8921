import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { openHouse, SHARED } from '../support/harness.ts';
import { ASKED, history, live, openRequest, pair, READ, wait } from '../support/pairing.ts';
import { type Ask, newDevice } from '../support/raw-client.ts';

const BOTH = ['operator.approvals', 'operator.read'];
const APPROVALS = ['operator.approvals'];

describe('how a client waits', () => {
  it('auto: serves what is covered, holds what is not', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    expect((await live(house, { device, scopes: BOTH, mode: 'backend' })).hello.auth).toEqual({
      role: 'operator',
      scopes: READ,
    });
    await wait(house, { device, scopes: APPROVALS, mode: 'backend' });
    expect(house.gateway.parked()).toBe(1);
  });

  it('hold: serves nothing but the whole wish, in one hello with the token', async () => {
    const house = await openHouse({ gateway: { waiting: { manner: 'hold' } } });
    const device = newDevice();
    await pair(house, device, READ);
    const { client, connectId, requestId } = await wait(house, { device, scopes: BOTH, mode: 'backend' });
    await approve(house.owner, requestId);
    const { payload } = await client.response(connectId);
    expect(payload.auth).toMatchObject({ scopes: BOTH, deviceToken: expect.stringMatching(/^atk1_/) });
  });

  it('serve: never parks; who has nothing is told to come back, with one request', async () => {
    const house = await openHouse({ gateway: { waiting: { manner: 'serve' } } });
    const device = newDevice();
    for (let attempt = 0; attempt < 3; attempt++) {
      const { answer } = await house.connect({ device, scopes: READ, auth: SHARED, mode: 'backend' });
      expect(answer.error.details).toMatchObject({ code: 'PAIRING_REQUIRED', pauseReconnect: false });
    }
    expect(house.gateway.parked()).toBe(0);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
    const open = await openRequest(house, device.id);
    await approve(house.owner, `${open?.id}.r1`);
    expect((await live(house, { device, scopes: BOTH, mode: 'backend' })).hello.auth.scopes).toEqual(READ);
  });

  it('refuse: today’s close, which ends a 2026.9 client’s retries, but with one request and one audit line', async () => {
    const house = await openHouse({ gateway: { waiting: { manner: 'refuse' } } });
    const device = newDevice();
    for (let attempt = 0; attempt < 5; attempt++) {
      const { client, answer } = await house.connect({ device, scopes: READ, auth: SHARED });
      expect(answer.error.details).toMatchObject({ reason: 'not-paired', pauseReconnect: true });
      expect(answer.error.details.recommendedNextStep).toBeUndefined();
      const { code, reason } = await client.closed();
      expect(code).toBe(1008);
      expect(reason).toContain(answer.error.details.requestId);
    }
    expect(house.audit).toHaveLength(1);
  });

  it('per mode: one mode refuses, the others wait', async () => {
    const house = await openHouse({ gateway: { waiting: { modes: { webchat: 'refuse' } } } });
    const { answer } = await house.connect({
      device: newDevice(),
      scopes: READ,
      mode: 'webchat',
      auth: SHARED,
    });
    expect(answer.error.details.pauseReconnect).toBe(true);
    await wait(house, { device: newDevice(), scopes: READ, mode: 'ui' });
  });

  it('#82590: the refusal at the end of a slice does not stop a 2026.9 client, and its text is upstream’s', async () => {
    const house = await openHouse();
    const { client, connectId, requestId } = await wait(house, {
      device: newDevice(),
      scopes: READ,
      mode: 'node',
    });
    await house.pass(12_000);
    const { error } = await client.response(connectId);
    expect(error).toMatchObject({
      code: 'NOT_PAIRED',
      message: 'pairing required: device is not approved yet',
    });
    expect(error.details).toMatchObject({
      recommendedNextStep: 'wait_then_retry',
      retryable: true,
      requestId,
    });
    expect((await client.closed()).reason).toBe(`${error.message} (requestId: ${requestId})`);
  });
});

const SLICES: readonly (Ask & { readonly sliceMs: number })[] = [
  { mode: 'backend', protocol: 3, sliceMs: 2000 },
  { mode: 'backend', protocol: 4, sliceMs: 7000 },
  { mode: 'cli', protocol: 3, sliceMs: 2000 },
  { mode: 'cli', protocol: 4, sliceMs: 2000 },
  { mode: 'node', protocol: 3, sliceMs: 300_000 },
  { mode: 'node', protocol: 4, sliceMs: 12_000 },
  { mode: 'ui', protocol: 4, sliceMs: 12_000 },
  { mode: 'webchat', protocol: 3, sliceMs: 12_000 },
  { mode: 'webchat', protocol: 4, sliceMs: 12_000 },
  { mode: 'unheard-of', protocol: 4, sliceMs: 7000 },
];

describe('how long', () => {
  it.each(SLICES)('$mode with protocol $protocol: $sliceMs ms', async ({ sliceMs, ...ask }) => {
    // Minutes pass here in no time: too little for the answer to a ping.
    const house = await openHouse({ gateway: { limits: { pingMs: 1e9 } } });
    const { client, connectId } = await wait(house, { device: newDevice(), scopes: READ, ...ask });
    await house.pass(sliceMs - 100, 100);
    expect(house.gateway.parked()).toBe(1);
    await house.pass(150, 50);
    expect(house.gateway.parked()).toBe(0);
    expect((await client.response(connectId)).ok).toBe(false);
  });

  it('R16: antechamber.wait holds five minutes, and keeps its request alive far beyond its lifetime', async () => {
    // A lifetime that the slice outlasts by far: without renewals the request would expire twice.
    const house = await openHouse({
      authority: { terms: { lifetimeMs: 120_000 } },
      gateway: { limits: { pingMs: 1e9 } },
    });
    const device = newDevice();
    const ask = { device, scopes: READ, mode: 'cli', caps: ['antechamber.wait'] } as const;
    const { client, connectId, requestId } = await wait(house, ask);
    await house.pass(299_000);
    expect(house.gateway.parked()).toBe(1);
    expect((await openRequest(house, device.id))?.id).toBe(requestId.split('.')[0]);
    expect((await history(house, device.id, 'request.renewed')).length).toBeLessThanOrEqual(5);
    await house.pass(2000);
    expect((await client.response(connectId)).error.details).toMatchObject({
      requestId,
      pauseReconnect: false,
    });
    expect((await wait(house, ask)).requestId).toBe(requestId);
  });

  it('a parked socket whose peer does not answer pings is ended, one that answers is not, and both requests stay', async () => {
    const house = await openHouse({ gateway: { limits: { pingMs: 1000 } } });
    const ask = { scopes: READ, mode: 'node', caps: ['antechamber.wait'] } as const;
    const dead = newDevice();
    const [deaf, well] = [
      (await wait(house, { ...ask, device: dead })).client,
      (await wait(house, { ...ask, device: newDevice() })).client,
    ];
    (deaf.socket as unknown as { _autoPong: boolean })._autoPong = false;
    for (let second = 0; second < 6; second++) {
      const pinged = once(well.socket, 'ping');
      await house.pass(1000);
      await pinged;
      // Frames are taken in order: when this comes back, the gateway has read the answer to its own ping.
      well.socket.ping();
      await once(well.socket, 'pong');
    }
    expect((await deaf.closed()).code).toBe(1006);
    expect(well.close).toBeUndefined();
    expect(house.gateway.parked()).toBe(1);
    expect(await openRequest(house, dead.id)).not.toBeNull();
  });
});

describe('a probe', () => {
  it('is never parked, makes no record and no request, and is refused at once', async () => {
    const house = await openHouse();
    const device = newDevice();
    for (const protocol of [3, 4] as const) {
      const { answer } = await house.connect({ device, scopes: READ, mode: 'probe', protocol, auth: SHARED });
      expect(answer.error.details).toMatchObject({ code: 'PAIRING_REQUIRED' });
      expect(answer.error.details.requestId).toBeUndefined();
    }
    expect(await house.store.list()).toEqual([]);
    expect(house.audit).toEqual([]);
  });

  it('is served with the covered part, and named the open request, without joining the wait', async () => {
    const house = await openHouse({ gateway: { locality: { local: 'auto' } } });
    const device = newDevice();
    const fresh = await house.connect({ device, scopes: READ, mode: 'probe', auth: SHARED });
    // Not even the first pairing of a local device.
    expect(fresh.answer.ok).toBe(false);
    await live(house, { device, scopes: READ });
    expect((await live(house, { device, scopes: BOTH, mode: 'probe' })).hello.auth.scopes).toEqual(READ);
    expect(await openRequest(house, device.id)).toBeNull();
    const { requestId } = await wait(house, { device, scopes: APPROVALS, mode: 'node' });
    const { answer } = await house.connect({ device, scopes: APPROVALS, mode: 'probe', auth: SHARED });
    expect(answer.error.details).toMatchObject({ requestId });
  });

  it('openclaw-node gives up for good after ten refusals, and is held for long instead', async () => {
    const house = await openHouse();
    const client = await house.client();
    const id = await client.sendConnect({
      device: newDevice(),
      scopes: ['operator.read'],
      auth: SHARED,
      mode: 'backend',
      forge: (params) => ({ ...params, userAgent: 'openclaw-node/0.14.0' }),
    });
    const { requestId } = (await client.event('connect.pending')).payload;
    await house.pass(4 * 60_000, 10_000);
    expect(house.gateway.parked()).toBe(1);
    await approve(house.owner, requestId);
    expect((await client.response(id)).ok).toBe(true);
  });
});
