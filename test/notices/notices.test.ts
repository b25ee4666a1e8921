import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Authority } from '../../src/authority/authority.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { readNotice, readTrouble } from '../../src/notices/notice-memo.ts';
import { newNoticeSecret, readNoticeSecret } from '../../src/notices/notice-secret.ts';
import { type NoticeOptions, Notices } from '../../src/notices/notices.ts';
import { TestClock } from '../support/clock.ts';
import { type House, openHouse, openSecond } from '../support/harness.ts';
import { live, pair, READ, WRITE, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import { openReceiver } from './receiver.ts';

const SECRET = newNoticeSecret();
const KEY = readNoticeSecret(SECRET) as Buffer;

async function open(house: House, url: string, more: Partial<NoticeOptions> = {}) {
  const log: string[] = [];
  const results: string[] = [];
  const notices = new Notices({
    authority: house.authority,
    url,
    key: KEY,
    random: () => 0.5,
    log: {
      info: (text) => log.push(text),
      error: (fields, text) => log.push(`${text} ${JSON.stringify(fields)}`),
    },
    onResult: (result) => results.push(result),
    ...more,
  });
  await notices.start(false);
  onTestFinished(() => notices.stop());
  return { notices, log, results };
}

// The receiver's library allows the time of a message five minutes to either side of the machine's own.
const openNow = (options: Parameters<typeof openHouse>[0] = {}): Promise<House> =>
  openHouse({ ...options, clock: new TestClock(Date.now() - 240_000) });

const waits = (house: House, device = newDevice(), scopes = READ) =>
  wait(house, { device, scopes, mode: 'node' });

describe('a notice', () => {
  it('is one for each request and revision, signed, and none for an attempt', async () => {
    const house = await openNow();
    const receiver = await openReceiver(SECRET);
    const { notices, results } = await open(house, receiver.url);
    const device = newDevice();
    const first = await waits(house, device);
    await notices.turn();
    for (let attempt = 0; attempt < 5; attempt += 1) await waits(house, device);
    await house.pass(5 * 60_000, 60_000);
    await notices.turn();
    expect(receiver.received.map(({ id, type }) => [id, type])).toEqual([
      [first.requestId, 'device.request.opened'],
    ]);
    expect(receiver.received[0]?.data).toMatchObject({
      requestId: first.requestId,
      deviceId: device.id,
      role: 'operator',
      scopes: READ,
      missing: READ,
    });
    const wider = await waits(house, device, WRITE);
    await notices.turn();
    await notices.turn();
    expect(receiver.received.map(({ id }) => id)).toEqual([first.requestId, wider.requestId]);
    expect(receiver.received[1]?.type).toBe('device.request.widened');
    expect(receiver.forged).toEqual([]);
    expect(results).toEqual(['delivered', 'delivered']);
  });

  it('is refused by a receiver with another secret', async () => {
    const house = await openNow();
    const receiver = await openReceiver(newNoticeSecret());
    const { notices } = await open(house, receiver.url);
    await waits(house);
    await notices.turn();
    expect(receiver.forged.length).toBe(1);
    expect(receiver.received).toEqual([]);
  });

  it('of a request that is settled before it is sent is not sent, and a paired device’s upgrade has one', async () => {
    const house = await openNow();
    const receiver = await openReceiver(SECRET);
    const { notices } = await open(house, receiver.url);
    const waiting = await waits(house);
    expect((await reject(house.owner, waiting.requestId)).ok).toBe(true);
    const device = newDevice();
    await pair(house, device, READ);
    await notices.turn();
    expect(receiver.tried).toEqual([]);
    await live(house, { device, scopes: [...READ, ...WRITE], mode: 'node' });
    await notices.turn();
    expect(receiver.received[0]?.data).toMatchObject({ deviceId: device.id, missing: WRITE });
  });
});

describe('a receiver that fails', () => {
  it('is tried again, later and later, logged once, and shown until it works', async () => {
    const house = await openNow();
    const receiver = await openReceiver(SECRET);
    const { notices, log, results } = await open(house, receiver.url);
    const device = newDevice();
    const { requestId } = await waits(house, device);
    const startedMs = house.clock.now();
    receiver.answerWith(503);
    const triedAtS: number[] = [];
    for (let second = 0; second < 160; second += 1) {
      const before = receiver.tried.length;
      await notices.turn();
      if (receiver.tried.length > before) triedAtS.push(second);
      house.clock.advance(1000);
    }
    expect(triedAtS).toEqual([0, 5, 15, 35, 75, 155]);
    expect(new Set(receiver.tried)).toEqual(new Set([requestId]));
    expect(log.length).toBe(1);
    expect(log[0]).toContain(requestId);
    expect(await readTrouble(house.store)).toMatchObject({ sinceMs: startedMs, problem: 'it answered 503' });
    expect(JSON.stringify([log, await readTrouble(house.store)])).not.toContain('hidden');
    receiver.answerWith(200);
    house.clock.advance(160_000);
    await notices.turn();
    expect(receiver.received.map(({ id }) => id)).toEqual([requestId]);
    expect(await readTrouble(house.store)).toBeNull();
    expect(log.length).toBe(2);
    expect(results.filter((result) => result === 'failed').length).toBe(6);
    expect(results.at(-1)).toBe('delivered');
  });

  it('that redirects is not followed', async () => {
    const house = await openNow();
    const receiver = await openReceiver(SECRET);
    const elsewhere = await openReceiver(SECRET);
    const { notices } = await open(house, receiver.url);
    await waits(house);
    receiver.answerWith(307, elsewhere.url);
    await notices.turn();
    expect(receiver.tried.length).toBe(1);
    expect(elsewhere.tried).toEqual([]);
    expect((await readTrouble(house.store))?.problem).toBe('it answered 307, and redirects are not followed');
  });

  it('that never answers holds nothing up for longer than its time', async () => {
    const house = await openNow();
    const receiver = await openReceiver(SECRET);
    const { notices } = await open(house, receiver.url, { timeoutMs: 100 });
    await waits(house);
    const release = receiver.hold();
    await notices.turn();
    release();
    expect((await readTrouble(house.store))?.problem).toBe('no answer within 0.1 s');
  });

  it('is given up after a day, or at once where it says that it is gone', async () => {
    const house = await openNow({ authority: { terms: { lifetimeMs: 3 * 24 * 3_600_000 } } });
    const receiver = await openReceiver(SECRET);
    const { notices, results } = await open(house, receiver.url);
    await waits(house);
    receiver.answerWith(500);
    for (let hour = 0; hour < 30; hour += 1) {
      await notices.turn();
      house.clock.advance(3_600_000 * 1.3);
    }
    expect(results.at(-1)).toBe('given-up');
    const tries = receiver.tried.length;
    expect(tries).toBeGreaterThan(15);
    expect(tries).toBeLessThan(22);
    receiver.answerWith(410);
    await waits(house);
    await notices.turn();
    house.clock.advance(24 * 3_600_000);
    await notices.turn();
    expect(receiver.tried.length).toBe(tries + 1);
    expect(results.filter((result) => result === 'given-up').length).toBe(2);
  });

  it('that is not there is told as the system tells it', async () => {
    const house = await openNow();
    const { notices } = await open(house, await closedPort());
    await waits(house);
    await notices.turn();
    expect((await readTrouble(house.store))?.problem).toBe('not reached: ECONNREFUSED');
  });
});

async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}/hidden`;
}

describe('over restarts and processes', () => {
  it('a restart repeats nothing, and sends what was missed', async () => {
    const house = await openNow({ store: 'sqlite' });
    const receiver = await openReceiver(SECRET);
    const before = await open(house, receiver.url);
    const first = await waits(house);
    await before.notices.turn();
    await before.notices.stop();
    const second = await waits(house);
    const after = await open(house, receiver.url);
    await after.notices.turn();
    await after.notices.turn();
    expect(receiver.received.map(({ id }) => id)).toEqual([first.requestId, second.requestId]);
  });

  it('of two gateways on one file one sends, and the other follows when it is gone', async () => {
    const house = await openNow({ store: 'sqlite' });
    const { authority } = (await openSecond(house)) as { authority: Authority };
    const receiver = await openReceiver(SECRET);
    const one = await open(house, receiver.url);
    const other = await open(house, receiver.url, { authority });
    const asked = [];
    for (let index = 0; index < 4; index += 1) asked.push((await waits(house)).requestId);
    // What another process wrote is heard of within 50 ms; a start reads all that is there.
    const third = await open(house, receiver.url, { authority });
    await Promise.all([one.notices.turn(), other.notices.turn(), third.notices.turn()]);
    for (const { notices } of [one, other, third]) await notices.turn();
    expect(receiver.tried.toSorted()).toEqual(asked.toSorted());

    const release = receiver.hold();
    const waiting = await waits(house);
    const sending = one.notices.turn();
    await expect.poll(() => receiver.tried.length).toBe(5);
    const late = await open(house, receiver.url, { authority });
    await late.notices.turn();
    expect(receiver.tried.length).toBe(5);
    // The first one dies with its claim: after a minute another takes over, under the same id.
    house.clock.advance(61_000);
    release();
    await sending;
    await late.notices.turn();
    expect(receiver.received.filter(({ id }) => id === waiting.requestId).length).toBe(1);
  });

  it('a claim whose holder died is taken over after a minute, under the same id', async () => {
    const house = await openNow();
    const receiver = await openReceiver(SECRET);
    const { requestId } = await waits(house);
    const id = requestId.split('.')[0] as string;
    const now = house.clock.now();
    await house.store.setMemo(`notice/${id}`, { done: 0, tries: 0, nextMs: now + 60_000 }, 0, null);
    const { notices } = await open(house, receiver.url);
    await notices.turn();
    expect(receiver.tried).toEqual([]);
    house.clock.advance(60_000);
    await notices.turn();
    expect(receiver.received.map((one) => one.id)).toEqual([requestId]);
    expect((await readNotice(house.store, id)).memo).toEqual({ done: 1, tries: 0, nextMs: 0 });
  });

  it('a stop in the middle of a try leaves it to the next start at once', async () => {
    const house = await openNow();
    const receiver = await openReceiver(SECRET);
    const before = await open(house, receiver.url);
    const { requestId } = await waits(house);
    const release = receiver.hold();
    const sending = before.notices.turn();
    await expect.poll(() => receiver.tried.length).toBe(1);
    await before.notices.stop();
    await sending;
    release();
    expect(before.results).toEqual([]);
    const after = await open(house, receiver.url);
    await after.notices.turn();
    expect(new Set(receiver.tried)).toEqual(new Set([requestId]));
    expect(after.results).toEqual(['delivered']);
  });
});

describe('a flood', () => {
  it('becomes sixty notices a minute, and none is lost', async () => {
    const house = await openNow();
    const receiver = await openReceiver(SECRET);
    const { notices } = await open(house, receiver.url);
    for (let index = 0; index < 70; index += 1) await (await waits(house)).client.end();
    for (let second = 0; second < 59; second += 1) {
      await notices.turn();
      house.clock.advance(1000);
    }
    expect(receiver.received.length).toBe(60);
    for (let second = 0; second < 5; second += 1) {
      house.clock.advance(1000);
      await notices.turn();
    }
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(70);
    expect((await approve(house.owner, receiver.received[0]?.id ?? '')).ok).toBe(true);
  });
});

describe('a secret', () => {
  it.each(['', 'whsec_', 'whsec_c2hvcnQ=', 'secret', `whsec_${'A'.repeat(100)}`])('is not %j', (text) => {
    expect(readNoticeSecret(text)).toBeUndefined();
  });
});
