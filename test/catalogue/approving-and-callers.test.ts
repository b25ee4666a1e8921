/** Who may decide what: owners who could not approve, and callers who approved too much. */
import { describe, expect, it } from 'vitest';
import { approve, type LiveSession, ok } from '../../src/index.ts';
import { openHouse } from '../support/harness.ts';
import { ADMIN_BUNDLE, ASKED, grantOf, history, openRequest, pair, READ } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import {
  AFAR,
  CLI,
  knock,
  LOCAL,
  NODE_HOST,
  OLD_CLI,
  ownerHere,
  pairedHere,
  TOOL,
  visit,
} from './programs.ts';

const PAIRING = ['operator.pairing'];
const APPROVALS = ['operator.approvals'];

describe('an owner who cannot approve', () => {
  it('#17425, #18734, #22280, #22838: `devices approve` on a LAN reaches the gateway with the right to pair alone', async () => {
    // The command asked for its whole bundle with the same identity: it needed the upgrade that it came to approve.
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, [...PAIRING, ...READ]);
    const other = await knock(house, { ...TOOL, device: newDevice(), scopes: READ });
    for (const cli of [OLD_CLI, { ...CLI, scopes: ADMIN_BUNDLE }]) {
      const command = await knock(house, { ...cli, device });
      expect(command).toMatchObject({ told: 'let in', scopes: [...PAIRING, ...READ] });
      expect((await command.client.request('device.pair.list', {})).payload.pending).toHaveLength(1);
    }
    const asking = { ...CLI, device, scopes: [...PAIRING, ...READ] };
    const { client } = await knock(house, asking);
    expect((await client.request('device.pair.approve', { requestId: other.requestId })).ok).toBe(true);
    expect((await other.answer()).ok).toBe(true);
    expect(await openRequest(house, device.id)).toBeNull();
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });

  it('#95399, #81555, #92666, #74484, #118741, #94040: the sole device recovers: the owner is there without a device', async () => {
    // No other admin was left, its own approval was forbidden, and its id had changed by the next command.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house, { ...CLI, scopes: PAIRING });
    const blocked = await knock(house, { ...CLI, device, scopes: READ });
    const own = await knock(house, { ...CLI, device, scopes: [...PAIRING, ...READ] });
    const { error } = await own.client.request('device.pair.approve', { requestId: blocked.requestId });
    expect(error.details.remediationHint).toContain('antechamber devices approve');
    const owner = await ownerHere(house);
    const [shown] = (await owner.request('device.pair.list', {})).payload.pending;
    expect(shown.requestId).toBe(blocked.requestId);
    expect((await owner.request('device.pair.approve', { requestId: shown.requestId })).ok).toBe(true);
    expect((await blocked.answer()).payload.auth.scopes).toEqual(READ);
  });

  it('#81555: the sole device may at least reject its own request', async () => {
    // A repair of the own device could be neither approved nor rejected.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house, { ...CLI, scopes: PAIRING });
    const { requestId } = await visit(house, { ...TOOL, device, scopes: READ });
    const { client } = await knock(house, { ...CLI, device, scopes: PAIRING });
    expect((await client.request('device.pair.reject', { requestId })).ok).toBe(true);
    expect(await openRequest(house, device.id)).toBeNull();
    expect(await grantOf(house, device.id)).toEqual(PAIRING);
  });

  it('#76349, #76956: an admin’s device asks for pairing alone, is denied in the known words, and gets through as admin', async () => {
    // The call was judged by the scopes of its connection, and ended as device-ownership-mismatch.
    const house = await openHouse();
    const admin = newDevice();
    const deviceToken = await pair(house, admin, ADMIN_BUNDLE);
    const { requestId } = await visit(house, { ...TOOL, device: newDevice(), scopes: READ });
    const ask = { ...CLI, device: admin, auth: { deviceToken } };
    const first = await knock(house, { ...ask, scopes: PAIRING });
    const denied = await first.client.request('device.pair.approve', { requestId });
    // On these words, and no others, 2026.9's command line tries again as admin.
    expect(denied.error.message).toBe('device pairing approval denied');
    const second = await knock(house, { ...ask, scopes: ['operator.admin'] });
    expect((await second.client.request('device.pair.approve', { requestId })).ok).toBe(true);
  });
});

interface Right {
  readonly caller: string;
  readonly scopes: readonly string[];
  readonly isBearer?: true;
  /** What it may do to another operator's device that asks for `operator.approvals`, and to a node. */
  readonly may: readonly string[];
}

