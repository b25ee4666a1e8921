import { HelloOkSchema } from '@openclaw/gateway-protocol';
import { isGatewayResponseFrame } from '@openclaw/gateway-protocol/frame-guards';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { type HelloBase, type HelloFacts, makeHello } from '../../src/protocol/hello.ts';

const BASE: HelloBase = {
  version: '0.1.0',
  methods: ['health', 'device.pair.list'],
  events: ['tick'],
  policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 },
  authMode: 'token',
};
const FACTS: HelloFacts = {
  id: '1',
  protocol: 4,
  connId: 'c1',
  auth: { role: 'operator', scopes: ['operator.read'] },
  uptimeMs: 12.7,
};

const hello = (changes: Partial<HelloFacts>, base: Partial<HelloBase> = {}) =>
  JSON.parse(makeHello({ ...BASE, ...base })({ ...FACTS, ...changes }));

const validator = Compile(HelloOkSchema);

describe('hello', () => {
  it.each([
    ['without a token', FACTS.auth],
    ['with a token', { ...FACTS.auth, deviceToken: 'opaque', issuedAtMs: 1771500000000 }],
    ['of a node', { role: 'node', scopes: [] }],
    ['with nothing unknown', { ...FACTS.auth, unknownScopes: [] }],
  ] as const)('%s is what the official validator takes, for both generations', (_name, auth) => {
    for (const protocol of [3, 4] as const) {
      const frame = hello({ protocol, auth });
      expect(isGatewayResponseFrame(frame)).toBe(true);
      expect(validator.Errors(frame.payload)).toEqual([]);
      expect(frame.payload.protocol).toBe(protocol);
    }
  });

  it('holds exactly the minimal hello of PROTOCOL section 3', () => {
    const auth = { ...FACTS.auth, deviceToken: 'opaque', issuedAtMs: 5 };
    expect(hello({ auth })).toEqual({
      type: 'res',
      id: '1',
      ok: true,
      payload: {
        type: 'hello-ok',
        protocol: 4,
        server: { version: '0.1.0', connId: 'c1' },
        features: { methods: ['health', 'device.pair.list'], events: ['tick'] },
        snapshot: {
          presence: [],
          health: {},
          stateVersion: { presence: 0, health: 0 },
          uptimeMs: 12,
          authMode: 'token',
        },
        auth,
        policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 },
      },
    });
  });

  it('is JSON whatever its texts hold', () => {
    const nasty = 'a"b\\c\u2028\ud800\n';
    const frame = hello({ id: nasty, connId: nasty }, { version: nasty, methods: [nasty], events: [nasty] });
    const kept = JSON.parse(JSON.stringify(nasty));
    expect(frame).toMatchObject({
      id: kept,
      payload: { server: { version: kept, connId: kept }, features: { methods: [kept], events: [kept] } },
    });
  });

  it('names unknown scopes, an addition to the official schema, only when there are some', () => {
    const auth = { ...FACTS.auth, unknownScopes: ['operator.fly'] };
    expect(hello({ auth }).payload.auth).toEqual(auth);
    const none = hello({ auth: { ...FACTS.auth, unknownScopes: [] } });
    expect(none.payload.auth).not.toHaveProperty('unknownScopes');
  });
});
