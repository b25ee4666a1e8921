import { describe, expect, it } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { openHouse, SHARED } from '../support/harness.ts';
import { live, openRequest, pair, READ } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

const BOTH = ['operator.approvals', 'operator.read'];

/** PROTOCOL 5.1 of 2026.9, which is here for both generations: what is held, what is asked for, whether it is covered. */
const RELATION = [
  { held: ['operator.admin'], asked: ['operator.read'], covered: true },
  { held: ['operator.admin'], asked: ['operator.talk.secrets', 'operator.questions'], covered: true },
  {
    held: ['operator.write'],
    asked: ['operator.read', 'operator.talk', 'operator.sessions.write'],
    covered: true,
  },
  { held: ['operator.sessions.write'], asked: ['operator.sessions.read'], covered: true },
  { held: ['operator.read'], asked: ['operator.sessions.read'], covered: true },
  { held: ['operator.read'], asked: ['operator.write'], covered: false },
  { held: ['operator.talk'], asked: ['operator.talk.secrets'], covered: false },
  { held: ['operator.write'], asked: ['operator.approvals'], covered: false },
  { held: ['operator.pairing'], asked: ['operator.read'], covered: false },
] as const;

describe.each([3, 4] as const)('scopes with protocol %d', (protocol) => {
  it.each(RELATION)('$held covers $asked: $covered', async ({ held, asked, covered }) => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, held);
    const { client, answer } = await house.connect({
      device,
      scopes: asked,
      mode: 'probe',
      protocol,
      auth: SHARED,
    });
    await client.end();
    expect(answer.ok).toBe(covered);
    if (covered) expect(answer.payload.auth.scopes).toEqual([...asked].sort());
  });

  it('a call without its scope is refused in the words of its generation', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: READ, protocol });
    expect((await client.request('device.pair.list', {})).error).toMatchObject({
      code: protocol === 3 ? 'INVALID_REQUEST' : 'FORBIDDEN',
      message: 'missing scope: operator.pairing',
      details: {
        code: 'MISSING_SCOPE',
        missingScope: 'operator.pairing',
        requiredScopes: ['operator.pairing'],
      },
    });
  });

  it('who shows no device is told that, because there is nothing to approve', async () => {
    const house = await openHouse();
    const { client } = await live(house, { scopes: READ, protocol });
    const { error } = await client.request('health');
    expect(error.message).toBe('missing scope: operator.read');
    expect(error.details.remediationHint).toMatch(/^This connection shows no device/);
    expect(error.details).not.toHaveProperty('requestId');
  });

  it('an upgrade on the open session: asked for alone or with what is held, answered with all that is held then', async () => {
    for (const scopes of [['operator.approvals'], BOTH]) {
      const house = await openHouse();
      const device = newDevice();
      await pair(house, device, READ);
      const { client } = await live(house, { device, scopes: READ, protocol });
      const { payload } = await client.request('device.scopes.requestUpgrade', { scopes });
      const waiting = client.sendRequest('device.scopes.waitUpgrade', payload);
      expect((await openRequest(house, device.id))?.id).toBe(payload.requestId.split('.')[0]);
      await approve(house.owner, payload.requestId);
      expect((await client.response(waiting)).payload).toEqual({
        status: 'approved',
        requestId: payload.requestId,
        deviceToken: expect.stringMatching(/^atk1_/),
        scopes: BOTH,
        details: { outcome: 'approved' },
      });
    }
  });

  it('an upgrade that nobody asked for is not found', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: READ, protocol });
    const { error } = await client.request('device.scopes.waitUpgrade', { requestId: 'aaaaaaaaaaaaaaaa.r1' });
    expect(error).toMatchObject({
      code: 'INVALID_REQUEST',
      message: 'scope upgrade expired or not found',
    });
  });
});
