/** Request ids that were gone by the time a person had typed them, and outcomes that were told as another one. */
import { describe, expect, it } from 'vitest';
import { remove } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { openHouse } from '../support/harness.ts';
import { ADMIN_BUNDLE, ASKED, grantOf, history, openRequest, pair, READ, WRITE } from '../support/pairing.ts';
import { newDevice, type RawClient } from '../support/raw-client.ts';
import {
  AFAR,
  CLI,
  comeBack,
  knock,
  LOCAL,
  NODE_HOST,
  OLD_CLI,
  OLD_TOOL,
  ownerHere,
  TOOL,
  visit,
} from './programs.ts';

const DAY = 24 * 60 * 60_000;

async function listed(owner: RawClient): Promise<readonly string[]> {
  const { payload } = await owner.request('device.pair.list', {});
  return payload.pending.map(({ requestId }: { requestId: string }) => requestId);
}

describe('an id that a person has read', () => {
  it('#69024, #81980, #97957, #81442: list, the device retries, approve', async () => {
    // The id was replaced between the two commands; the command line's own connect could replace it, too.
    const house = await openHouse(LOCAL);
    const device = newDevice();
    await visit(house, { ...OLD_TOOL, device, scopes: READ }, AFAR);
    const owner = await ownerHere(house);
    const [id] = await listed(owner);
    for (const scopes of [READ, WRITE, READ, ['operator.approvals']]) {
      await visit(house, { ...OLD_TOOL, device, scopes }, AFAR);
    }
    // Each command is a connection of its own.
    const command = await ownerHere(house);
    expect((await command.request('device.pair.approve', { requestId: id })).ok).toBe(true);
    expect(await grantOf(house, device.id)).toEqual(READ);
  });

  it('#74484, 2b.6: a device that alternates between operator and node keeps one id for each', async () => {
    // One slot for a device: each change of the primary role deleted the id of the other.
    const house = await openHouse(LOCAL);
    const device = newDevice();
    const ids = new Set<string>();
    for (let round = 0; round < 10; round++) {
      ids.add((await visit(house, { ...TOOL, device, scopes: READ }, AFAR)).requestId);
      ids.add((await visit(house, { ...NODE_HOST, device }, AFAR)).requestId);
    }
    expect(ids.size).toBe(2);
    const owner = await ownerHere(house);
    expect(new Set(await listed(owner))).toEqual(ids);
    for (const requestId of ids) {
      expect((await owner.request('device.pair.approve', { requestId })).ok).toBe(true);
    }
  });

  it('#92666, 2b.6: a wish that grows seven times is one request, and each id that was shown still works', async () => {
    // Every growth was a new request with a new id.
    const house = await openHouse();
    const device = newDevice();
    const names = ['talk.secrets', 'questions', 'approvals', 'pairing', 'sessions.read', 'read', 'write'];
    const shown: string[] = [];
    for (const name of names) {
      shown.push((await visit(house, { ...OLD_TOOL, device, scopes: [`operator.${name}`] })).requestId);
    }
    expect(new Set(shown.map((id) => id.split('.')[0])).size).toBe(1);
    for (const requestId of shown) expect(await approve(house.owner, requestId)).toMatchObject({ ok: true });
    expect(await openRequest(house, device.id)).toBeNull();
    expect(await history(house, device.id, 'request.settled')).toHaveLength(1);
  });

  it('#21688: an id lives on while its device retries: an hour of it, with other gaps than upstream’s five minutes', async () => {
    // 2026.2.19 counted 300 s from the first attempt, and then made a new id, whatever came in between.
    const house = await openHouse();
    const device = newDevice();
    const ids = new Set<string>();
    for (let minute = 0; minute < 60; minute += 10) {
      ids.add((await visit(house, { ...OLD_TOOL, device, scopes: READ })).requestId);
      await house.pass(10 * 60_000, 60_000);
    }
    expect(ids.size).toBe(1);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });

  it('#92768, #56377: a change of platform each second makes no new id', async () => {
    // A metadata difference replaced the pending record: a new id every one or two seconds.
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const ids = new Set<string>();
    for (const platform of ['darwin 24.1', 'darwin 24.2', 'macos 15.2', 'linux', 'win32', 'windows']) {
      const scopes = ['operator.approvals'];
      ids.add((await visit(house, { ...TOOL, device, scopes, platform })).requestId);
    }
    expect([...ids]).toEqual([expect.stringMatching(/\.r1$/)]);
  });
});

