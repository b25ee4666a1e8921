/** Programs that were thrown off and came back for ever. */
// Outside: #148866: a gateway restarts itself again and again with bind=lan; no device and no pairing is in it.
import { describe, expect, it } from 'vitest';
import { rotate } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { openHouse } from '../support/harness.ts';
import { OfficialDevice, OfficialProgram } from '../support/official-client.ts';
import { ADMIN_BUNDLE, ASKED, history, MANAGE, openRequest, pair, READ, WRITE } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import {
  comeBack,
  knock,
  LOCAL,
  OLD_CLI,
  OLD_TOOL,
  ownerHere,
  PROBE,
  pairedHere,
  TOOL,
  upgradeLines,
  visit,
} from './programs.ts';

const APPROVALS = ['operator.approvals'];

describe('scopes that the device has by another name', () => {
  it('#21688, 2b.1: rotated to admin, approvals and pairing, `status` probes and reads', async () => {
    // Upstream compared scopes by exact membership: operator.read was an upgrade for a device that held admin.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house);
    await rotate(house.owner, device.id, 'operator', ADMIN_BUNDLE);
    const lines = house.audit.length;
    for (let run = 0; run < 5; run++) {
      const probe = await visit(house, { ...PROBE, protocol: 3, device, scopes: ['operator.admin'] });
      const channels = await visit(house, { ...OLD_TOOL, device, scopes: READ });
      expect([probe.told, channels.told]).toEqual(['let in', 'let in']);
      expect(channels.scopes).toEqual(READ);
    }
    expect(await history(house, device.id, ...ASKED)).toEqual([]);
    expect(house.audit).toHaveLength(lines);
  });

  it('#23006, #22062, #23125: a device with the old bundle is an admin also for the scopes that came later', async () => {
    // 2026.2.19 brought operator.read and operator.write, and its pairing check knew no implication.
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, ADMIN_BUNDLE);
    for (const scopes of [READ, WRITE, [...READ, ...WRITE], ['operator.questions'], ['operator.talk']]) {
      const tool = await visit(house, { ...OLD_TOOL, device, scopes });
      expect(tool).toMatchObject({ told: 'let in', scopes });
    }
    expect(upgradeLines(house)).toEqual([]);
    expect(await openRequest(house, device.id)).toBeNull();
  });

  it('#24189, #21812, #21787: sessions_spawn and cron announce ask for operator.write with the command line’s identity', async () => {
    // The backend client's single scope was not in the record that the command line had made.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house);
    const announce = await knock(house, { ...OLD_TOOL, device, scopes: WRITE });
    expect(announce).toMatchObject({ told: 'let in', scopes: WRITE });
    // Both programs live side by side: neither took the other's rights away.
    const cli = await knock(house, { ...OLD_CLI, device });
    expect(cli).toMatchObject({ told: 'let in', scopes: ADMIN_BUNDLE });
    expect((await announce.client.request('health')).ok).toBe(true);
  });
});

