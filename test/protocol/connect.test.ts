import { describe, expect, it } from 'vitest';
import { OPENCLAW_VOCABULARY } from '../../machines/vocabulary.ts';
import { parseConnect } from '../../src/protocol/connect.ts';
import { displayText } from '../../src/protocol/display.ts';
import { claim, cliParams, mustParse, NONCE, newDevice, SIGNED_AT } from './device.ts';

const device = newDevice();

function faultOf(params: unknown) {
  const reading = parseConnect(params, OPENCLAW_VOCABULARY);
  if (reading.ok) throw new Error('the params were accepted');
  return reading.fault;
}

describe('what real clients send', () => {
  it('a 2026.2.19 CLI with a device', () => {
    const params = {
      minProtocol: 3,
      maxProtocol: 3,
      client: { id: 'cli', version: 'dev', platform: 'linux', mode: 'cli', instanceId: 'eb53beeb' },
      caps: [],
      auth: { token: 'throw-away' },
      role: 'operator',
      scopes: ['operator.pairing', 'operator.admin', 'operator.approvals'],
      device: claim(device, 'AAAA'),
    };
    expect(mustParse(params)).toEqual({
      minProtocol: 3,
      maxProtocol: 3,
      protocol: 3,
      client: params.client,
      role: 'operator',
      wish: ['operator.admin', 'operator.approvals', 'operator.pairing'],
      unknownScopes: [],
      caps: [],
      device: {
        id: device.id,
        publicKey: device.raw,
        publicKeyText: device.publicKey,
        signature: Buffer.from([0, 0, 0]),
        signedAtMs: SIGNED_AT,
        nonce: NONCE,
      },
      auth: { token: 'throw-away' },
      signed: {
        scopes: 'operator.pairing,operator.admin,operator.approvals',
        role: 'operator',
        clientId: 'cli',
        clientMode: 'cli',
        platform: 'linux',
        deviceFamily: '',
      },
      probe: false,
      patient: false,
    });
  });

  it('a 2026.9 probe without a device speaks 3 to 4 and gets 4', () => {
    const client = { id: 'cli', version: '2026.9.6', platform: 'linux', mode: 'probe' };
    const connect = mustParse(cliParams({ minProtocol: 3, client }));
    expect(connect).toMatchObject({ protocol: 4, probe: true });
    expect('device' in connect).toBe(false);
  });

  it('a 2026.2.19 node host with fields that this gateway does not read', () => {
    const client = {
      id: 'node-host',
      version: '1',
      platform: 'darwin',
      mode: 'node',
      modelIdentifier: 7,
      buildId: {},
    };
    const node = {
      client,
      role: 'node',
      scopes: [],
      commands: ['x'],
      permissions: 'odd',
      pathEnv: 1,
      locale: [],
    };
    expect(mustParse(cliParams({ minProtocol: 3, ...node }))).toMatchObject({ role: 'node', wish: [] });
  });

  it('a client that did not wait for the challenge has no nonce', () => {
    const { device: read } = mustParse(cliParams({ device: claim(device, 'AA', { nonce: undefined }) }));
    expect(read).toBeDefined();
    expect(read && 'nonce' in read).toBe(false);
  });

  it('a client that names neither role, scopes, caps nor auth is an operator that wishes nothing', () => {
    const bare = cliParams({ role: undefined, scopes: undefined, caps: undefined, auth: undefined });
    expect(mustParse(bare)).toMatchObject({ role: 'operator', wish: [], caps: [], auth: {} });
  });

  it('clients that nobody has heard of', () => {
    const client = { id: 'openclaw-toaster/2', version: '9', platform: 'BreadOS', mode: 'crumbs' };
    expect(mustParse(cliParams({ client })).client).toEqual(client);
  });
});

