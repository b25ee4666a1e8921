import { describe, expect, it } from 'vitest';
import { forgive, rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { openHouse, SHARED } from '../support/harness.ts';
import { ASKED, grantOf, history, live, openRequest, pair, READ, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

const APPROVALS = ['operator.approvals'];
const BOTH = [...APPROVALS, ...READ];
const HOUR = 60 * 60_000;

describe('a wish that widens while it is open', () => {
  it('#72006, I2: approving r1 after it became r2 gives r1 and leaves the rest open as r2', async () => {
    const house = await openHouse({ gateway: { waiting: { manner: 'hold' } } });
    const device = newDevice();
    const reader = await wait(house, { device, scopes: READ, mode: 'node' });
    const wider = await wait(house, { device, scopes: BOTH, mode: 'node' });
    expect(wider.requestId).toBe(reader.requestId.replace('.r1', '.r2'));
    expect(await approve(house.owner, reader.requestId)).toMatchObject({ ok: true });
    expect((await reader.client.response(reader.connectId)).payload.auth.scopes).toEqual(READ);
    expect(await grantOf(house, device.id)).toEqual(READ);
    expect((await openRequest(house, device.id))?.revisions).toHaveLength(2);
    expect(wider.client.frames.some(({ type }) => type === 'res')).toBe(false);
    expect(await approve(house.owner, wider.requestId)).toMatchObject({ ok: true });
    expect((await wider.client.response(wider.connectId)).payload.auth.scopes).toEqual(BOTH);
  });

  it('#72006, I2: approving r2 before r1 is named settles both, and r1 is then answered as approved', async () => {
    const house = await openHouse();
    const device = newDevice();
    const reader = await wait(house, { device, scopes: READ, mode: 'node' });
    const wider = await wait(house, { device, scopes: BOTH, mode: 'node' });
    await approve(house.owner, wider.requestId);
    const scopes = await Promise.all(
      [reader, wider].map(({ client, connectId }) => client.response(connectId)),
    );
    expect(scopes.map(({ payload }) => payload.auth.scopes)).toEqual([READ, BOTH]);
    expect(await approve(house.owner, reader.requestId)).toMatchObject({ ok: true });
    expect(await reject(house.owner, reader.requestId)).toMatchObject({
      ok: false,
      denial: { kind: 'already', outcome: 'approved' },
    });
    expect(await history(house, device.id, 'request.settled')).toHaveLength(1);
  });

  it('#69024, #81980: an id from a list still approves after retries and after the wish grew', async () => {
    const house = await openHouse();
    const device = newDevice();
    const { requestId, client } = await wait(house, { device, scopes: READ });
    await house.pass(2000);
    await client.closed();
    for (let retry = 0; retry < 5; retry++) {
      const again = await wait(house, { device, scopes: READ });
      expect(again.requestId).toBe(requestId);
      await again.client.end();
    }
    await wait(house, { device, scopes: BOTH });
    expect(await approve(house.owner, requestId)).toMatchObject({ ok: true });
    expect(await grantOf(house, device.id)).toEqual(READ);
  });

  it('I2: an id without its revision is refused with the exact command, and grants nothing', async () => {
    const house = await openHouse({ gateway: { locality: { local: 'auto' } } });
    const { client: owner } = await live(house, { scopes: ['operator.admin'] });
    const device = newDevice();
    const remote = await house.client({ via: 'a proxy' });
    await remote.sendConnect({ device, scopes: READ, auth: SHARED });
    const { requestId } = (await remote.event('connect.pending')).payload;
    const bare = requestId.split('.')[0];
    const { error } = await owner.request('device.pair.approve', { requestId: bare });
    expect(error.message).toContain(`antechamber devices approve ${requestId}`);
    expect(error.details).toMatchObject({ code: 'REVISION_NEEDED', requestId });
    expect(await grantOf(house, device.id)).toEqual([]);
  });

  it('I2: a withdrawal without the revision is told the whole id, or that it is settled', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: READ });
    const { requestId } = (await client.request('device.scopes.requestUpgrade', { scopes: BOTH })).payload;
    const bare = requestId.split('.')[0];
    const open = await client.request('device.scopes.withdrawUpgrade', { requestId: bare });
    expect(open.error.message).toBe(`requestId needs its revision: send ${requestId}`);
    expect(open.error.details).toEqual({ code: 'REVISION_NEEDED', requestId });
    await approve(house.owner, requestId);
    const settled = await client.request('device.scopes.withdrawUpgrade', { requestId: bare });
    expect(settled.error.message).toBe('requestId needs its revision; that request is settled');
  });

  it('a program with a narrower wish joins and is freed by the wider approval', async () => {
    const house = await openHouse();
    const device = newDevice();
    const wider = await wait(house, { device, scopes: ['operator.write'], mode: 'node' });
    const narrow = await wait(house, { device, scopes: READ, mode: 'node' });
    expect(narrow.requestId).toBe(wider.requestId);
    await approve(house.owner, wider.requestId);
    expect((await narrow.client.response(narrow.connectId)).payload.auth.scopes).toEqual(READ);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });

  it('at most 8 revisions an episode: the ninth is refused with the id to approve', async () => {
    const house = await openHouse();
    const device = newDevice();
    const asked =
      'admin approvals pairing questions read sessions.read sessions.write talk.secrets talk write'
        .split(' ')
        .filter((name) => name !== 'admin')
        .map((name) => `operator.${name}`);
    // Incomparable with what is asked already: each is a revision of its own.
    const order = [
      'talk.secrets',
      'questions',
      'approvals',
      'pairing',
      'sessions.read',
      'talk',
      'read',
      'sessions.write',
    ];
    for (const [index, name] of order.entries()) {
      const { requestId } = await wait(house, { device, scopes: [`operator.${name}`], mode: 'node' });
      expect(requestId).toMatch(new RegExp(`\\.r${index + 1}$`));
    }
    const { answer } = await house.connect({ device, scopes: asked, mode: 'node', auth: SHARED });
    expect(answer.error.details).toMatchObject({ code: 'PAIRING_REQUIRED' });
    expect(answer.error.details.requestId).toMatch(/\.r8$/);
    expect((await openRequest(house, device.id))?.revisions).toHaveLength(8);
  });
});

