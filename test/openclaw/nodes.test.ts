import { describe, expect, it } from 'vitest';
import { forgive, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { type House, openHouse } from '../support/harness.ts';
import { OfficialDevice, OfficialProgram } from '../support/official-client.ts';
import { ASKED, history, openRequest, READ } from '../support/pairing.ts';
import { held, heldAgain, officialNode, passForAll, turnTimers } from './node-clients.ts';

const SLICE_MS = 12_000;
const FIRST_DELAY_MS = 1000;

/** A node of 2026.9 that is paired and let in. */
async function pairedNode(house: House, options = {}) {
  const device = new OfficialDevice();
  const node = officialNode(house.gateway.url, device, options);
  await approve(house.owner, await heldAgain(node, 1));
  await node.hello();
  return { device, node };
}

describe('a node host of 2026.9', () => {
  it('its first pairing is held, and the approval lets it in on the same socket', async () => {
    const house = await openHouse();
    const { device, node } = await pairedNode(house);
    expect(node.hellos).toMatchObject([{ protocol: 4, auth: { role: 'node', scopes: [] } }]);
    expect(device.tokens.get('node')).toMatchObject({ scopes: [] });
    expect(node.closes).toEqual([]);
  });

  it('its slice ends: it is not paused, comes back by itself with the same id, and is let in there', async () => {
    turnTimers();
    const house = await openHouse();
    const device = new OfficialDevice();
    const node = officialNode(house.gateway.url, device);
    const first = await heldAgain(node, 1);
    await passForAll(house, SLICE_MS);
    expect((await node.error()).details).toMatchObject({
      reason: 'not-paired',
      requestId: first,
      recommendedNextStep: 'wait_then_retry',
      pauseReconnect: false,
    });
    await node.until(() => node.closes[0]);
    await passForAll(house, FIRST_DELAY_MS);
    expect(await heldAgain(node, 2)).toBe(first);
    await approve(house.owner, first);
    await node.hello();
    expect(node.pauses).toEqual([]);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });

  it('approved while it is away: its next connect is let in, with no new request (I3)', async () => {
    turnTimers();
    const house = await openHouse();
    const device = new OfficialDevice();
    const node = officialNode(house.gateway.url, device);
    const requestId = await heldAgain(node, 1);
    await passForAll(house, SLICE_MS);
    await node.until(() => node.closes[0]);
    await approve(house.owner, requestId);
    await passForAll(house, FIRST_DELAY_MS);
    await node.hello();
    expect(held(node)).toEqual([requestId]);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });

  it('waits through ten slices without a person: one request, one line, and no pause', async () => {
    turnTimers();
    const house = await openHouse();
    const device = new OfficialDevice();
    const node = officialNode(house.gateway.url, device);
    for (let slice = 1; slice <= 10; slice++) {
      await heldAgain(node, slice);
      await passForAll(house, SLICE_MS);
      await node.until(() => node.closes[slice - 1]);
      await passForAll(house, 30_000);
    }
    const id = await heldAgain(node, 11);
    expect(new Set(held(node))).toEqual(new Set([id]));
    expect(node.pauses).toEqual([]);
    expect(house.audit).toHaveLength(1);
    await approve(house.owner, id);
    await node.hello();
  });

  it('the gateway restarts twice meanwhile, and the approval falls between: it comes back and is let in', async () => {
    turnTimers();
    const house = await openHouse({ store: 'sqlite' });
    const device = new OfficialDevice();
    const node = officialNode(house.gateway.url, device);
    const requestId = await heldAgain(node, 1);
    const { port } = house.gateway;
    const next = () =>
      openHouse({ store: 'sqlite', folder: house.folder, clock: house.clock, gateway: { port } });
    await house.stop();
    await node.until(() => node.closes[0]);
    const second = await next();
    await passForAll(second, FIRST_DELAY_MS);
    expect(await heldAgain(node, 2)).toBe(requestId);
    await second.stop();
    await node.until(() => node.closes[1]);
    const third = await next();
    await approve(third.owner, requestId);
    await passForAll(third, 2 * FIRST_DELAY_MS);
    expect((await node.hello()).auth.role).toBe('node');
    expect(node.pauses).toEqual([]);
    expect(await history(third, device.id, ...ASKED)).toHaveLength(1);
  });

  it('speaks protocol 3 where it was told to, from the platform names of that time, and nobody is asked again', async () => {
    const house = await openHouse();
    const { device, node } = await pairedNode(house, { platform: 'macos', deviceFamily: 'Mac' });
    await node.stop();
    const older = officialNode(house.gateway.url, device, {
      platform: 'macos',
      deviceFamily: 'Mac',
      minProtocol: 3,
      maxProtocol: 3,
    });
    expect(await older.hello()).toMatchObject({ protocol: 3, auth: { role: 'node' } });
    expect(await openRequest(house, device.id, 'node')).toBeNull();
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });

  it.each([
    { platform: 'windows', deviceFamily: 'Windows' },
    { platform: 'linux', clientDisplayName: 'another name', clientVersion: '2027.1.1' },
    { platform: 'linux', caps: ['system', 'browser'], commands: ['browser.proxy'] },
  ])('#127176: what it says of itself changes, and nobody is asked: %o', async (options) => {
    const house = await openHouse();
    const { device, node } = await pairedNode(house);
    await node.stop();
    const again = officialNode(house.gateway.url, device, { token: '', ...options });
    expect((await again.hello()).auth).toMatchObject({ role: 'node', scopes: [] });
    expect(await openRequest(house, device.id, 'node')).toBeNull();
    expect(again.errors).toEqual([]);
  });

  it('with nothing but its own token it comes back after a rotation, and learns the new one', async () => {
    turnTimers();
    const house = await openHouse();
    const { device, node } = await pairedNode(house);
    await node.stop();
    const before = device.tokens.get('node')?.token;
    const byToken = officialNode(house.gateway.url, device, { token: '' });
    await byToken.hello();
    await rotate(house.owner, device.id, 'node', null);
    expect(await byToken.until(() => byToken.closes[0])).toEqual({
      code: 4001,
      reason: 'device token rotated; reconnect',
    });
    await passForAll(house, FIRST_DELAY_MS);
    await byToken.until(() => byToken.hellos[1]);
    expect(device.tokens.get('node')?.token).not.toBe(before);
  });

  it('a revoked role: it is told so, pauses and does not knock; an owner who forgives lets it ask again', async () => {
    turnTimers();
    const house = await openHouse();
    const { device, node } = await pairedNode(house);
    await revoke(house.owner, device.id, 'node');
    expect(await node.until(() => node.closes[0])).toEqual({ code: 4001, reason: 'device role revoked' });
    await passForAll(house, FIRST_DELAY_MS);
    const pause = await node.until(() => node.pauses[0]);
    expect(pause.detailCode).toBe('PAIRING_REQUIRED');
    expect(pause.reason).toBe(
      "pairing required: an owner revoked this device's access; only an owner's approval brings it back",
    );
    const lines = house.audit.length;
    await passForAll(house, 60_000);
    expect(node.errors).toHaveLength(1);
    expect(house.audit).toHaveLength(lines);
    await forgive(house.owner, device.id);
    const restarted = officialNode(house.gateway.url, device);
    await approve(house.owner, await heldAgain(restarted, 1));
    expect((await restarted.hello()).auth.role).toBe('node');
  });

  it('asks for an operator’s scope: it is told which one, and there is nothing to approve', async () => {
    const house = await openHouse();
    const node = officialNode(house.gateway.url, new OfficialDevice(), { scopes: [...READ] });
    expect((await node.error()).message).toBe(
      'invalid connect params: scope operator.read does not belong to role node',
    );
    await node.until(() => node.closes[0]);
    expect(await house.store.list()).toEqual([]);
  });

  it('a rejection while it is held: it is told so, and pauses', async () => {
    const house = await openHouse();
    const node = officialNode(house.gateway.url, new OfficialDevice());
    await reject(house.owner, await heldAgain(node, 1));
    const pause = await node.until(() => node.pauses[0]);
    expect(pause.reason).toMatch(
      /^pairing required: an owner declined what this device asks for; ask the owner/,
    );
  });
});

describe('an operator and a node on one device (#37749)', () => {
  it('with official clients: two requests with stable ids; approving one leaves the other, and each has its own token', async () => {
    turnTimers();
    const house = await openHouse();
    const device = new OfficialDevice();
    const node = officialNode(house.gateway.url, device);
    const operator = new OfficialProgram(house.gateway.url, device, { scopes: READ });
    const [ofNode, ofOperator] = [await heldAgain(node, 1), await heldAgain(operator, 1)];
    expect(ofNode).not.toBe(ofOperator);
    await passForAll(house, SLICE_MS);
    await node.until(() => node.closes[0]);
    await operator.until(() => operator.closes[0]);
    await passForAll(house, FIRST_DELAY_MS);
    expect(await heldAgain(node, 2)).toBe(ofNode);
    expect(await heldAgain(operator, 2)).toBe(ofOperator);
    await approve(house.owner, ofOperator);
    expect((await operator.hello()).auth).toMatchObject({ role: 'operator', scopes: READ });
    expect(node.hellos).toEqual([]);
    expect(`${(await openRequest(house, device.id, 'node'))?.id}.r1`).toBe(ofNode);
    await approve(house.owner, ofNode);
    await node.hello();
    expect([...device.tokens.keys()].sort()).toEqual(['node', 'operator']);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(2);
  });
});
