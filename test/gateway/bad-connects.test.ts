import { describe, expect, it } from 'vitest';
import { openHouse, SHARED } from '../support/harness.ts';
import { expectServing, live, pair, READ } from '../support/pairing.ts';
import { type Ask, newDevice } from '../support/raw-client.ts';

type Forge = NonNullable<Ask['forge']>;

const badScopes =
  (scopes: readonly unknown[]): Forge =>
  (params) => ({ ...params, scopes });
const badDevice =
  (change: object): Forge =>
  (params) => ({
    ...params,
    device: { ...(params.device as object), ...change },
  });

const CONNECTS: readonly (Ask & {
  readonly name: string;
  readonly message: string | RegExp;
  readonly details?: object;
})[] = [
  {
    name: 'a signature of somebody else',
    forge: badDevice({ signature: newDevice().sign('x') }),
    message: 'device signature invalid',
    details: { code: 'DEVICE_AUTH_SIGNATURE_INVALID', reason: 'device-signature' },
  },
  {
    name: 'a signature that is none',
    forge: badDevice({ signature: 'AAAA' }),
    message: 'device signature invalid',
  },
  {
    name: 'more scopes than were signed',
    forge: badScopes(['operator.admin']),
    message: 'device signature invalid',
  },
  {
    name: 'another role than was signed',
    forge: (params) => ({ ...params, role: 'node', scopes: [] }),
    message: 'device signature invalid',
  },
  {
    name: 'a stale signature',
    signedAtMs: 1_771_500_000_000 - 121_000,
    message: 'device signature expired',
    details: { code: 'DEVICE_AUTH_SIGNATURE_EXPIRED', reason: 'device-signature-stale' },
  },
  {
    name: 'a signature from the future',
    signedAtMs: 1_771_500_000_000 + 121_000,
    message: 'device signature expired',
  },
  {
    name: 'a foreign nonce',
    nonce: '11111111-2222-4333-8444-555555555555',
    message: 'device nonce mismatch',
    details: { code: 'DEVICE_AUTH_NONCE_MISMATCH', reason: 'device-nonce-mismatch' },
  },
  {
    name: 'no nonce',
    forge: badDevice({ nonce: undefined }),
    message: 'device nonce required',
    details: { code: 'DEVICE_AUTH_NONCE_REQUIRED', reason: 'device-nonce-missing' },
  },
  {
    name: 'an id that is not the key’s',
    forge: badDevice({ id: 'e'.repeat(64) }),
    message: 'device identity mismatch',
    details: { code: 'DEVICE_AUTH_DEVICE_ID_MISMATCH', reason: 'device-id-mismatch' },
  },
  {
    name: 'a key that is none',
    forge: badDevice({ publicKey: 'not a key' }),
    message: 'device identity mismatch',
  },
  { name: 'an unknown role', role: 'emperor', message: 'invalid role' },
  {
    name: 'a scope that hides two',
    scopes: ['operator.read,operator.admin'],
    message: /^invalid connect params: a scope must look like/,
  },
  {
    name: 'a scope with a bar',
    scopes: ['operator.read|x'],
    message: /^invalid connect params: a scope must look like/,
  },
  { name: 'a scope of the other role', scopes: ['node.invoke'], message: /does not belong to role operator/ },
  {
    name: 'scopes that are no texts',
    forge: badScopes([1, null]),
    message: /^invalid connect params: \/scopes/,
  },
  {
    name: '10,000 scopes',
    forge: badScopes(Array(10_000).fill('a')),
    message: 'invalid connect params: at most 64 scopes, got 10000',
  },
  {
    name: 'a client without an id',
    forge: (params) => ({ ...params, client: { version: '1', platform: 'x', mode: 'cli' } }),
    message: /^invalid connect params: \/client/,
  },
  { name: 'no params', forge: () => undefined as never, message: /^invalid connect params/ },
  { name: 'a bar in the client id', clientId: 'cli|cli', message: /^invalid connect params: \/client\/id/ },
  {
    name: 'an endless secret',
    auth: { token: 'x'.repeat(5000) },
    message: /^invalid connect params: \/auth\/token/,
  },
];

describe('a connect that does not hold', () => {
  it.each(CONNECTS)(
    '$name: the exact answer, 1008, and no trace in the store',
    async ({ name: _, message, details, ...ask }) => {
      const house = await openHouse();
      const { client, answer } = await house.connect({
        device: newDevice(),
        scopes: READ,
        auth: SHARED,
        ...ask,
      });
      expect(answer.ok).toBe(false);
      expect(answer.error.code).toBe('INVALID_REQUEST');
      expect(answer.error.message).toEqual(
        typeof message === 'string' ? message : expect.stringMatching(message),
      );
      if (details) expect(answer.error.details).toEqual(details);
      const { code, reason } = await client.closed();
      expect(code).toBe(1008);
      expect(answer.error.message.startsWith(reason.slice(0, 100))).toBe(true);
      expect(await house.store.list()).toEqual([]);
      expect(house.audit).toEqual([]);
      await expectServing(house);
    },
  );

  it('an old protocol and one that is not made yet are told what is spoken here', async () => {
    const house = await openHouse();
    for (const version of [2, 5]) {
      const forge = (params: object) => ({ ...params, minProtocol: version, maxProtocol: version });
      const { client, answer } = await house.connect({
        device: newDevice(),
        scopes: READ,
        auth: SHARED,
        forge,
      });
      expect(answer.error).toMatchObject({
        message: 'protocol mismatch',
        details: { code: 'PROTOCOL_MISMATCH' },
      });
      expect(await client.closed()).toEqual({ code: 1002, reason: 'protocol mismatch' });
    }
  });

  it('a scope that nobody knows is named in hello, never granted, never asked for', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { hello } = await live(house, { device, scopes: ['operator.read', 'operator.time-travel'] });
    expect(hello.auth).toMatchObject({ scopes: READ, unknownScopes: ['operator.time-travel'] });
    expect(house.audit).toHaveLength(2);
  });

  it('a recorded connect is worth nothing on another socket', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    let recorded: Record<string, unknown> = {};
    const { client } = await house.connect({
      device,
      scopes: READ,
      auth: SHARED,
      forge: (params) => {
        recorded = params;
        return params;
      },
    });
    await client.end();
    const { answer } = await house.connect({ forge: () => recorded });
    expect(answer.error.message).toBe('device nonce mismatch');
  });
});
