import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { covers } from '../../machines/policy.ts';
import { newestRevision } from '../../machines/record.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { type House, openHouse, SECRET, SHARED } from '../support/harness.ts';
import { ASKED, grantOf, history, live, openRequest, pair, READ, wait } from '../support/pairing.ts';
import { newDevice, type RawClient, type TestDevice } from '../support/raw-client.ts';

const CYCLES = 200;
const ROOMY = { limits: { parkedPerRole: 100, parkedPerAddress: 1000, pingMs: 1e9 } };

/** Sends a connect on each of some sockets without waiting for anything in between. */
async function volley(house: House, device: TestDevice, scopes: readonly string[], count = 8) {
  const clients = await Promise.all(Array.from({ length: count }, () => house.client()));
  await Promise.all(clients.map((client) => client.event('connect.challenge')));
  return {
    clients,
    sent: () =>
      Promise.all(
        clients.map((client) => client.sendConnect({ device, scopes, mode: 'node', auth: SHARED })),
      ),
  };
}

describe('connects in flight while an approval commits', () => {
  it(`I17: ${CYCLES} cycles with eight of them leave no request for what is granted`, async () => {
    const house = await openHouse({ gateway: ROOMY });
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const device = newDevice();
      const { client, requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
      const { clients, sent } = await volley(house, device, READ);
      const [ids] = await Promise.all([sent(), approve(house.owner, requestId)]);
      const answers = await Promise.all(clients.map((one, index) => one.response(ids[index] as string)));
      expect(answers.every(({ ok }) => ok)).toBe(true);
      expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
      expect(await openRequest(house, device.id)).toBeNull();
      await Promise.all([client, ...clients].map((one) => one.end()));
    }
  });

  it('I17, I3: the same for wishes that differ, of which the approval covers a part', async () => {
    const house = await openHouse({ gateway: ROOMY });
    for (let cycle = 0; cycle < 50; cycle++) {
      const device = newDevice();
      const { client, requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
      const narrow = await volley(house, device, READ, 4);
      const wide = await volley(house, device, ['operator.approvals', ...READ], 4);
      await Promise.all([narrow.sent(), wide.sent(), approve(house.owner, requestId)]);
      // Every socket is let in: with all it asked for, or with the part that is granted while the rest is asked for.
      const all = [...narrow.clients, ...wide.clients];
      const answers = await Promise.all(all.map((one) => one.response('r1')));
      expect(answers.map(({ payload }) => payload?.auth.scopes)).toEqual(answers.map(() => READ));
      const open = await openRequest(house, device.id);
      expect(open).not.toBeNull();
      const asked = open ? newestRevision(open).scopes : [];
      expect(covers(await grantOf(house, device.id), asked)).toBe(false);
      await Promise.all([client, ...all].map((one) => one.end()));
    }
  });
});

interface Ending {
  readonly name: string;
  readonly method: string;
  readonly params: object;
}

const ENDINGS: readonly Ending[] = [
  { name: 'a revocation', method: 'device.token.revoke', params: { role: 'operator' } },
  { name: 'a removal', method: 'device.pair.remove', params: {} },
  {
    name: 'a rotation that takes the read away',
    method: 'device.token.rotate',
    params: { role: 'operator', scopes: ['operator.approvals'] },
  },
];

function readersOf(house: House, { id }: TestDevice): number {
  return house.gateway
    .sessions()
    .filter(({ deviceId, scopes }) => deviceId === id && scopes.includes('operator.read')).length;
}

/** Resolves when a connect was answered, parked or closed: nothing more happens to it by itself. */
function cameToRest(client: RawClient): Promise<unknown> {
  return client.until(
    () => client.close ?? client.frames.find(({ id, event }) => id === 'r1' || event === 'connect.pending'),
  );
}

const BOTH = ['operator.approvals', 'operator.read'];

describe('I18: what races with the end of the rights', () => {
  it.each(ENDINGS)(
    `${CYCLES} cycles of $name: no socket of the device is or becomes live`,
    async (ending) => {
      const house = await openHouse({ gateway: { ...ROOMY, locality: { local: 'auto' } } });
      const remote = { via: 'a proxy' };
      const { client: manager } = await live(house, { scopes: ['operator.admin'] });
      let ended = 0;
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        const device = newDevice();
        const ask = { device, mode: 'node', auth: SHARED } as const;
        const clients = await Promise.all(Array.from({ length: 4 }, () => house.client(remote)));
        const [parked, ...others] = clients as [RawClient, ...RawClient[]];
        await Promise.all(others.map((one) => one.event('connect.challenge')));
        await parked.sendConnect({ ...ask, scopes: BOTH });
        const { payload } = await parked.event('connect.pending');
        // The approval releases the parked one and the others connect, while the ending is on its way.
        const connects = others.map((one) => one.sendConnect({ ...ask, scopes: READ }));
        const approval = approve(house.owner, payload.requestId);
        if (cycle % 4 > 0) await approval;
        const done = await manager.request(ending.method, { deviceId: device.id, ...ending.params });
        // An ending that came before the approval ended nothing.
        if (done.ok && (await approval).ok) ended += 1;
        if (done.ok) expect(readersOf(house, device)).toBe(0);
        await Promise.all([approval, ...connects]);
        await Promise.all(clients.map(cameToRest));
        if (done.ok) expect(readersOf(house, device)).toBe(0);
        await Promise.all(clients.map((one) => one.end()));
      }
      expect(ended).toBeGreaterThan(CYCLES / 2);
    },
  );

  it(`${CYCLES} cycles of a change of the shared secret: no socket that the old one let in is or becomes live`, async () => {
    const house = await openHouse({ gateway: ROOMY });
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    const { client: byToken } = await live(house, { device, scopes: READ, auth: { deviceToken } });
    let secret: string = SECRET;
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const clients = await Promise.all([1, 2, 3, 4].map(() => house.client()));
      const ask = { device, scopes: READ, mode: 'node', auth: { token: secret } } as const;
      await Promise.all(clients.map((one) => one.sendConnect(ask)));
      // Somewhere between the first frame and the last hello.
      for (let turn = 0; turn < cycle % 6; turn++) await setImmediate();
      secret = `secret number ${cycle}`;
      house.gateway.setAuth({ mode: 'token', secret });
      expect(house.gateway.sessions()).toHaveLength(1);
      const closes = await Promise.all(clients.map((one) => one.closed()));
      for (const { reason } of closes) expect(reason).toMatch(/gateway auth changed|gateway token mismatch/);
      expect(house.gateway.sessions()).toHaveLength(1);
    }
    expect((await byToken.request('health')).ok).toBe(true);
  });
});
