import { describe, expect, it } from 'vitest';
import { rotate } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { type House, openHouse, openSecond, SHARED } from '../support/harness.ts';
import { OfficialDevice, OfficialProgram } from '../support/official-client.ts';
import {
  ADMIN_BUNDLE,
  ASKED,
  checkListed,
  history,
  MANAGE,
  openRequest,
  READ,
  WRITE,
} from '../support/pairing.ts';

/** A host of the reporter's: local, so that its first program paired by itself, with the CLI's bundle of scopes. */
async function reportersHost(house: House): Promise<OfficialDevice> {
  const device = new OfficialDevice();
  const first = new OfficialProgram(house.gateway.url, device, {
    mode: 'cli',
    clientName: 'cli',
    scopes: ADMIN_BUNDLE,
  });
  expect((await first.hello()).auth.scopes).toEqual(ADMIN_BUNDLE);
  await first.stop();
  return device;
}

const LOCAL = { locality: { local: 'auto' } } as const;

/** What an agent tool, a cron announce or `status` is: a program of its own that wants one scope. */
function program(house: House, device: OfficialDevice, scopes: string[]): OfficialProgram {
  return new OfficialProgram(house.gateway.url, device, { scopes });
}

/** Polls the list as fast as it is answered, until it is told to stop; answers how many lists it saw. */
function pollList(manager: OfficialProgram, deviceId: string): () => Promise<number> {
  let isOver = false;
  const polling = (async () => {
    let polls = 0;
    while (!isOver) {
      checkListed(await manager.client.request('device.pair.list', {}), deviceId);
      polls += 1;
    }
    return polls;
  })();
  return () => {
    isOver = true;
    return polling;
  };
}

describe('openclaw/openclaw#21688 with the official client', () => {
  it('#21688, #23006: rotated to admin, approvals and pairing, a read or a write is neither refused nor asked for', async () => {
    const house = await openHouse({ gateway: LOCAL });
    const device = await reportersHost(house);
    const before = house.audit.length;
    await rotate(house.owner, device.id, 'operator', ADMIN_BUNDLE);
    for (const scopes of [READ, WRITE, READ, [...READ, ...WRITE]]) {
      const one = program(house, device, scopes);
      expect((await one.hello()).auth.scopes).toEqual(scopes);
      expect(one.errors).toEqual([]);
      await one.stop();
    }
    expect(await history(house, device.id, ...ASKED)).toEqual([]);
    expect(house.audit.slice(before)).toEqual([expect.stringContaining('token.rotated')]);
  });

  it('#21688, #89702, I8b: rotated to approvals and pairing, a read is one request and one audit line for all its attempts', async () => {
    const house = await openHouse({ gateway: LOCAL });
    const device = await reportersHost(house);
    await rotate(house.owner, device.id, 'operator', MANAGE);
    const ids = new Set<string>();
    for (let attempt = 0; attempt < 12; attempt++) {
      const one = program(house, device, READ);
      ids.add((await one.event('connect.pending')).requestId);
      await house.pass(7000);
      const { details } = await one.error();
      expect(details).toMatchObject({ code: 'PAIRING_REQUIRED', pauseReconnect: false });
      expect(one.pauses).toEqual([]);
      await one.stop();
    }
    expect([...ids]).toEqual([expect.stringMatching(/\.r1$/)]);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
    expect(house.audit.filter((line) => line.includes('upgrade requested'))).toHaveLength(1);
  });

  it('#21688, #17425, I15: the same device goes on managing others, and no list shows it between two states', async () => {
    const house = await openHouse({ gateway: LOCAL });
    const device = await reportersHost(house);
    await rotate(house.owner, device.id, 'operator', MANAGE);
    const manager = new OfficialProgram(house.gateway.url, device, {
      mode: 'cli',
      clientName: 'cli',
      scopes: MANAGE,
    });
    await manager.hello();
    const stopPolling = pollList(manager, device.id);
    const waiting = program(house, device, READ);
    const { requestId } = await waiting.event('connect.pending');
    // Another device, from elsewhere, that asks for what the manager may give.
    const stranger = new OfficialDevice();
    const remote = await house.client({ 'x-forwarded-for': '203.0.113.9' });
    const { identity, hostDeps } = stranger;
    const remoteConnect = await remote.sendConnect({
      device: {
        id: stranger.id,
        publicKey: hostDeps.publicKeyRawBase64UrlFromPem?.(identity.publicKeyPem) ?? '',
        sign: (text) => hostDeps.signDevicePayload?.(identity.privateKeyPem, text) ?? '',
      },
      scopes: ['operator.approvals'],
      auth: SHARED,
    });
    const asked = (await remote.event('connect.pending')).payload.requestId;
    await manager.client.request('device.pair.approve', { requestId: asked });
    expect((await remote.response(remoteConnect)).payload.auth.scopes).toEqual(['operator.approvals']);
    // I11: not its own, though.
    await expect(manager.client.request('device.pair.approve', { requestId })).rejects.toThrow(
      'device pairing approval denied',
    );
    // The owner: local, the shared secret, no device.
    const { client: owner } = await house.connect({ scopes: ['operator.admin'], auth: SHARED });
    expect((await owner.request('device.pair.approve', { requestId })).ok).toBe(true);
    expect((await waiting.hello()).auth.scopes).toEqual(READ);
    expect(waiting.errors).toEqual([]);
    const polls = await stopPolling();
    expect(polls).toBeGreaterThan(5);
    expect(manager.closes).toEqual([]);
    for (let again = 0; again < 3; again++) {
      const one = program(house, device, READ);
      expect((await one.hello()).auth.scopes).toEqual(READ);
      expect(one.errors).toEqual([]);
      await one.stop();
    }
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
    expect(await openRequest(house, device.id)).toBeNull();
  });

  it('#21688, #132857, I3: an approval from another process on the same file reaches the parked official client', async () => {
    const house = await openHouse({ store: 'sqlite', gateway: LOCAL });
    const device = await reportersHost(house);
    await rotate(house.owner, device.id, 'operator', MANAGE);
    const second = await openSecond(house);
    const waiting = program(house, device, READ);
    const { requestId } = await waiting.event('connect.pending');
    expect(await approve(second.owner, requestId)).toMatchObject({ ok: true });
    const hello = await waiting.hello();
    expect(hello.auth.scopes).toEqual(READ);
    expect(device.tokens.get('operator')).toEqual({ token: hello.auth.deviceToken, scopes: READ });
    expect(waiting.errors).toEqual([]);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });
});
