import { describe, expect, it } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { type House, openHouse, SHARED } from '../support/harness.ts';
import { ADMIN_BUNDLE, live, MANAGE, pair, READ, wait } from '../support/pairing.ts';
import { type Frame, newDevice, type RawClient, type TestDevice } from '../support/raw-client.ts';

const NOBODY = 'f'.repeat(64);
const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';

interface Scene {
  readonly house: House;
  /** Paired for a read as operator. */
  readonly device: TestDevice;
  /** Paired as a node only. */
  readonly node: TestDevice;
  /** Waits for its first pairing. */
  readonly requestId: string;
  readonly client: RawClient;
}

async function scene(protocol: 3 | 4, scopes: readonly string[]): Promise<Scene> {
  const house = await openHouse();
  const [device, node, manager] = [newDevice(), newDevice(), newDevice()];
  await pair(house, device, READ);
  await pair(house, node, [], 'node');
  await pair(house, manager, ADMIN_BUNDLE);
  const { requestId } = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
  const { client } = await live(house, { device: manager, scopes, protocol });
  return { house, device, node, requestId, client };
}

interface Row {
  readonly what: string;
  readonly method: string;
  readonly params: (scene: Scene) => object;
}

/** PROTOCOL 5.3: the keys of a result are all of these. */
const RESULTS: readonly (Row & { readonly result: (scene: Scene) => object })[] = [
  {
    what: 'list',
    method: 'device.pair.list',
    params: () => ({}),
    result: () => ({
      pending: [expect.any(Object)],
      paired: Array(3).fill(expect.any(Object)),
      declined: [],
    }),
  },
  {
    what: 'approve',
    method: 'device.pair.approve',
    params: ({ requestId }) => ({ requestId }),
    result: ({ requestId }) => ({
      requestId,
      device: expect.objectContaining({ role: 'operator', roles: ['operator'], scopes: READ }),
    }),
  },
  {
    what: 'reject',
    method: 'device.pair.reject',
    params: ({ requestId }) => ({ requestId }),
    result: ({ requestId }) => ({ requestId, deviceId: expect.stringMatching(/^[0-9a-f]{64}$/) }),
  },
  {
    what: 'remove',
    method: 'device.pair.remove',
    params: ({ device }) => ({ deviceId: device.id }),
    result: ({ device }) => ({ deviceId: device.id }),
  },
  {
    what: 'rename',
    method: 'device.pair.rename',
    params: ({ device }) => ({ deviceId: device.id, label: 'kitchen' }),
    result: ({ device }) => ({ deviceId: device.id, label: 'kitchen' }),
  },
  {
    what: 'rotate',
    method: 'device.token.rotate',
    params: ({ device }) => ({ deviceId: device.id, role: 'operator' }),
    result: ({ device, house }) => ({
      deviceId: device.id,
      role: 'operator',
      scopes: READ,
      rotatedAtMs: house.clock.now(),
      tokenDelivery: 'withheld-cross-device',
    }),
  },
  {
    what: 'revoke',
    method: 'device.token.revoke',
    params: ({ device }) => ({ deviceId: device.id, role: 'operator' }),
    result: ({ device, house }) => ({
      deviceId: device.id,
      role: 'operator',
      revokedAtMs: house.clock.now(),
    }),
  },
];

/** PROTOCOL 5.3: what an admin is told of what is not there, or cannot be. */
const REFUSED: readonly (Row & { readonly message: string })[] = [
  {
    what: 'an approval of nothing',
    method: 'device.pair.approve',
    params: () => ({ requestId: UNKNOWN_ID }),
    message: 'unknown requestId',
  },
  {
    what: 'a rejection of nothing',
    method: 'device.pair.reject',
    params: () => ({ requestId: UNKNOWN_ID }),
    message: 'unknown requestId',
  },
  {
    what: 'a removal of nobody',
    method: 'device.pair.remove',
    params: () => ({ deviceId: NOBODY }),
    message: 'unknown deviceId',
  },
  {
    what: 'a name for nobody',
    method: 'device.pair.rename',
    params: () => ({ deviceId: NOBODY, label: 'x' }),
    message: 'unknown deviceId',
  },
  {
    what: 'no name',
    method: 'device.pair.rename',
    params: ({ device }) => ({ deviceId: device.id, label: ' ' }),
    message: 'label required',
  },
  {
    what: 'a name that is too long',
    method: 'device.pair.rename',
    params: ({ device }) => ({ deviceId: device.id, label: 'x'.repeat(65) }),
    message: 'a label has 1 to 64 characters',
  },
  {
    what: 'a rotation for nobody',
    method: 'device.token.rotate',
    params: () => ({ deviceId: NOBODY, role: 'operator' }),
    message: 'unknown deviceId/role',
  },
  {
    what: 'a rotation of a role that it has not',
    method: 'device.token.rotate',
    params: ({ device }) => ({ deviceId: device.id, role: 'node' }),
    message: 'unknown deviceId/role',
  },
  {
    what: 'a rotation beyond what was approved',
    method: 'device.token.rotate',
    params: ({ device }) => ({ deviceId: device.id, role: 'operator', scopes: ['operator.write'] }),
    message: 'device token rotation denied',
  },
  {
    what: 'a revocation for nobody',
    method: 'device.token.revoke',
    params: () => ({ deviceId: NOBODY, role: 'operator' }),
    message: 'unknown deviceId/role',
  },
  {
    what: 'a revocation of a role that it has not',
    method: 'device.token.revoke',
    params: ({ device }) => ({ deviceId: device.id, role: 'node' }),
    message: 'unknown deviceId/role',
  },
];