describe('parseConnect', () => {
  it('keeps scopes as sent for the signature, and those it does not know out of the wish', () => {
    const scopes = ['operator.write', 'operator.read', 'operator.write', 'operator.fly'];
    const connect = mustParse(cliParams({ scopes }));
    expect(connect.signed.scopes).toBe('operator.write,operator.read,operator.write,operator.fly');
    expect(connect.wish).toEqual(['operator.read', 'operator.write']);
    expect(connect.unknownScopes).toEqual(['operator.fly']);
  });

  it('escapes and caps what is shown, and keeps what was signed', () => {
    const platform = `lin\u202eux${'x'.repeat(200)}`;
    const client = {
      id: 'cli',
      version: '1\n2',
      platform,
      deviceFamily: 'Cafe\u0301',
      displayName: '\u0007',
      mode: 'cli',
    };
    const connect = mustParse(cliParams({ client }));
    expect(connect.client.platform).toHaveLength(128);
    expect(connect.client.platform.startsWith('lin\\u{202e}uxxx')).toBe(true);
    expect(connect.client).toMatchObject({
      version: '1\\u{a}2',
      deviceFamily: 'Caf\u00e9',
      displayName: '\\u{7}',
    });
    expect(connect.signed).toMatchObject({ platform, deviceFamily: 'Cafe\u0301' });
  });

  it('copies four credentials and nothing else of auth', () => {
    const auth = {
      token: '',
      password: 'p',
      deviceToken: 'd',
      bootstrapToken: 'b',
      approvalRuntimeToken: 's',
    };
    expect(mustParse(cliParams({ auth })).auth).toEqual({
      token: '',
      password: 'p',
      deviceToken: 'd',
      bootstrapToken: 'b',
    });
  });

  it('caps the capabilities and knows the long wait among them', () => {
    const connect = mustParse(cliParams({ caps: ['antechamber.wait', ...Array(100).fill('c'.repeat(99))] }));
    expect(connect.patient).toBe(true);
    expect(connect.caps).toHaveLength(64);
    expect(connect.caps[1]).toHaveLength(64);
    expect(mustParse(cliParams({ caps: ['antechamber.waits'] })).patient).toBe(false);
  });

  it.each([
    [3, 3, 3],
    [4, 4, 4],
    [1, 9, 4],
    [1, 3, 3],
    [4, 7, 4],
  ])('serves a client of %d to %d with %d', (minProtocol, maxProtocol, protocol) => {
    expect(mustParse(cliParams({ minProtocol, maxProtocol })).protocol).toBe(protocol);
  });

  it.each([
    [1, 2, 3],
    [5, 9, 4],
    [4, 3, 4],
  ])('refuses a client of %d to %d and says which generation to expect', (min, max, expectedProtocol) => {
    expect(faultOf(cliParams({ minProtocol: min, maxProtocol: max }))).toEqual({
      wire: {
        code: 'INVALID_REQUEST',
        message: 'protocol mismatch',
        details: {
          code: 'PROTOCOL_MISMATCH',
          clientMinProtocol: min,
          clientMaxProtocol: max,
          expectedProtocol,
          minimumProbeProtocol: 3,
        },
      },
      close: { code: 1002, reason: 'protocol mismatch' },
    });
  });

  it('refuses another role', () => {
    expect(faultOf(cliParams({ role: 'owner' }))).toEqual({
      wire: { code: 'INVALID_REQUEST', message: 'invalid role' },
      close: { code: 1008, reason: 'invalid role' },
    });
  });

  it('tells a key that cannot be read as an identity mismatch (PROTOCOL 2.3, row 1)', () => {
    const rsaLike =
      '-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK==\n-----END PUBLIC KEY-----';
    for (const publicKey of ['x', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}!`, rsaLike, 'BEGIN']) {
      expect(faultOf(cliParams({ device: claim(device, 'AA', { publicKey }) }))).toEqual({
        wire: {
          code: 'INVALID_REQUEST',
          message: 'device identity mismatch',
          details: { code: 'DEVICE_AUTH_DEVICE_ID_MISMATCH', reason: 'device-id-mismatch' },
        },
        close: { code: 1008, reason: 'device identity mismatch' },
      });
    }
  });

  const client = { id: 'cli', version: '1', platform: 'linux', mode: 'cli' };

  it.each([
    ['no params', undefined, 'must be object'],
    ['a list', [], 'must be object'],
    ['no client', cliParams({ client: undefined }), '/client must be object'],
    ['an id of another type', cliParams({ client: { ...client, id: 7 } }), '/client/id must be string'],
    ['a "|" in the id', cliParams({ client: { ...client, id: 'a|b' } }), '/client/id must match pattern'],
    [
      'a space in the mode',
      cliParams({ client: { ...client, mode: 'a b' } }),
      '/client/mode must match pattern',
    ],
    [
      'a long id',
      cliParams({ client: { ...client, id: 'i'.repeat(65) } }),
      '/client/id must not have more than',
    ],
    ['a protocol of 3.5', cliParams({ minProtocol: 3.5 }), '/minProtocol must be integer'],
    ['scopes of numbers', cliParams({ scopes: [1] }), '/scopes/0 must be string'],
    [
      'a scope that is two',
      cliParams({ scopes: ['operator.read,operator.admin'] }),
      'a scope must look like',
    ],
    ['an empty scope', cliParams({ scopes: [''] }), 'a scope must look like'],
    [
      'a scope of another role',
      cliParams({ scopes: ['node.run'] }),
      'scope node.run does not belong to role',
    ],
    ['65 scopes', cliParams({ scopes: Array(65).fill('operator.read') }), 'at most 64 scopes, got 65'],
    ['caps as text', cliParams({ caps: 'antechamber.wait' }), '/caps must be array'],
    ['a null token', cliParams({ auth: { token: null } }), '/auth/token must be string'],
    [
      'a negative time',
      cliParams({ device: claim(device, 'AA', { signedAt: -1 }) }),
      '/device/signedAt must be',
    ],
    [
      'a time of 1e21',
      cliParams({ device: claim(device, 'AA', { signedAt: 1e21 }) }),
      '/device/signedAt must be',
    ],
  ])('refuses %s and says so', (_name, params, problem) => {
    const { wire, close } = faultOf(params);
    expect(wire?.code).toBe('INVALID_REQUEST');
    expect(wire?.message.startsWith(`invalid connect params: ${problem}`)).toBe(true);
    expect(close.code).toBe(1008);
    expect(wire?.message.startsWith(close.reason)).toBe(true);
    expect(Buffer.byteLength(close.reason)).toBeLessThanOrEqual(120);
  });
});

describe('displayText', () => {
  it.each([
    ['plain text', 'plain text'],
    ['', ''],
    ['a\u0000b\u001b[31m', 'a\\u{0}b\\u{1b}[31m'],
    ['\u2066x\u2069\ufeff', '\\u{2066}x\\u{2069}\\u{feff}'],
    ['line\u2028para\u2029', 'line\\u{2028}para\\u{2029}'],
    ['\ud800!', '\\u{d800}!'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['می\u200cخواهم 👨\u200d👩', 'می\u200cخواهم 👨\u200d👩'],
    ['Am\u00e9lie e\u0301', 'Am\u00e9lie \u00e9'],
  ])('shows %j as %j', (raw, shown) => {
    expect(displayText(raw, 128)).toBe(shown);
  });

  it('cuts to the length, with an ellipsis, and never inside a pair', () => {
    expect(displayText('a'.repeat(10), 10)).toBe('a'.repeat(10));
    expect(displayText('a'.repeat(11), 10)).toBe(`${'a'.repeat(9)}…`);
    expect(displayText('😀'.repeat(6), 10)).toBe(`${'😀'.repeat(4)}…`);
    expect(displayText(`a${'😀'.repeat(6)}`, 10)).toBe(`a${'😀'.repeat(4)}…`);
    expect(displayText('\u0007'.repeat(9), 10)).toBe('\\u{7}\\u{7}'.slice(0, 9).concat('…'));
    const combining = displayText(`e${'\u0301'.repeat(100_000)}`, 10);
    expect(combining).toHaveLength(10);
  });
});
