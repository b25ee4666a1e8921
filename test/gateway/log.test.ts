import { describe, expect, it } from 'vitest';
import type { ProofProblem } from '../../machines/denial.ts';
import { remove, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { openGatedHouse } from '../support/gated-store.ts';
import { type House, openHouse, SECRET, SHARED } from '../support/harness.ts';
import { live, openRequest, pair, READ, wait } from '../support/pairing.ts';
import { type Ask, newDevice } from '../support/raw-client.ts';

const UPGRADE = /scope-upgrade|pairing required/;

/** The lines of refusals, as `code kind`. */
function refusals({ log }: House): string[] {
  return log.flatMap((line) => {
    const match = /^connect refused code=(\S+) kind=(\S*)/.exec(line);
    return match ? [`${match[1]} ${match[2]}`.trim()] : [];
  });
}

async function refusedOnce(house: House, ask: Ask): Promise<void> {
  const { client, answer } = await house.connect(ask);
  expect(answer.ok).toBe(false);
  await client.closed();
}

describe('the log', () => {
  it('#21688: one line of the words that owners search for, however often a device comes back', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, ['operator.approvals', 'operator.pairing']);
    const from = house.log.length;
    for (let attempt = 0; attempt < 20; attempt++) {
      const { client, connectId } = await wait(house, { device, scopes: READ, mode: 'backend', protocol: 3 });
      await house.pass(2000);
      expect((await client.response(connectId)).error.message).toContain('pairing required');
    }
    const lines = house.log.slice(from).filter((line) => UPGRADE.test(line));
    expect(lines).toEqual([expect.stringContaining('device access upgrade requested reason=scope-upgrade')]);
    expect(lines[0]).toContain('scopesFrom=operator.approvals,operator.pairing scopesTo=operator.read ');
    expect(lines[0]).toContain(`device=${device.id}`);
    // The refusals themselves: their first is told, their repeats are not.
    expect(refusals(house)).toEqual(['PAIRING_REQUIRED']);
  });

  it('#72006: a wider wish is one line more, with the scopes of that revision', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, ['operator.pairing']);
    const from = house.log.length;
    const reader = await wait(house, { device, scopes: READ, mode: 'node' });
    const approver = await wait(house, { device, scopes: ['operator.approvals'], mode: 'node' });
    expect(approver.requestId).toBe(reader.requestId.replace('.r1', '.r2'));
    const lines = house.log.slice(from).filter((line) => UPGRADE.test(line));
    expect(lines).toEqual([
      expect.stringContaining(
        `request=${reader.requestId} scopesFrom=operator.pairing scopesTo=operator.read `,
      ),
      expect.stringContaining(
        `request=${approver.requestId} scopesFrom=operator.pairing scopesTo=operator.approvals,operator.read `,
      ),
    ]);
  });

  it('#21688: the second episode of a device is a line of its own', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, ['operator.pairing']);
    const from = house.log.length;
    for (const scopes of [READ, ['operator.approvals']]) {
      const { requestId } = await wait(house, { device, scopes, mode: 'node' });
      await approve(house.owner, requestId);
    }
    expect(house.log.slice(from).filter((line) => UPGRADE.test(line))).toHaveLength(2);
  });

  it('what a peer says of itself cannot make a line, or a field of a line', async () => {
    const house = await openHouse();
    const forged = 'x client="owner" by="gateway"';
    const { client } = await wait(house, {
      device: newDevice(),
      scopes: READ,
      platform: `linux\nsecurity audit: grant.revoked ${forged}`,
    });
    await house.pass(2000);
    await client.closed();
    expect(house.log.filter((line) => line.includes('grant.revoked') || line.includes('\n'))).toEqual([]);
  });
});

