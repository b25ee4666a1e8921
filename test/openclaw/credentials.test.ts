import { describe, expect, it } from 'vitest';
import { openHouse, SECRET, SHARED } from '../support/harness.ts';
import { live, pair, READ, wait } from '../support/pairing.ts';
import { type Ask, newDevice } from '../support/raw-client.ts';

const LOCAL = { gateway: { locality: { local: 'auto' } } } as const;
const PASSWORD = { gateway: { auth: { mode: 'password', secret: SECRET } } } as const;
const PAGE = { clientId: 'openclaw-control-ui', mode: 'webchat' } as const;
const DASHBOARD_HINT = 'open the dashboard URL and paste the token in Control UI settings';

/** PROTOCOL 2.4: the hint in the message, by who asks and how. */
const HINTS: readonly {
  readonly who: string;
  readonly ask: Ask;
  readonly local?: boolean;
  readonly token: string;
  readonly password: string;
}[] = [
  {
    who: 'a remote command line of 2026.2.19',
    ask: { protocol: 3 },
    token: 'set gateway.remote.token to match gateway.auth.token',
    password: 'set gateway.remote.password to match gateway.auth.password',
  },
  {
    who: 'a local command line of 2026.2.19',
    ask: { protocol: 3 },
    local: true,
    token: 'set gateway.remote.token to match gateway.auth.token',
    password: 'set gateway.remote.password to match gateway.auth.password',
  },
  {
    who: 'a remote command line of 2026.9',
    ask: { protocol: 4 },
    token: 'set gateway.remote.token to match gateway.auth.token',
    password: 'set gateway.remote.password to match gateway.auth.password',
  },
  {
    who: 'a local command line of 2026.9',
    ask: { protocol: 4 },
    local: true,
    token: "use this gateway's gateway.auth.token or pair the device",
    password: 'set gateway.remote.password to match gateway.auth.password',
  },
  {
    who: 'the dashboard',
    ask: PAGE,
    token: DASHBOARD_HINT,
    password: 'enter the password in Control UI settings',
  },
  {
    who: 'a web chat',
    ask: { clientId: 'webchat-ui', mode: 'webchat', protocol: 3 },
    token: DASHBOARD_HINT,
    password: 'enter the password in Control UI settings',
  },
  {
    who: 'a node host',
    ask: { clientId: 'node-host', mode: 'node', role: 'node', scopes: [] },
    token: 'provide gateway auth token',
    password: 'provide gateway auth password',
  },
];

describe('a shared secret that is missing or wrong (PROTOCOL 2.4)', () => {
  it.each(HINTS)('$who', async ({ ask, local, token, password }) => {
    const locality = { local: local ? 'auto' : 'none' } as const;
    const byToken = await openHouse({ gateway: { locality } });
    const byPassword = await openHouse({ gateway: { ...PASSWORD.gateway, locality } });
    const rows = [
      { house: byToken, auth: {}, code: 'AUTH_TOKEN_MISSING', message: `gateway token missing (${token})` },
      {
        house: byToken,
        auth: { token: 'wrong' },
        code: 'AUTH_TOKEN_MISMATCH',
        message: `gateway token mismatch (${token})`,
      },
      {
        house: byPassword,
        auth: {},
        code: 'AUTH_PASSWORD_MISSING',
        message: `gateway password missing (${password})`,
      },
      {
        house: byPassword,
        auth: { password: 'wrong' },
        code: 'AUTH_PASSWORD_MISMATCH',
        message: `gateway password mismatch (${password})`,
      },
    ] as const;
    for (const { house, auth, code, message } of rows) {
      const { client, answer } = await house.connect({ device: newDevice(), scopes: READ, ...ask, auth });
      expect(answer.error).toMatchObject({
        code: 'INVALID_REQUEST',
        message: `unauthorized: ${message}`,
        details: { code },
      });
      expect(await client.closed()).toEqual({ code: 1008, reason: `unauthorized: ${message}` });
    }
  });
});

describe('other credentials', () => {
  it('a setup code, which this gateway never makes, is told as that and not as a missing token', async () => {
    const house = await openHouse();
    const { client, answer } = await house.connect({
      device: newDevice(),
      scopes: READ,
      forge: (params) => ({ ...params, auth: { bootstrapToken: 'a-code' } }),
    });
    expect(answer.error).toEqual({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(
        /^unauthorized: setup code invalid, expired, revoked, or already used \(.*use the shared token\)$/,
      ),
      details: {
        code: 'AUTH_BOOTSTRAP_TOKEN_INVALID',
        authReason: 'bootstrap_token_invalid',
        canRetryWithDeviceToken: false,
        recommendedNextStep: 'update_auth_credentials',
      },
    });
    expect(await client.closed()).toEqual({ code: 1008, reason: answer.error.message });
  });

  it('the right shared secret beside a setup code is enough', async () => {
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const { answer } = await house.connect({
      device,
      scopes: READ,
      auth: { ...SHARED, bootstrapToken: 'a-code' },
    });
    expect(answer.ok).toBe(true);
  });

  it('a device token without its device is no mismatch: the client keeps it', async () => {
    const house = await openHouse();
    const deviceToken = await pair(house, newDevice(), READ);
    const { client, answer } = await house.connect({ scopes: READ, auth: { deviceToken } });
    expect(answer.error.details.code).toBe('AUTH_TOKEN_MISSING');
    expect((await client.closed()).reason).not.toContain('device token mismatch');
  });

  it('a device token of another gateway beside its device is one', async () => {
    const house = await openHouse();
    const { client, answer } = await house.connect({
      device: newDevice(),
      scopes: READ,
      auth: { deviceToken: 'not-of-our-make' },
    });
    expect(answer.error.details.code).toBe('AUTH_DEVICE_TOKEN_MISMATCH');
    expect((await client.closed()).reason).toBe(
      'unauthorized: device token mismatch (rotate/reissue device token)',
    );
  });
});