const ALL = ['approve', 'approve node', 'rotate', 'rotate node', 'revoke', 'revoke node'];
const RIGHTS: readonly Right[] = [
  { caller: 'an admin by the shared secret', scopes: ADMIN_BUNDLE, may: ALL },
  { caller: 'an admin by its device token', scopes: ADMIN_BUNDLE, isBearer: true, may: ALL },
  {
    caller: 'a manager that covers it, by the shared secret',
    scopes: [...APPROVALS, ...PAIRING],
    may: ['approve', 'rotate', 'revoke'],
  },
  { caller: 'a manager that does not', scopes: [...PAIRING, ...READ], may: ['rotate', 'revoke'] },
  { caller: 'a manager by its device token', scopes: [...APPROVALS, ...PAIRING], isBearer: true, may: [] },
  { caller: 'a reader', scopes: READ, may: [] },
];

describe('#138491, #138492, #135617: what a caller may do to others, PROTOCOL 5.5', () => {
  // The command line computed the scopes of its calls by itself: some were denied, others allowed too much.
  it.each(RIGHTS)('#138491, #138492, #135617: $caller', async ({ scopes, isBearer, may }) => {
    const house = await openHouse();
    const caller = newDevice();
    const deviceToken = await pair(house, caller, scopes);
    const [device, node] = [newDevice(), newDevice()];
    await pair(house, device, READ);
    await pair(house, node, [], 'node');
    const wider = await visit(house, { ...TOOL, device, scopes: APPROVALS });
    const strange = await visit(house, { ...NODE_HOST, device: newDevice() });
    const auth = isBearer && { auth: { deviceToken } };
    const { client } = await knock(house, { ...CLI, device: caller, scopes, ...auth });
    const operator = { deviceId: device.id, role: 'operator' };
    const ofNode = { deviceId: node.id, role: 'node' };
    const calls: readonly [string, string, object][] = [
      ['approve', 'device.pair.approve', { requestId: wider.requestId }],
      ['approve node', 'device.pair.approve', { requestId: strange.requestId }],
      ['rotate', 'device.token.rotate', operator],
      ['rotate node', 'device.token.rotate', ofNode],
      ['revoke', 'device.token.revoke', operator],
      ['revoke node', 'device.token.revoke', ofNode],
    ];
    const done: string[] = [];
    for (const [name, method, params] of calls) {
      const answer = await client.request(method, params);
      if (answer.ok) done.push(name);
      else expect(answer.error.message).toMatch(/denied$|^missing scope: operator\.pairing$/);
    }
    expect(done).toEqual(may);
  });
});