describe('what nobody has proved yet', () => {
  const REMOTE = { 'x-forwarded-for': '203.0.113.7' };
  const BEHIND_PROXY = { locality: { local: 'none', trustedProxies: ['127.0.0.1'] } } as const;

  it.each(['x ip="203.0.113.1" conn=1 by=owner', `${'f'.repeat(63)}\n`, 'F'.repeat(64), 'f'.repeat(63)])(
    'a device id that is no hash is refused as no identity, and never logged: %j',
    async (id) => {
      const house = await openHouse();
      const forge = (params: Record<string, unknown>) => ({
        ...params,
        device: { ...(params.device as object), id },
      });
      const { client, answer } = await house.connect({
        device: newDevice(),
        scopes: READ,
        auth: SHARED,
        forge,
      });
      expect(answer.error.message).toBe('device identity mismatch');
      await client.closed();
      expect(house.log.filter((line) => line.includes(id))).toEqual([]);
    },
  );

  it('100 connects of one address with a wrong secret and as many devices are one line', async () => {
    const house = await openHouse({ gateway: { ...BEHIND_PROXY, limits: { failures: 1000 } } });
    for (let attempt = 0; attempt < 100; attempt++) {
      const { client } = await house.connect(
        { device: newDevice(), scopes: READ, auth: { token: 'wrong' } },
        REMOTE,
      );
      await client.end();
    }
    expect(refusals(house)).toEqual(['CREDENTIAL_INVALID token-mismatch']);
  });

  it('so are those that are limited, and those that make up device tokens or proofs', async () => {
    const house = await openHouse({ gateway: { ...BEHIND_PROXY, limits: { failures: 5 } } });
    const forge = (params: Record<string, unknown>) => ({ ...params, scopes: ['operator.admin'] });
    for (let attempt = 0; attempt < 20; attempt++) {
      const made = attempt < 2 ? { forge, auth: SHARED } : { auth: { deviceToken: 'atk1_x' } };
      const { client } = await house.connect({ device: newDevice(), scopes: READ, ...made }, REMOTE);
      await client.end();
    }
    expect(refusals(house)).toEqual([
      'PROOF_INVALID signature-invalid',
      'CREDENTIAL_INVALID device-token-invalid',
      'RATE_LIMITED',
    ]);
  });
});

const PROOFS: Readonly<Record<Exclude<ProofProblem, 'key-invalid'>, Partial<Ask>>> = {
  'id-mismatch': {
    forge: (params) => ({ ...params, device: { ...(params.device as object), id: 'f'.repeat(64) } }),
  },
  'signature-stale': { signedAtMs: 1_771_400_000_000 },
  'nonce-missing': { nonce: '' },
  'nonce-mismatch': { nonce: '00000000-0000-4000-8000-000000000000' },
  'signature-invalid': { forge: (params) => ({ ...params, scopes: ['operator.admin'] }) },
};