describe('a decision that names what it decides', () => {
  it('#64158, threat "approve races": nothing approves “the latest”, and an id without its revision decides nothing', async () => {
    // `approve` without an id took the newest request, which another device could make in between.
    const house = await openHouse(LOCAL);
    const meant = await visit(house, { ...TOOL, device: newDevice(), scopes: READ }, AFAR);
    const sneaked = newDevice();
    await visit(house, { ...TOOL, device: sneaked, scopes: ADMIN_BUNDLE }, AFAR);
    const owner = await ownerHere(house);
    for (const params of [{}, { requestId: '' }, { requestId: 'latest' }, { latest: true }]) {
      expect((await owner.request('device.pair.approve', params)).ok).toBe(false);
    }
    const bare = await owner.request('device.pair.approve', { requestId: meant.requestId.split('.')[0] });
    expect(bare.error.details).toMatchObject({ code: 'REVISION_NEEDED', requestId: meant.requestId });
    expect((await owner.request('device.pair.approve', { requestId: meant.requestId })).ok).toBe(true);
    expect(await grantOf(house, sneaked.id)).toEqual([]);
  });

  it('#94040: an id that is settled says how, for a day, and not that it is unknown', async () => {
    // A click on a request that had been replaced did nothing, and said nothing.
    const house = await openHouse(LOCAL);
    const owner = await ownerHere(house);
    const { requestId } = await visit(house, { ...TOOL, device: newDevice(), scopes: READ }, AFAR);
    await owner.request('device.pair.reject', { requestId });
    await house.pass(DAY - 60_000, 60 * 60_000);
    const { error } = await owner.request('device.pair.approve', { requestId });
    expect(error.message).toMatch(
      /^already rejected by deviceless .*; to undo it: antechamber devices forgive/,
    );
  });
});

describe('how a request ended', () => {
  it('2b.9: managers are told approved, rejected, expired and removed apart; the waiters, too', async () => {
    // Upstream's event knows approved and rejected, says rejected for a replaced id, and nothing for an expiry.
    const house = await openHouse({
      gateway: { ...LOCAL.gateway, limits: { pingMs: 1e9 } },
      authority: { terms: { longestLifeMs: 60_000 } },
    });
    const owner = await ownerHere(house);
    const ask = () => ({ ...NODE_HOST, device: newDevice() });
    const [approved, rejected, expired] = [
      await knock(house, ask(), AFAR),
      await knock(house, ask(), AFAR),
      await visit(house, ask(), AFAR),
    ];
    const gone = ask();
    const removed = await knock(house, gone, AFAR);
    await approve(house.owner, approved.requestId);
    await reject(house.owner, rejected.requestId);
    await remove(house.owner, gone.device.id);
    await house.pass(61_000, 1000);
    await owner.request('device.pair.list', {});
    const told = owner.frames
      .filter(({ event }) => event === 'device.pair.resolved')
      .map(({ payload }) => [payload.requestId, payload.decision]);
    expect(told).toEqual([
      [approved.requestId, 'approved'],
      [rejected.requestId, 'rejected'],
      [removed.requestId, 'removed'],
      [expired.requestId, 'expired'],
    ]);
    expect((await approved.answer()).ok).toBe(true);
    expect((await rejected.answer()).error.details.outcome).toBe('rejected');
    expect((await removed.answer()).error.details.outcome).toBe('removed');
  });

  it('#87524, #62176: both generations of one command line come back to the same id', async () => {
    // An update changed what the client said of itself, and with it the id.
    const house = await openHouse();
    const device = newDevice();
    const old = await comeBack(house, { ...OLD_CLI, device }, 2);
    const updated = await comeBack(house, { ...CLI, device, scopes: ADMIN_BUNDLE, platform: 'macos' }, 2);
    expect(new Set([...old, ...updated].map(({ requestId }) => requestId)).size).toBe(1);
  });
});