describe('a device that really has less', () => {
  it('#21470: first paired to read, the command line asks for its bundle: one request, and what could read still reads', async () => {
    // The first connect pinned the scopes; every later command was refused, and none could be approved from there.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house, { ...OLD_TOOL, scopes: READ });
    for (let command = 0; command < 3; command++) {
      expect(await visit(house, { ...OLD_CLI, device })).toMatchObject({ scopes: READ });
    }
    const waiting = await knock(house, { ...OLD_CLI, device });
    expect((await waiting.client.request('status', {})).ok).toBe(true);
    const { error } = await waiting.client.request('device.pair.list', {});
    expect(error.message).toBe('missing scope: operator.pairing');
    const { requestId } = error.details;
    const owner = await ownerHere(house);
    expect((await owner.request('device.pair.approve', { requestId })).ok).toBe(true);
    const { payload } = await waiting.client.event('device.upgrade.resolved');
    expect(payload).toMatchObject({ requestId, outcome: 'approved', scopes: ADMIN_BUNDLE });
    expect(await visit(house, { ...OLD_CLI, device })).toMatchObject({ scopes: ADMIN_BUNDLE });
  });

  it('2b.2: a device from afar that asks for more stays connected, and is told of the approval on that socket', async () => {
    // Upstream closes with 1008 whatever part of the wish is approved; only the Control UI can be upgraded live.
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const program = await knock(house, { ...TOOL, device, scopes: [...APPROVALS, ...READ] });
    expect(program).toMatchObject({ told: 'let in', scopes: READ });
    expect((await program.client.request('health')).ok).toBe(true);
    await approve(house.owner, `${(await openRequest(house, device.id))?.id}.r1`);
    const { payload } = await program.client.event('device.upgrade.resolved');
    expect(payload).toMatchObject({ outcome: 'approved', scopes: [...APPROVALS, ...READ] });
    expect(program.client.close).toBeUndefined();
  });

  it('2b.11: forty attempts leave one audit line, one request and one line of refusal', async () => {
    // Upstream writes an audit line for each attempt: 30 attempts, 30 lines.
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, MANAGE);
    const before = upgradeLines(house).length;
    const log = house.log.length;
    const attempts = await comeBack(house, { ...OLD_TOOL, device, scopes: READ }, 40);
    expect(new Set(attempts.map(({ requestId }) => requestId)).size).toBe(1);
    expect(upgradeLines(house)).toHaveLength(before + 1);
    expect(house.log.length - log).toBeLessThanOrEqual(2);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(2);
  });
});

describe('clients that retry without a policy', () => {
  it('#20664: a storm of attempts within one second costs no write and no line of the log', async () => {
    // The mac app reconnected without any pause; each attempt was a record read, a pending write and a line.
    const house = await openHouse();
    const device = newDevice();
    const first = await visit(house, { ...OLD_TOOL, device, scopes: READ });
    const [head, lines] = [await house.store.head(), house.log.length];
    for (let attempt = 0; attempt < 200; attempt++) {
      const again = await visit(house, { ...OLD_TOOL, device, scopes: READ });
      expect(again.requestId).toBe(first.requestId);
    }
    expect(await house.store.head()).toBe(head);
    expect(house.log).toHaveLength(lines);
    expect(house.gateway.parked()).toBeLessThanOrEqual(8);
  });

  it('#65690, #69214, #70687: an internal approvals client with a read-only record makes one request, not 100 a minute', async () => {
    // The Telegram approvals loop retried by itself, past the client's own pause rules.
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const lines = house.log.length;
    const started = house.clock.now();
    let attempts = 0;
    for (; house.clock.now() - started < 60_000; attempts++) {
      const { client } = await knock(house, { ...OLD_TOOL, device, scopes: APPROVALS });
      await house.pass(2000);
      await client.closed();
      await house.pass(1000);
    }
    expect(attempts).toBe(20);
    expect(house.log.length - lines).toBeLessThanOrEqual(2);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(2);
  });

  it('#153611, 2b.21: the official client for channel approvals is told to wait, is not paused, and is let in', async () => {
    // Its bootstrap was started anew every 1000 ms on "pairing required".
    const house = await openHouse();
    const device = new OfficialDevice();
    const program = new OfficialProgram(house.gateway.url, device, { scopes: APPROVALS });
    const { requestId } = await program.event('connect.pending');
    await house.pass(7000);
    expect((await program.error()).details).toMatchObject({
      recommendedNextStep: 'wait_then_retry',
      retryable: true,
    });
    // It comes back by its own policy, to the same request.
    await program.until(() => program.events.filter(({ event }) => event === 'connect.pending')[1]);
    expect(program.pauses).toEqual([]);
    await approve(house.owner, requestId);
    expect((await program.hello()).auth.scopes).toEqual(APPROVALS);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });
});