describe('a caller that gives more than it has', () => {
  it('GHSA-hf68-49fm-59cq, CVE-2026-35639, threat "escalation by approve": the right to pair does not make admins', async () => {
    // Whoever held operator.pairing could approve a request for operator.admin.
    const house = await openHouse();
    const manager = newDevice();
    await pair(house, manager, [...PAIRING, ...READ]);
    const accomplice = newDevice();
    const { requestId } = await visit(house, { ...TOOL, device: accomplice, scopes: ADMIN_BUNDLE });
    const { client } = await knock(house, { ...CLI, device: manager, scopes: [...PAIRING, ...READ] });
    const { error } = await client.request('device.pair.approve', { requestId });
    expect(error).toMatchObject({
      message: 'device pairing approval denied',
      details: { code: 'MISSING_SCOPE', missingScope: 'operator.admin' },
    });
    expect(await grantOf(house, accomplice.id)).toEqual([]);
  });

  it('GHSA-4jpw-hj22-2xmc: a manager rotates no other device to scopes that it has not itself', async () => {
    // device.token.rotate minted whatever it was asked for, admin included.
    const house = await openHouse();
    const [manager, other] = [newDevice(), newDevice()];
    await pair(house, manager, PAIRING);
    await pair(house, other, ADMIN_BUNDLE);
    const { client } = await knock(house, { ...CLI, device: manager, scopes: PAIRING });
    const rotation = { deviceId: other.id, role: 'operator' };
    expect((await client.request('device.token.rotate', { ...rotation, scopes: READ })).ok).toBe(true);
    const { error } = await client.request('device.token.rotate', { ...rotation, scopes: ADMIN_BUNDLE });
    expect(error).toMatchObject({ message: 'device token rotation denied' });
    expect(await grantOf(house, other.id)).toEqual(READ);
    // Nor is it shown the token that its rotation made.
    const { payload } = await client.request('device.token.rotate', rotation);
    expect(payload).not.toHaveProperty('token');
  });

  it('#50626, #50627, GHSA-xrq9-jm7v-g9h7, CVE-2026-41909: by its token a device sees and touches itself alone', async () => {
    // A paired device could list, approve and rotate the others by naming them.
    const house = await openHouse();
    const [own, other] = [newDevice(), newDevice()];
    const deviceToken = await pair(house, own, [...PAIRING, ...READ]);
    await pair(house, other, READ);
    const stranger = await visit(house, { ...TOOL, device: newDevice(), scopes: READ });
    const ask = { ...CLI, device: own, scopes: PAIRING, auth: { deviceToken } };
    const { client } = await knock(house, ask);
    const { payload } = await client.request('device.pair.list', {});
    expect(payload).toMatchObject({ pending: [], paired: [{ deviceId: own.id }] });
    expect(payload.paired).toHaveLength(1);
    const role = { deviceId: other.id, role: 'operator' };
    for (const [method, params] of [
      ['device.token.rotate', role],
      ['device.token.revoke', role],
      ['device.pair.remove', { deviceId: other.id }],
      ['device.pair.approve', { requestId: stranger.requestId }],
    ] as const) {
      expect((await client.request(method, params)).error.message).toMatch(/denied$/);
    }
    expect(await visit(house, { ...TOOL, device: other, scopes: READ })).toMatchObject({ told: 'let in' });
    // Its own it may rotate.
    expect((await client.request('device.token.rotate', { ...role, deviceId: own.id })).ok).toBe(true);
  });

  it('threat "self-approval": a device does not approve itself, by whatever credential and in whatever role', async () => {
    // Upstream stops a device token that is not admin; a shared secret beside the device was no obstacle.
    const house = await openHouse();
    const device = newDevice();
    const deviceToken = await pair(house, device, ADMIN_BUNDLE);
    const { requestId } = await visit(house, { ...NODE_HOST, device });
    for (const auth of [undefined, { deviceToken }]) {
      const admin = await knock(house, { ...CLI, device, scopes: ADMIN_BUNDLE, ...(auth && { auth }) });
      const { error } = await admin.client.request('device.pair.approve', { requestId });
      expect(error.details).toMatchObject({ reason: 'own-widening' });
    }
    expect((await openRequest(house, device.id, 'node'))?.revisions).toHaveLength(1);
  });

  it('GHSA-hc5h-pmr3-3497, CVE-2026-33579: a chat command that approves has to say for whom, and gives no more than they have', async () => {
    // The chat's `/pair approve` called the approval without the scopes of the one who had typed it.
    const house = await openHouse({
      gateway: {
        methods: {
          'chat.pair.approve': {
            scope: 'operator.pairing',
            handle: ({ session, params }) => approveFor(session, String(params)),
          },
        },
      },
    });
    async function approveFor({ deviceId, scopes }: LiveSession, requestId: string) {
      const caller = { class: 'device-shared-secret', deviceId, name: 'chat', scopes } as const;
      return ok(await approve({ authority: house.authority, caller, origin: {} }, requestId));
    }
    const typing = newDevice();
    await pair(house, typing, PAIRING);
    const asking = newDevice();
    const { requestId } = await visit(house, { ...TOOL, device: asking, scopes: ADMIN_BUNDLE });
    const { client } = await knock(house, { ...TOOL, device: typing, scopes: PAIRING });
    const { payload } = await client.request('chat.pair.approve', requestId);
    expect(payload).toMatchObject({ ok: false, denial: { missingScope: 'operator.admin' } });
    expect(await grantOf(house, asking.id)).toEqual([]);
  });
});

describe('callers without a device', () => {
  it('GHSA-rqpp-rjj8-7wv8: the scopes that a device-less peer from afar claims are claims', async () => {
    // Device-less clients with the shared token were given what they declared.
    const house = await openHouse(LOCAL);
    const { requestId } = await visit(house, { ...TOOL, device: newDevice(), scopes: READ }, AFAR);
    const peer = await knock(house, { ...CLI, device: null, scopes: ADMIN_BUNDLE }, AFAR);
    expect(peer).toMatchObject({ told: 'let in', scopes: [], deviceToken: undefined });
    for (const [method, params] of [
      ['device.pair.list', {}],
      ['device.pair.approve', { requestId }],
      ['health', {}],
    ] as const) {
      expect((await peer.client.request(method, params)).error.message).toMatch(/^missing scope: operator\./);
    }
  });
});