describe('a decision that says no, or not all of it', () => {
  it('I13: a part is approved, the rest is declined, stays so for its quiet period, and can be forgiven', async () => {
    const house = await openHouse();
    const device = newDevice();
    const { client, connectId, requestId } = await wait(house, { device, scopes: BOTH, mode: 'node' });
    await approve(house.owner, requestId, READ);
    // Served with the part: `auto` waits with what it has.
    expect((await client.response(connectId)).payload.auth.scopes).toEqual(READ);
    const before = house.audit.length;
    for (let attempt = 0; attempt < 3; attempt++) {
      const { hello } = await live(house, { device, scopes: BOTH });
      expect(hello.auth).toEqual({ role: 'operator', scopes: READ });
      const { answer } = await house.connect({ device, scopes: APPROVALS, auth: SHARED });
      expect(answer.error.details).toMatchObject({ reason: 'declined', pauseReconnect: true });
    }
    expect(house.audit).toHaveLength(before);
    expect(await openRequest(house, device.id)).toBeNull();
    await forgive(house.owner, device.id);
    await wait(house, { device, scopes: APPROVALS });
  });

  it('I7: narrowed to one part, an approval of another part is told what stands', async () => {
    const house = await openHouse();
    const device = newDevice();
    const { requestId } = await wait(house, { device, scopes: BOTH, mode: 'node' });
    await approve(house.owner, requestId, READ);
    expect(await approve(house.owner, requestId, READ)).toMatchObject({ ok: true });
    for (const scopes of [APPROVALS, null]) {
      expect(await approve(house.owner, requestId, scopes)).toMatchObject({
        ok: false,
        denial: { kind: 'already', outcome: 'narrowed' },
      });
    }
    expect(await grantOf(house, device.id)).toEqual(READ);
  });

  it('I13, #8 of 2b: a rejected wish is refused at once until its quiet period is over, then it may ask again', async () => {
    const house = await openHouse();
    const device = newDevice();
    const { requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    await reject(house.owner, requestId);
    const lines = house.audit.length;
    for (let minute = 0; minute < 59; minute += 10) {
      const { answer } = await house.connect({ device, scopes: READ, auth: SHARED });
      expect(answer.error.details).toMatchObject({ reason: 'declined', outcome: 'rejected' });
      await house.pass(10 * 60_000 - 1, 10 * 60_000);
    }
    expect(house.audit).toHaveLength(lines);
    await house.pass(HOUR, HOUR);
    const again = await wait(house, { device, scopes: READ });
    expect(again.requestId).not.toBe(requestId);
  });

  it('I12, R13: a rejected widening does not lock the old grant out', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client, hello } = await live(house, { device, scopes: BOTH, mode: 'node' });
    expect(hello.auth.scopes).toEqual(READ);
    const open = await openRequest(house, device.id);
    await reject(house.owner, `${open?.id}.r1`);
    expect((await client.event('device.upgrade.resolved')).payload).toMatchObject({
      outcome: 'rejected',
      scopes: READ,
    });
    expect((await client.request('health')).ok).toBe(true);
    expect((await live(house, { device, scopes: BOTH })).hello.auth.scopes).toEqual(READ);
    expect(await openRequest(house, device.id)).toBeNull();
  });

  it('I13: padding a declined wish opens at most 3 episodes a quiet period', async () => {
    const house = await openHouse();
    const device = newDevice();
    const { requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    await reject(house.owner, requestId);
    const padding = ['approvals', 'pairing', 'questions', 'talk', 'talk.secrets', 'sessions.read'];
    const answers: string[] = [];
    for (const name of padding) {
      const client = await house.client();
      const connectId = await client.sendConnect({
        device,
        scopes: [...READ, `operator.${name}`],
        mode: 'node',
        auth: SHARED,
      });
      const frame = await client.until(() =>
        client.frames.find(({ event, id }) => event === 'connect.pending' || id === connectId),
      );
      answers.push(frame.event ?? frame.error.details.reason);
      if (frame.event) await reject(house.owner, frame.payload.requestId);
      await client.end();
    }
    expect(answers.slice(0, 3)).toEqual(Array(3).fill('connect.pending'));
    expect(answers.slice(3)).toEqual(Array(3).fill('declined'));
    expect(await history(house, device.id, 'request.opened')).toHaveLength(4);
  });

  it('R3: a rotation that reaches what is asked for settles the request as superseded, not as approved', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, BOTH);
    await rotate(house.owner, device.id, 'operator', APPROVALS);
    const { client, connectId } = await wait(house, { device, scopes: READ, mode: 'node' });
    await rotate(house.owner, device.id, 'operator', BOTH);
    expect((await client.response(connectId)).payload.auth.scopes).toEqual(READ);
    const [first, second] = await history(house, device.id, 'request.settled');
    expect(first?.detail).toMatchObject({ outcome: 'approved' });
    expect(second?.detail).toMatchObject({ outcome: 'superseded' });
  });

  it('I6: a request that expires is told as expired, and the next connect asks anew', async () => {
    const house = await openHouse({
      authority: { terms: { lifetimeMs: 5000, longestLifeMs: 5000 } },
    });
    const device = newDevice();
    const { client, connectId, requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    await house.pass(6000);
    const { error } = await client.response(connectId);
    expect(error.details).toMatchObject({ outcome: 'expired', requestId, pauseReconnect: false });
    expect(error.message).not.toMatch(/reject|declin/);
    expect(await approve(house.owner, requestId)).toMatchObject({
      ok: false,
      denial: { kind: 'already', outcome: 'expired' },
    });
    expect((await wait(house, { device, scopes: READ })).requestId).not.toBe(requestId);
  });
});