/** PROTOCOL 5.5: what takes an admin, asked by who is none. The 2026.9 command line tries again with what is missing. */
const DENIED: readonly (Row & { readonly message: string })[] = [
  {
    what: 'a removal of a node',
    method: 'device.pair.remove',
    params: ({ node }) => ({ deviceId: node.id }),
    message: 'device pairing removal denied',
  },
  {
    what: 'a rotation of a node’s token',
    method: 'device.token.rotate',
    params: ({ node }) => ({ deviceId: node.id, role: 'node' }),
    message: 'device token rotation denied',
  },
  {
    what: 'a revocation of a node',
    method: 'device.token.revoke',
    params: ({ node }) => ({ deviceId: node.id, role: 'node' }),
    message: 'device token revocation denied',
  },
];

async function call(stage: Scene, { method, params }: Row): Promise<Frame> {
  return stage.client.request(method, params(stage));
}

describe.each([3, 4] as const)('calls with protocol %d', (protocol) => {
  it.each(RESULTS)('$what: its result has these keys and no others', async ({ result, ...row }) => {
    const stage = await scene(protocol, ADMIN_BUNDLE);
    const { payload } = await call(stage, row);
    expect(payload).toEqual(result(stage));
  });

  it.each(REFUSED)('$what: $message', async ({ message, ...row }) => {
    const { error } = await call(await scene(protocol, ADMIN_BUNDLE), row);
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', message });
  });

  it.each(DENIED)('$what: $message, and what is missing', async ({ message, ...row }) => {
    const { error } = await call(await scene(protocol, MANAGE), row);
    expect(error).toMatchObject({
      code: 'INVALID_REQUEST',
      message,
      details: { code: 'MISSING_SCOPE', missingScope: 'operator.admin' },
    });
  });

  it('rotates its own token, and is given it: it has proved the device’s key', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, MANAGE);
    const { client } = await live(house, { device, scopes: MANAGE, protocol });
    const { payload } = await client.request('device.token.rotate', {
      deviceId: device.id,
      role: 'operator',
    });
    expect(payload).toMatchObject({ tokenDelivery: 'in-band', token: expect.stringMatching(/^atk1_/) });
    const next = await live(house, { device, scopes: MANAGE, auth: { deviceToken: payload.token } });
    expect(next.hello.auth.deviceToken).toBe(payload.token);
  });
});

/** PROTOCOL 5.4: who hears of requests and decisions. */
const LISTENERS = [
  { who: 'an admin', scopes: ['operator.admin'], hears: true },
  { who: 'who may pair', scopes: ['operator.pairing'], hears: true },
  { who: 'who may approve commands', scopes: ['operator.approvals'], hears: false },
  { who: 'who may write', scopes: ['operator.write'], hears: false },
  { who: 'a node', scopes: [], role: 'node', hears: false },
] as const;

describe('device.pair.requested and device.pair.resolved', () => {
  it.each(LISTENERS)('$who: $hears', async ({ scopes, hears, ...ask }) => {
    const house = await openHouse();
    const device = newDevice();
    const role = 'role' in ask ? ask.role : 'operator';
    await pair(house, device, scopes, role);
    const { client } = await live(house, { device, scopes, role, mode: 'node' });
    const { requestId } = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    await approve(house.owner, requestId);
    await house.gateway.turn();
    // Everything that was sent before the answer is here with it.
    await client.request('health');
    const heard = client.frames
      .filter(({ event }) => event?.startsWith('device.pair.'))
      .map(({ event }) => event);
    expect(heard).toEqual(hears ? ['device.pair.requested', 'device.pair.resolved'] : []);
  });

  it('the first carries the row that the list shows; the device itself hears neither', async () => {
    const house = await openHouse();
    const manager = newDevice();
    await pair(house, manager, MANAGE);
    const { client } = await live(house, { device: manager, scopes: MANAGE });
    const waiting = await wait(house, { device: newDevice(), scopes: READ, mode: 'node', auth: SHARED });
    const { payload } = await client.event('device.pair.requested');
    expect((await client.request('device.pair.list', {})).payload.pending).toEqual([payload]);
    expect(waiting.client.frames.map(({ event }) => event)).toEqual(['connect.challenge', 'connect.pending']);
  });
});
