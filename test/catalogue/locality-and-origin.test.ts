/** Who is on this computer, who only looks so, and what that is a ground for. */
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { reject } from '../../src/authority/request-decisions.ts';
import { openHouse, SHARED } from '../support/harness.ts';
import { ADMIN_BUNDLE, grantOf, history, openRequest, READ } from '../support/pairing.ts';
import { newDevice, RawClient } from '../support/raw-client.ts';
import { AFAR, CLI, CONTROL_UI, knock, LOCAL, NODE_HOST, OLD_CLI, TOOL, visit } from './programs.ts';

const EVIL = 'https://evil.example';

describe('the address that a client dials', () => {
  it('#16305: the gateway listens on the LAN: whoever dials the LAN address is not local, and is told what to do', async () => {
    // The command line dialled the LAN address of its own computer and was refused, while the console worked.
    const house = await openHouse({ gateway: { host: '0.0.0.0', locality: { local: 'auto' } } });
    const addresses = Object.values(networkInterfaces()).flatMap((all = []) =>
      all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
    );
    for (const address of ['127.0.0.1', ...addresses]) {
      const client = await RawClient.open(`ws://${address}:${house.gateway.port}`);
      const connectId = await client.sendConnect({ ...CLI, device: null, scopes: READ, auth: SHARED });
      const { payload } = await client.response(connectId);
      expect([address, payload.auth.scopes]).toEqual([address, address === '127.0.0.1' ? READ : []]);
      await client.end();
    }
    // With its device it waits for the owner, who is let in on loopback, and the text says how to approve.
    const asking = await knock(house, { ...CLI, device: newDevice(), scopes: READ }, { host: '192.168.0.7' });
    await house.pass(2000);
    const { error } = await asking.answer();
    expect(error.details.remediationHint).toContain(`antechamber devices approve ${asking.requestId}`);
  });

  it('threat "DNS rebinding / proxies": a name that resolves to loopback, or a proxy on loopback, makes nobody local', async () => {
    // Only the peer's address was looked at, or a Host that any site can have.
    const house = await openHouse(LOCAL);
    const strangers = [
      { host: 'rebound.example:18789' },
      { host: 'gateway.tail1234.ts.net' },
      { host: 'localhost.evil.example' },
      { 'x-forwarded-for': '127.0.0.1' },
      { forwarded: 'for=127.0.0.1;host=localhost' },
      { 'x-real-ip': '::1' },
      { 'cf-connecting-ip': '127.0.0.1' },
      { via: '1.1 localhost' },
    ];
    for (const headers of strangers) {
      const device = newDevice();
      const guest = await visit(house, { ...TOOL, device, scopes: ADMIN_BUNDLE }, headers);
      expect([headers, guest.told]).toEqual([headers, 'waits']);
      const none = await visit(house, { ...CLI, device: null, scopes: ADMIN_BUNDLE }, headers);
      expect([headers, none.scopes]).toEqual([headers, []]);
    }
    expect((await visit(house, { ...TOOL, device: newDevice(), scopes: READ })).told).toBe('let in');
  });
});

