import { HelloOkSchema } from '@openclaw/gateway-protocol';
import { isGatewayResponseFrame } from '@openclaw/gateway-protocol/frame-guards';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { okFrame } from '../../src/protocol/frames.ts';
import { type HelloFacts, helloPayload } from '../../src/protocol/hello.ts';

const FACTS: HelloFacts = {
  protocol: 4,
  version: '0.1.0',
  connId: 'c1',
  methods: ['health', 'device.pair.list'],
  events: ['tick'],
  auth: { role: 'operator', scopes: ['operator.read'] },
  policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 },
  uptimeMs: 12.7,
  authMode: 'token',
};

const validator = Compile(HelloOkSchema);

describe('helloPayload', () => {
  it.each([
    ['without a token', FACTS.auth],
    ['with a token', { ...FACTS.auth, deviceToken: 'opaque', issuedAtMs: 1771500000000 }],
    ['of a node', { role: 'node', scopes: [] }],
    ['with nothing unknown', { ...FACTS.auth, unknownScopes: [] }],
  ] as const)('%s is what the official validator takes, for both generations', (_name, auth) => {
    for (const protocol of [3, 4] as const) {
      const frame = JSON.parse(okFrame('1', helloPayload({ ...FACTS, protocol, auth })));
      expect(isGatewayResponseFrame(frame)).toBe(true);
      expect(validator.Errors(frame.payload)).toEqual([]);
      expect(frame.payload.protocol).toBe(protocol);
    }
  });

  it('holds exactly the minimal hello of PROTOCOL section 3', () => {
    expect(helloPayload({ ...FACTS, auth: { ...FACTS.auth, deviceToken: 'opaque', issuedAtMs: 5 } })).toEqual(
      {
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
        auth: { role: 'operator', scopes: ['operator.read'], deviceToken: 'opaque', issuedAtMs: 5 },
        policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 },
      },
    );
  });

  it('names unknown scopes, an addition to the official schema, only when there are some', () => {
    const auth = { ...FACTS.auth, unknownScopes: ['operator.fly'] };
    expect(helloPayload({ ...FACTS, auth })).toMatchObject({ auth: { unknownScopes: ['operator.fly'] } });
    const none = helloPayload({ ...FACTS, auth: { ...FACTS.auth, unknownScopes: [] } });
    expect(none.auth).not.toHaveProperty('unknownScopes');
  });
});
