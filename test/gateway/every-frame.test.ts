import { describe, expect, it } from 'vitest';
import { against } from '../support/frame-judge.ts';
import { type House, openHouse, SHARED } from '../support/harness.ts';
import { ADMIN_BUNDLE, live, READ } from '../support/pairing.ts';
import { type Ask, type Frame, newDevice, type RawClient, type TestDevice } from '../support/raw-client.ts';
import { ADDED_KEYS, OWN_EVENTS, OWN_METHODS } from '../support/wire-extensions.ts';
import { CONSOLE_METHODS, EVENT_PAYLOADS, HELLO, RESULTS } from '../support/wire-forms.ts';

const REMOTE = { 'x-forwarded-for': '192.0.2.7' };
const NODE = { role: 'node', mode: 'node', clientId: 'node-host' } as const;
const WIDER = ['operator.approvals', 'operator.read'];

/** One walk through all that a gateway says, in one generation. */
class Walk {
  readonly house: House;
  readonly protocol: 3 | 4;
  readonly answered = new Set<string>();
  readonly #clients: RawClient[] = [];

  constructor(house: House, protocol: 3 | 4) {
    this.house = house;
    this.protocol = protocol;
  }

  /** All that was sent so far. */
  get frames(): readonly Frame[] {
    return this.#clients.flatMap(({ frames }) => frames);
  }

  async enter(ask: Ask): Promise<RawClient> {
    const { client, hello } = await live(this.house, { ...ask, protocol: this.protocol });
    this.#clients.push(client);
    expect(against(HELLO[this.protocol], hello, 'hello')).toEqual([]);
    return client;
  }

  /** A connect from elsewhere that waits for an owner. */
  async wait(ask: Ask): Promise<{ client: RawClient; requestId: string; connectId: string }> {
    const client = await this.house.client(REMOTE);
    this.#clients.push(client);
    const connectId = await client.sendConnect({ auth: SHARED, ...ask, protocol: this.protocol });
    const { requestId } = (await client.event('connect.pending')).payload;
    return { client, requestId, connectId };
  }

  /** Calls a method that must succeed, and holds its result against the form of its name. */
  async call(client: RawClient, method: string, params: object = {}): Promise<Frame['payload']> {
    const { ok, payload, error } = await client.request(method, params);
    expect(ok, `${method}: ${JSON.stringify(error)}`).toBe(true);
    const form = RESULTS[method];
    if (!form) throw new Error(`${method} has no form in wire-forms.ts`);
    expect(against(form, payload, method)).toEqual([]);
    this.answered.add(method);
    return payload;
  }
}

async function walkStatus(walk: Walk, owner: RawClient): Promise<void> {
  const methods = ['health', 'status', 'system-presence', 'config.get', 'channels.status', 'last-heartbeat'];
  for (const method of methods) await walk.call(owner, method);
  await walk.call(owner, 'gateway.settled', { seq: 0 });
}

async function walkNodes(walk: Walk, owner: RawClient): Promise<void> {
  const node = await walk.wait({ device: newDevice(), ...NODE });
  await walk.call(owner, 'node.list');
  await walk.call(owner, 'node.pair.list');
  await walk.call(owner, 'node.pair.approve', { requestId: node.requestId });
  expect((await node.client.response(node.connectId)).ok).toBe(true);
  await walk.call(node.client, 'skills.bins');
  expect((await walk.call(owner, 'node.list')).nodes).toHaveLength(1);
  expect((await walk.call(owner, 'node.pair.list')).paired).toHaveLength(1);
  const other = await walk.wait({ device: newDevice(), ...NODE });
  await walk.call(owner, 'node.pair.reject', { requestId: other.requestId });
}

/** Names itself, and sends an empty text, which no list may carry on: a strict reader would drop all of the list. */
const named = (params: Record<string, unknown>): Record<string, unknown> => ({
  ...params,
  client: { ...(params.client as object), displayName: 'Kitchen', deviceFamily: '' },
});

async function walkPairing(walk: Walk, owner: RawClient, device: TestDevice): Promise<RawClient> {
  const first = await walk.wait({ device, scopes: READ, mode: 'node', forge: named });
  expect((await walk.call(owner, 'device.pair.list')).pending).toHaveLength(1);
  await walk.call(owner, 'device.pair.approve', { requestId: first.requestId });
  expect((await first.client.response(first.connectId)).ok).toBe(true);
  await walk.call(owner, 'device.pair.rename', { deviceId: device.id, label: 'Upstairs' });
  expect((await walk.call(owner, 'device.pair.list')).paired).toHaveLength(2);
  return first.client;
}