describe('a page in a browser', () => {
  it('threat "cross-site WebSocket": a page on this computer is not local, whatever its origin and its client say', async () => {
    // Any page reaches loopback. Without a secret it gets nothing, and with one nothing without the owner.
    const house = await openHouse(LOCAL);
    const open = await openHouse({ gateway: { ...LOCAL.gateway, auth: { mode: 'none' } } });
    for (const origin of [EVIL, 'null', 'http://localhost:18789', 'http://127.0.0.1:3000']) {
      const page = { ...CONTROL_UI, scopes: ADMIN_BUNDLE };
      expect((await visit(open, { ...page, device: null, auth: {} }, { origin })).told).toBe('refused');
      expect((await visit(open, { ...page, device: newDevice(), auth: {} }, { origin })).told).toBe('waits');
      expect((await visit(house, { ...page, device: null }, { origin })).scopes).toEqual([]);
      expect((await visit(house, { ...page, device: newDevice() }, { origin })).told).toBe('waits');
      expect((await visit(house, { ...OLD_CLI, device: newDevice() }, { origin })).told).toBe('waits');
    }
    expect(await house.store.countState('paired')).toBe(0);
  });

  it('GHSA-5wcw-8jjv-m286: behind a trusted proxy a foreign page is let in no further', async () => {
    // The Origin was not checked in trusted-proxy mode, and the proxy's own login stood for the page's.
    const house = await openHouse({
      gateway: { locality: { local: 'auto', trustedProxies: ['127.0.0.1'] } },
    });
    for (const by of [{}, { 'x-forwarded-for': '127.0.0.1' }, AFAR]) {
      const headers = { origin: EVIL, 'x-forwarded-user': 'owner', ...by };
      const page = { ...CONTROL_UI, scopes: ADMIN_BUNDLE };
      const anonymous = await visit(house, { ...page, device: null, auth: {} }, headers);
      expect(anonymous.error.details.code).toBe('AUTH_TOKEN_MISSING');
      expect((await visit(house, { ...page, device: null }, headers)).scopes).toEqual([]);
      expect((await visit(house, { ...page, device: newDevice() }, headers)).told).toBe('waits');
    }
  });
});

describe('being let in by itself', () => {
  it('2b.8: a request from afar does not make the same device’s local pairing wait, nor live for ever', async () => {
    // One pending row that was not silent made all later ones not silent, and each retry renewed it.
    const house = await openHouse({ ...LOCAL, authority: { terms: { longestLifeMs: 60 * 60_000 } } });
    const device = newDevice();
    const afar = await knock(house, { ...NODE_HOST, device, role: 'operator', scopes: ADMIN_BUNDLE }, AFAR);
    expect(afar.told).toBe('waits');
    const here = await visit(house, { ...TOOL, device, scopes: READ });
    expect(here).toMatchObject({ told: 'let in', scopes: READ });
    // What was asked for from afar is given by nobody but an owner, and ends in its time, however often it retries.
    expect(await openRequest(house, device.id)).not.toBeNull();
    for (let minute = 0; minute < 60; minute += 5) {
      const again = await visit(house, { ...TOOL, device, scopes: ['operator.pairing'] }, AFAR);
      expect(again.requestId).toBe(afar.requestId);
      await house.pass(5 * 60_000, 60_000);
    }
    expect(await openRequest(house, device.id)).toBeNull();
    expect(await grantOf(house, device.id)).toEqual(READ);
  });

  it('threat "race on silent pending": of two first connects at once, each has only what was approved', async () => {
    // Both shared one silent request; the second went on with scopes that nobody had approved, and got a token for them.
    for (let round = 0; round < 20; round++) {
      const house = await openHouse(LOCAL);
      const device = newDevice();
      const asks = [READ, ['operator.admin'], ['operator.approvals', ...READ]];
      if (round % 2 === 1) asks.reverse();
      const knocks = await Promise.all(asks.map((scopes) => knock(house, { ...TOOL, device, scopes })));
      const [granted, ...others] = await history(house, device.id, 'access.granted');
      expect(others).toEqual([]);
      expect(asks).toContainEqual(await grantOf(house, device.id));
      const grant = await grantOf(house, device.id);
      for (const { scopes, told } of knocks) {
        const isCovered = grant.includes('operator.admin') || scopes.every((scope) => grant.includes(scope));
        expect([told, isCovered]).toEqual([told, true]);
      }
      expect(granted?.detail).toMatchObject({ scopesTo: grant });
    }
  });

  it('an owner’s no from afar is a no here, too', async () => {
    // A silent local approval does not ask what an owner has said before.
    const house = await openHouse(LOCAL);
    const device = newDevice();
    const afar = await visit(house, { ...TOOL, device, scopes: READ }, AFAR);
    await reject(house.owner, afar.requestId);
    expect((await visit(house, { ...TOOL, device, scopes: READ })).told).toBe('refused');
  });
});