const NO_DEVICE = {
  code: 'NOT_PAIRED',
  message: 'device identity required',
  detail: 'DEVICE_IDENTITY_REQUIRED',
};

/** PROTOCOL 2.5: who may not do without a device, although the shared secret is right. */
const DEVICELESS = [
  {
    who: 'the dashboard of 2026.2.19',
    ask: { ...PAGE, protocol: 3 },
    code: 'INVALID_REQUEST',
    message: 'control ui requires HTTPS or localhost (secure context)',
    detail: 'CONTROL_UI_DEVICE_IDENTITY_REQUIRED',
  },
  {
    who: 'the dashboard of 2026.9',
    ask: PAGE,
    code: 'INVALID_REQUEST',
    message: 'control ui requires device identity (use HTTPS or localhost secure context)',
    detail: 'CONTROL_UI_DEVICE_IDENTITY_REQUIRED',
  },
  { who: 'a node', ask: { clientId: 'node-host', mode: 'node', role: 'node' }, ...NO_DEVICE },
] as const;

describe('without a device', () => {
  it.each(DEVICELESS)('$who is refused, locally and remotely', async ({ ask, code, message, detail }) => {
    for (const local of ['auto', 'none'] as const) {
      const house = await openHouse({ gateway: { locality: { local } } });
      const { client, answer } = await house.connect({ ...ask, auth: SHARED });
      expect(answer.error).toMatchObject({ code, message, details: { code: detail } });
      expect(answer.error.details.remediationHint).toContain('HTTPS or on localhost');
      expect(await client.closed()).toEqual({ code: 1008, reason: message });
    }
  });

  it('nobody on a gateway that has no secret', async () => {
    const house = await openHouse({ gateway: { auth: { mode: 'none' }, locality: { local: 'auto' } } });
    const { client, answer } = await house.connect({ scopes: READ });
    expect(answer.error).toMatchObject({ code: 'NOT_PAIRED', message: 'device identity required' });
    expect(await client.closed()).toEqual({ code: 1008, reason: 'device identity required' });
  });

  it.each([3, 4] as const)(
    'a command line with protocol %d is let in, and given no token',
    async (protocol) => {
      const house = await openHouse(LOCAL);
      const { hello } = await live(house, { scopes: READ, protocol });
      expect(hello.protocol).toBe(protocol);
      expect(hello.auth).toEqual({ role: 'operator', scopes: READ });
    },
  );
});

describe('a page', () => {
  it.each(['https://gateway.example', 'http://localhost:18789', 'null', 'https://elsewhere.example'])(
    'from %s is nobody local: an owner decides, whatever its Origin says',
    async (origin) => {
      const house = await openHouse(LOCAL);
      const client = await house.client({ origin });
      await client.sendConnect({ ...PAGE, device: newDevice(), scopes: READ, auth: SHARED });
      expect((await client.event('connect.pending')).payload.requestId).toMatch(/\.r1$/);
    },
  );

  it.each([
    { origin: 'https://gateway.example', host: 'gateway.example', allowed: true, why: 'its own host' },
    { origin: 'http://localhost:5173', host: 'localhost:18789', allowed: true, why: 'both on loopback' },
    { origin: 'https://app.example', host: 'gateway.example', allowed: true, why: 'named' },
    { origin: 'https://app.example.evil', host: 'gateway.example', allowed: false, why: 'not the one named' },
    { origin: 'https://elsewhere.example', host: 'gateway.example', allowed: false, why: 'another host' },
    { origin: 'http://localhost:5173', host: 'gateway.example', allowed: false, why: 'a page on loopback' },
    { origin: 'null', host: 'gateway.example', allowed: false, why: 'a page from nowhere' },
  ])('where pages are named, from $origin to $host: $allowed, $why', async ({ origin, host, allowed }) => {
    const house = await openHouse({
      gateway: { locality: { local: 'none', allowedOrigins: ['https://app.example'] } },
    });
    const client = await house.client({ origin, host });
    await client.sendConnect({ ...PAGE, device: newDevice(), scopes: READ, auth: SHARED });
    if (allowed) return expect((await client.event('connect.pending')).event).toBe('connect.pending');
    const text =
      'origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)';
    const answer = await client.response('r1');
    expect(answer.error).toEqual({
      code: 'INVALID_REQUEST',
      message: text,
      details: { code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED' },
    });
    expect(await client.closed()).toEqual({ code: 1008, reason: text });
    expect(await house.store.list()).toEqual([]);
  });

  it('waits as long as a node does, and is let in on the same socket', async () => {
    const house = await openHouse();
    const { client, connectId } = await wait(house, { ...PAGE, device: newDevice(), scopes: READ });
    await house.pass(11_900, 100);
    expect(client.close).toBeUndefined();
    await house.pass(200, 100);
    expect((await client.response(connectId)).error.details).toMatchObject({ pauseReconnect: false });
  });
});