async function walkUpgrades(
  walk: Walk,
  owner: RawClient,
  client: RawClient,
  deviceId: string,
): Promise<void> {
  const ask = async (): Promise<string> =>
    (await walk.call(client, 'device.scopes.requestUpgrade', { scopes: WIDER })).requestId;
  const withdrawn = await ask();
  await walk.call(client, 'device.scopes.withdrawUpgrade', { requestId: withdrawn });
  const rejected = await ask();
  expect((await walk.call(owner, 'device.pair.list')).pending[0].label).toBe('Upstairs');
  await walk.call(owner, 'device.pair.reject', { requestId: rejected });
  const { status } = await walk.call(client, 'device.scopes.waitUpgrade', { requestId: rejected });
  expect(status).toBe('rejected');
  const { declined } = await walk.call(owner, 'device.pair.list');
  expect(declined.map((row: { deviceId: string }) => row.deviceId)).toContain(deviceId);
  await walk.call(owner, 'device.quiet.forgive', { deviceId });
  const requestId = await ask();
  const waiting = walk.call(client, 'device.scopes.waitUpgrade', { requestId });
  await walk.call(owner, 'device.pair.approve', { requestId });
  expect((await waiting).scopes).toEqual(WIDER);
}

async function walkConsole(walk: Walk, owner: RawClient, client: RawClient, deviceId: string): Promise<void> {
  const { devices } = await walk.call(owner, 'antechamber.devices');
  expect(devices.map((one: { deviceId: string }) => one.deviceId)).toContain(deviceId);
  const { connections } = await walk.call(owner, 'antechamber.connections', { deviceId });
  expect(connections).toMatchObject([{ address: '127.0.0.1' }]);
  const fleet = await walk.call(owner, 'antechamber.fleet', { windowMs: 60_000, buckets: 2 });
  expect(fleet.counts.paired).toBeGreaterThan(0);
  const asked = { scopes: ['operator.questions'] };
  const { requestId } = await walk.call(client, 'device.scopes.requestUpgrade', asked);
  expect((await walk.call(owner, 'antechamber.devices', { waiting: true })).devices).toHaveLength(1);
  await walk.call(owner, 'antechamber.reject', { requestId, note: 'not from here' });
}

async function walkTokens(walk: Walk, owner: RawClient, deviceId: string): Promise<void> {
  const role = { deviceId, role: 'operator' };
  expect((await walk.call(owner, 'device.token.rotate', role)).tokenDelivery).toBe('withheld-cross-device');
  await walk.call(owner, 'device.token.reissue', role);
  expect((await walk.call(owner, 'device.history', { deviceId })).events.length).toBeGreaterThan(5);
  expect((await walk.call(owner, 'device.explain', { deviceId })).explanation.roles).toHaveLength(1);
  const atMs = walk.house.clock.now();
  expect((await walk.call(owner, 'device.at', { deviceId, atMs })).past.roles).toHaveLength(1);
  await walk.call(owner, 'device.token.revoke', role);
  await walk.call(owner, 'device.pair.list');
  await walk.call(owner, 'device.pair.remove', { deviceId });
}

describe.each([3, 4] as const)('all that protocol %i clients are sent', (protocol) => {
  it('has the form of the protocol, or is in the list of additions; and nothing else is in that list', async () => {
    const house = await openHouse({ gateway: { locality: { local: 'auto' } } });
    const walk = new Walk(house, protocol);
    const owner = await walk.enter({ device: null, scopes: [...ADMIN_BUNDLE, 'operator.fly'] });
    const device = newDevice();
    await walkStatus(walk, owner);
    await walkNodes(walk, owner);
    const client = await walkPairing(walk, owner, device);
    await walkUpgrades(walk, owner, client, device.id);
    await walkConsole(walk, owner, client, device.id);
    await walkTokens(walk, owner, device.id);
    await house.pass(30_000);
    await owner.event('tick');
    await house.gateway.stop('maintenance', 1500);
    await owner.event('shutdown');

    const hello = walk.frames.find(({ payload }) => payload?.type === 'hello-ok')?.payload;
    expect([...walk.answered].sort()).toEqual([...hello.features.methods].sort());
    expect(Object.keys(RESULTS).sort()).toEqual([...hello.features.methods].sort());
    const events = walk.frames.filter(({ type }) => type === 'event');
    expect([...new Set(events.map(({ event }) => event))].sort()).toEqual([...hello.features.events].sort());
    expect(Object.keys(EVENT_PAYLOADS).sort()).toEqual([...hello.features.events].sort());
    for (const { event = '', payload } of events) {
      expect(against(EVENT_PAYLOADS[event] ?? {}, payload, event)).toEqual([]);
    }

    const text = JSON.stringify(walk.frames);
    const unused = Object.entries(ADDED_KEYS).flatMap(([name, { keys }]) =>
      Object.keys(keys)
        .filter((key) => !text.includes(`"${key}":`))
        .map((key) => `${name}: ${key}`),
    );
    expect(unused).toEqual([]);
    const reasons = [ADDED_KEYS, OWN_EVENTS, OWN_METHODS, CONSOLE_METHODS].flatMap((list) =>
      Object.values(list),
    );
    for (const { why } of reasons) expect(why.length).toBeGreaterThan(20);
  });
});
