import { describe, expect, it } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { openHouse } from '../support/harness.ts';
import { expectServing, live, pair, READ, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

const request = (id: unknown, method: unknown, params?: unknown): string =>
  JSON.stringify({ type: 'req', id, method, params });
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const NOT_FIRST = 'invalid handshake: first request must be connect';

interface Frame {
  readonly name: string;
  readonly data: string | Buffer;
  readonly code: number;
  readonly reason: string;
  /** The error of the response; null when there is none. */
  readonly message: string | null;
}

const FRAMES: readonly Frame[] = [
  { name: 'not JSON', data: 'hello?', code: 1008, reason: 'invalid request frame: not JSON', message: null },
  { name: 'an empty frame', data: '', code: 1008, reason: 'invalid request frame: not JSON', message: null },
  {
    name: 'a binary frame',
    data: Buffer.from(request('1', 'connect')),
    code: 1008,
    reason: 'invalid request frame: not JSON',
    message: null,
  },
  {
    name: 'JSON that is no frame',
    data: '[1,2]',
    code: 1008,
    reason: 'invalid request frame',
    message: null,
  },
  { name: 'null', data: 'null', code: 1008, reason: 'invalid request frame', message: null },
  {
    name: 'a response',
    data: JSON.stringify({ type: 'res', id: '1', ok: true }),
    code: 1008,
    reason: 'invalid request frame',
    message: null,
  },
  {
    name: 'an id that is no text',
    data: request(7, 'connect'),
    code: 1008,
    reason: 'invalid request frame',
    message: null,
  },
  {
    name: 'an endless id',
    data: request('i'.repeat(300), 'connect'),
    code: 1008,
    reason: 'invalid request frame',
    message: null,
  },
  {
    name: 'deep JSON',
    data: request('1', 'connect').replace('}', `,"params":${deep(20_000)}}`),
    code: 1008,
    reason: 'invalid request frame: nested too deeply',
    message: null,
  },
  {
    name: 'another method first',
    data: request('1', 'device.pair.list', {}),
    code: 1008,
    reason: NOT_FIRST,
    message: NOT_FIRST,
  },
  {
    name: 'an oversized frame',
    data: request('1', 'connect', { x: 'x'.repeat(70_000) }),
    code: 1009,
    reason: '',
    message: null,
  },
];

describe('the first frame', () => {
  it.each(FRAMES)(
    '$name is answered as that, and the gateway goes on serving',
    async ({ data, code, reason, message }) => {
      const house = await openHouse();
      const client = await house.client();
      client.sendText(data);
      expect(await client.closed()).toEqual({ code, reason });
      const answer = client.frames.find(({ type }) => type === 'res');
      expect(answer?.error.message ?? null).toBe(message);
      await expectServing(house);
    },
  );

  it('#47103: none within 15 s ends the socket with a reason', async () => {
    const house = await openHouse();
    const client = await house.client();
    await client.event('connect.challenge');
    await house.pass(14_900, 100);
    expect(client.close).toBeUndefined();
    await house.pass(200, 100);
    expect(await client.closed()).toEqual({ code: 1008, reason: 'handshake timeout' });
  });
});

describe('frames at the wrong time', () => {
  it('a second connect while the first waits is answered after hello, and changes nothing', async () => {
    const house = await openHouse();
    const device = newDevice();
    const { client, requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    const second = client.sendRequest('connect', {});
    const health = client.sendRequest('health');
    await approve(house.owner, requestId);
    expect((await client.response(second)).error.message).toBe('connect is only valid as the first request');
    expect((await client.response(health)).ok).toBe(true);
  });

  it('sixteen frames ahead of hello end the socket with a reason; fifteen are answered', async () => {
    const house = await openHouse();
    const many = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    for (let frame = 0; frame < 16; frame++) many.client.sendRequest('health');
    expect(await many.client.closed()).toEqual({ code: 1008, reason: 'too many pending handshake frames' });
    expect(house.gateway.parked()).toBe(0);
    const few = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    const ids = Array.from({ length: 15 }, () => few.client.sendRequest('health'));
    await approve(house.owner, few.requestId);
    const answers = await Promise.all(ids.map((id) => few.client.response(id)));
    expect(answers.every(({ ok }) => ok)).toBe(true);
  });

  it('after hello a malformed frame is answered and the socket stays', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: READ });
    client.sendText('{');
    expect((await client.response('invalid')).error.code).toBe('INVALID_REQUEST');
    client.sendText(JSON.stringify({ type: 'req', id: 'mine', method: '' }));
    expect((await client.response('mine')).error.message).toBe('invalid request frame');
    expect((await client.request('no.such.method')).error.message).toBe('unknown method: no.such.method');
    expect((await client.request('health')).ok).toBe(true);
  });

  it('bad params of every management method are refused by name', async () => {
    const house = await openHouse({ gateway: { locality: { local: 'auto' } } });
    const { client, hello } = await live(house, { scopes: ['operator.admin'] });
    const names = hello.features.methods.filter((name: string) =>
      /^device\.(pair|token|quiet|history)/.test(name),
    );
    expect(names.length).toBeGreaterThan(8);
    for (const name of names.filter((name: string) => name !== 'device.pair.list')) {
      for (const params of [undefined, null, 7, [], {}, { requestId: '', deviceId: 5, role: 'emperor' }]) {
        expect((await client.request(name, params)).error.message).toMatch(`invalid ${name} params: `);
      }
    }
  });
});
