import { afterAll, describe, expect, it } from 'vitest';
import { ClientJudge, framesJudged } from '../support/frame-judge.ts';
import { openLedgers } from '../support/frame-ledger.ts';
import { openHouse } from '../support/harness.ts';
import { live, READ } from '../support/pairing.ts';

// biome-ignore lint/suspicious/noExplicitAny: frames that are wrong on purpose.
type Loose = any;

const HELLO = {
  type: 'hello-ok',
  protocol: 4,
  server: { version: '1', connId: 'c' },
  features: {
    methods: ['health'],
    events: ['tick', 'device.pair.requested', 'device.pair.resolved', 'shutdown'],
  },
  snapshot: {
    presence: [],
    health: {},
    stateVersion: { presence: 0, health: 0 },
    uptimeMs: 0,
    authMode: 'token',
  },
  auth: { role: 'operator', scopes: ['operator.read'] },
  policy: { maxPayload: 1, maxBufferedBytes: 1, tickIntervalMs: 1 },
};

/** A client of this generation that has sent `connect`, and its hello where `hello` is given. */
function judgeOf(
  protocol: 3 | 4,
  hello?: object,
): { read: (frame: Loose) => string; asked: (method: string) => void } {
  const judge = new ClientJudge();
  const params = { minProtocol: protocol, maxProtocol: protocol };
  judge.judge(JSON.stringify({ type: 'req', id: 'c', method: 'connect', params }), 'sent');
  const read = (frame: Loose): string =>
    judge
      .judge(typeof frame === 'string' ? frame : JSON.stringify(frame), 'received')
      .map(({ problem }) => problem)
      .join('; ');
  if (hello) expect(read({ type: 'res', id: 'c', ok: true, payload: hello })).toBe('');
  return {
    read,
    asked: (method) => void judge.judge(JSON.stringify({ type: 'req', id: '1', method }), 'sent'),
  };
}

const refused = (code: string, message: string, details?: object): object => ({
  type: 'res',
  id: 'c',
  ok: false,
  error: { code, message, ...(details && { details }) },
});
const answer = (payload: unknown): object => ({ type: 'res', id: '1', ok: true, payload });
const failed = (code: string, message: string, details?: object): object => ({
  ...refused(code, message, details),
  id: '1',
});
const event = (name: string, payload?: unknown): object => ({ type: 'event', event: name, payload });