describe('every kind of refusal is in the log', () => {
  it.each(Object.entries(PROOFS))('a proof that does not hold: %s', async (problem, forgery) => {
    const house = await openHouse();
    await refusedOnce(house, { device: newDevice(), scopes: READ, auth: SHARED, ...forgery });
    expect(refusals(house)).toEqual([`PROOF_INVALID ${problem}`]);
  });

  it('a shared secret: missing, wrong, none without a device, too many', async () => {
    const house = await openHouse({
      gateway: { limits: { failures: 2 }, locality: { local: 'none', trustedProxies: ['127.0.0.1'] } },
    });
    const device = newDevice();
    await refusedOnce(house, { device, scopes: READ });
    await refusedOnce(house, { device, scopes: READ, auth: { token: 'wrong' } });
    await refusedOnce(house, { device: null, role: 'node', auth: SHARED });
    const remote = { 'x-forwarded-for': '203.0.113.7' };
    for (let guess = 0; guess < 3; guess++) {
      const { client } = await house.connect(
        { device, scopes: READ, auth: { token: `guess ${guess}` } },
        remote,
      );
      await client.closed();
    }
    expect(refusals(house)).toEqual([
      'CREDENTIAL_INVALID token-missing',
      'CREDENTIAL_INVALID token-mismatch',
      'DEVICE_REQUIRED',
      // Of another address.
      'CREDENTIAL_INVALID token-mismatch',
      'RATE_LIMITED',
    ]);
  });

  it('a password: missing and wrong', async () => {
    const house = await openHouse({ gateway: { auth: { mode: 'password', secret: SECRET } } });
    await refusedOnce(house, { device: newDevice(), scopes: READ });
    await refusedOnce(house, { device: newDevice(), scopes: READ, auth: { password: 'wrong' } });
    expect(refusals(house)).toEqual([
      'CREDENTIAL_INVALID password-missing',
      'CREDENTIAL_INVALID password-mismatch',
    ]);
  });

  it('a device token: made up, superseded, revoked', async () => {
    const house = await openHouse();
    const device = newDevice();
    const token = await pair(house, device, READ);
    const forged = `${token.slice(0, -3)}xyz`;
    await refusedOnce(house, { device, scopes: READ, auth: { deviceToken: forged } });
    await rotate(house.owner, device.id, 'operator', null);
    await house.pass(31 * 24 * 3_600_000, 24 * 3_600_000);
    await refusedOnce(house, { device, scopes: READ, auth: { deviceToken: token } });
    await revoke(house.owner, device.id, 'operator');
    await refusedOnce(house, { device, scopes: READ, auth: { deviceToken: token } });
    expect(refusals(house)).toEqual([
      'CREDENTIAL_INVALID device-token-invalid',
      'CREDENTIAL_INVALID device-token-expired',
      'CREDENTIAL_INVALID device-token-revoked',
    ]);
  });

  it('a decision: rejected, narrowed, revoked, removed, expired', async () => {
    const house = await openHouse();
    const rejected = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    await reject(house.owner, rejected.requestId);
    await rejected.client.closed();
    const held = await openHouse({ gateway: { waiting: { manner: 'hold' } } });
    const two = await wait(held, {
      device: newDevice(),
      scopes: ['operator.approvals', ...READ],
      mode: 'node',
    });
    await approve(held.owner, two.requestId, READ);
    await two.client.closed();
    expect(refusals(held)).toEqual(['DECLINED narrowed']);
    const gone = newDevice();
    const removed = await wait(house, { device: gone, scopes: READ, mode: 'node' });
    await remove(house.owner, gone.id);
    await removed.client.closed();
    const old = newDevice();
    await pair(house, old, READ);
    await revoke(house.owner, old.id, 'operator');
    await refusedOnce(house, { device: old, scopes: READ, auth: SHARED });
    expect(refusals(house)).toEqual(['DECLINED rejected', 'REQUEST_ENDED removed', 'REVOKED']);
  });

  it('a request that the device itself took back under a waiter', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: READ });
    const held = await wait(house, { device, scopes: ['operator.approvals'], mode: 'node' });
    await client.request('device.scopes.withdrawUpgrade', { requestId: held.requestId });
    const { error } = await held.client.response(held.connectId);
    expect(error.details).toMatchObject({ outcome: 'withdrawn', pauseReconnect: false });
    expect(refusals(house)).toEqual(['REQUEST_ENDED withdrawn']);
  });

  it('a request that expired under a waiter, and a gateway that goes down', async () => {
    const house = await openHouse({
      authority: { terms: { lifetimeMs: 3000, longestLifeMs: 3000 } },
    });
    const device = newDevice();
    const expired = await wait(house, { device, scopes: READ, mode: 'node' });
    await house.pass(4000);
    await expired.client.closed();
    expect(await openRequest(house, device.id)).toBeNull();
    const parked = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    await house.gateway.stop('restart');
    await parked.client.closed();
    expect(refusals(house)).toEqual(['REQUEST_ENDED expired', 'DRAINING']);
  });

  it('a store that does not answer: nothing is decided, and that is said', async () => {
    const { house, gates } = await openGatedHouse();
    gates.breakDown(new Error('the disk is gone'));
    const { client, answer } = await house.connect({ device: newDevice(), scopes: READ, auth: SHARED });
    expect(answer.error).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect((await client.closed()).code).toBe(1013);
    expect(refusals(house)).toEqual(['UNDECIDED']);
    expect(house.log.join('\n')).toContain('the disk is gone');
    gates.breakDown(null);
    await wait(house, { device: newDevice(), scopes: READ });
  });
});