describe('a frame that is not of the protocol', () => {
  it.each<[string, 3 | 4, Loose, string]>([
    ['text that is no JSON', 4, 'hello', 'not a JSON object'],
    ['a request', 4, { type: 'req', id: '1', method: 'x' }, 'a frame of the type req'],
    [
      'an unknown key at the top',
      3,
      { ...event('connect.challenge', { nonce: 'n', ts: 1 }), sent: 1 },
      'has the key sent',
    ],
    [
      'an unknown key in error',
      3,
      { ...refused('NOT_PAIRED', 'x'), error: { code: 'NOT_PAIRED', message: 'x', hint: 1 } },
      'error has the key hint',
    ],
    [
      'a challenge without its time',
      4,
      event('connect.challenge', { nonce: 'n' }),
      'must have required properties ts',
    ],
    ['an event before hello', 4, event('tick', { ts: 1 }), 'not in features.events'],
    ['an answer that nobody asked', 4, { type: 'res', id: '9', ok: true }, 'nobody asked'],
    ['a refusal without an error', 4, { type: 'res', id: 'c', ok: false }, 'has no error'],
    ['an answer that is both', 4, { ...refused('UNAVAILABLE', 'x'), payload: {} }, 'has a payload'],
    ['an empty message', 4, refused('UNAVAILABLE', ''), 'error/message'],
    [
      'a negative wait',
      4,
      { ...refused('UNAVAILABLE', 'x'), error: { code: 'UNAVAILABLE', message: 'x', retryAfterMs: -1 } },
      'retryAfterMs',
    ],
    ['a code of nobody', 4, refused('DENIED', 'x'), 'no error code DENIED'],
    [
      'a code of the newer generation',
      3,
      refused('FORBIDDEN', 'x'),
      'protocol 3 has no error code FORBIDDEN',
    ],
    [
      'details that the client cannot read',
      4,
      refused('NOT_PAIRED', 'x', { code: 'NEW_CODE' }),
      'does not know details.code NEW_CODE',
    ],
    [
      'a request id that the client drops',
      4,
      refused('NOT_PAIRED', 'x', { code: 'PAIRING_REQUIRED', requestId: 'a b' }),
      'reads details.requestId as undefined',
    ],
    [
      'a hello of another generation',
      3,
      { type: 'res', id: 'c', ok: true, payload: HELLO },
      'asked for 3 to 3',
    ],
    [
      'a hello with a key of ours that is not listed',
      4,
      { type: 'res', id: 'c', ok: true, payload: { ...HELLO, extra: 1 } },
      'hello',
    ],
    [
      'a hello without auth',
      4,
      { type: 'res', id: 'c', ok: true, payload: { ...HELLO, auth: undefined } },
      'auth',
    ],
    [
      'a hello of 2026.2.19 with a key of 2026.9',
      3,
      {
        type: 'res',
        id: 'c',
        ok: true,
        payload: { ...HELLO, protocol: 3, features: { ...HELLO.features, capabilities: [] } },
      },
      'hello/features',
    ],
    [
      'a method named twice',
      4,
      {
        type: 'res',
        id: 'c',
        ok: true,
        payload: { ...HELLO, features: { methods: ['a', 'a'], events: [] } },
      },
      'names a twice',
    ],
  ])('%s, protocol %i', (_name, protocol, frame, problem) => {
    expect(judgeOf(protocol).read(frame)).toContain(problem);
  });

  it.each<[string, string, Loose, string]>([
    ['a health that is not ok', 'health', answer({ ok: false }), 'result of health'],
    [
      'a pending row with a key that is not listed',
      'device.pair.list',
      answer({
        pending: [{ requestId: 'r', deviceId: 'd', publicKey: 'k', ts: 1, secret: 's' }],
        paired: [],
      }),
      'pending/0',
    ],
    [
      'a token that is told to another device',
      'device.token.rotate',
      answer({
        deviceId: 'd',
        role: 'operator',
        token: 't',
        scopes: [],
        rotatedAtMs: 1,
        tokenDelivery: 'withheld-cross-device',
      }),
      'result of device.token.rotate',
    ],
    [
      'an outcome that the protocol does not know',
      'device.scopes.waitUpgrade',
      answer({ status: 'narrowed', requestId: 'r' }),
      'result of device.scopes.waitUpgrade',
    ],
    [
      'a missing scope in the older form',
      'health',
      failed('INVALID_REQUEST', 'missing scope: operator.read', {
        code: 'MISSING_SCOPE',
        missingScope: 'operator.read',
        requiredScopes: ['operator.read'],
      }),
      'is FORBIDDEN in protocol 4',
    ],
    [
      'a missing scope without details',
      'health',
      failed('FORBIDDEN', 'missing scope: operator.read'),
      'finds no missing scope',
    ],
    [
      'an unknown method with another code',
      'x',
      failed('UNAVAILABLE', 'unknown method: x'),
      'is INVALID_REQUEST',
    ],
    [
      'an event that hello does not name',
      'health',
      event('device.pair.changed', {}),
      'not in features.events',
    ],
    ['a tick without a time', 'health', event('tick', {}), 'payload of tick'],
    [
      'a decision without a time',
      'health',
      event('device.pair.resolved', { requestId: 'r', deviceId: 'd', decision: 'approved' }),
      'payload of device.pair.resolved',
    ],
  ])('%s', (_name, method, frame, problem) => {
    const { read, asked } = judgeOf(4, HELLO);
    asked(method);
    expect(read(frame)).toContain(problem);
  });

  it('a second answer to one request', () => {
    const { read, asked } = judgeOf(4, HELLO);
    asked('skills.bins');
    expect(read(answer({ bins: [] }))).toBe('');
    expect(read(answer({ bins: [] }))).toContain('answered');
  });
});

describe('that it is looked for', () => {
  it('in what a client of the harness is sent', async () => {
    const house = await openHouse({ gateway: { locality: { local: 'auto' } } });
    const { client } = await live(house, { device: null, scopes: READ });
    await client.request('health');
    const kept = openLedgers().flatMap((ledger) => ledger.take());
    const judge = new ClientJudge();
    const before = framesJudged();
    expect(kept.flatMap(({ way, text }) => judge.judge(text, way))).toEqual([]);
    // The challenge, the hello, and the answer.
    expect(framesJudged() - before).toBe(3);
    expect(kept.filter(({ way }) => way === 'sent')).toHaveLength(2);
  });

  it.fails('by every test, which fails for it', async () => {
    const house = await openHouse({ gateway: { locality: { local: 'auto' } } });
    const { client } = await live(house, { device: null, scopes: READ });
    house.gateway.broadcast('tick', { ts: 'now' });
    await client.event('tick');
  });
});

afterAll(() => expect(framesJudged()).toBeGreaterThan(30));
