/** Proofs that are used twice, identities that are made up, and strings that mean two things. */
import crypto from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type House, openHouse, SECRET, SHARED } from '../support/harness.ts';
import { ADMIN_BUNDLE, grantOf, history, pair, READ } from '../support/pairing.ts';
import { newDevice, type TestDevice } from '../support/raw-client.ts';
import { CLI, knock, LOCAL, OLD_TOOL, ownerHere, pairedHere, TOOL, visit } from './programs.ts';

type Params = Record<string, unknown>;

const withDevice = (change: object) => (params: Params) => ({
  ...params,
  device: { ...(params.device as object), ...change },
});

async function wrongProof(house: House, ask: object): Promise<string> {
  return (await visit(house, { ...TOOL, scopes: READ, ...ask })).error?.message ?? 'let in';
}

describe('a connect that was recorded', () => {
  it('threat "replay of a connect": is of no use on another socket, a second time, or later', async () => {
    // Without a nonce of the gateway's own, or with a wide clock, a recording opens a session.
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const frames: Params[] = [];
    const keep = (params: Params): Params => {
      frames.push(params);
      return params;
    };
    const first = await knock(house, { ...TOOL, device, scopes: READ, forge: keep });
    expect(first.told).toBe('let in');
    expect(await wrongProof(house, { forge: () => frames[0] })).toBe('device nonce mismatch');
    const again = await first.client.request('connect', frames[0]);
    expect(again.error.message).toBe('connect is only valid as the first request');
    const old = house.clock.now() - 121_000;
    expect(await wrongProof(house, { device, signedAtMs: old })).toBe('device signature expired');
    // 2026.2.19 let a local peer leave the nonce out.
    const bare = { ...OLD_TOOL, device, forge: withDevice({ nonce: undefined }) };
    expect(await wrongProof(house, bare)).toBe('device nonce required');
  });

  it('GHSA-63f5-hhc7-cx6p: a setup code opens nothing here, the first time or again', async () => {
    // A bootstrap code could be used again, and then raised the scopes of the request that it had made.
    const house = await openHouse(LOCAL);
    const device = newDevice();
    for (let replay = 0; replay < 3; replay++) {
      const auth = { bootstrapToken: 'a code that was valid once' };
      const used = await visit(house, { ...CLI, device, scopes: ADMIN_BUNDLE, auth });
      expect(used.told).toBe('refused');
      expect(used.error.message).toMatch(/^unauthorized/);
    }
    expect(await house.store.list()).toEqual([]);
  });
});

describe('an identity that is made up', () => {
  it('threat "spoofed device id": the id is the hash of the key that signs, in whatever spelling the key comes', async () => {
    // An id that the client may choose is anybody's.
    const house = await openHouse();
    const [known, other] = [newDevice(), newDevice()];
    await pair(house, known, ADMIN_BUNDLE);
    const claimed = { id: known.id, publicKey: other.publicKey, sign: other.sign };
    expect(await wrongProof(house, { device: claimed })).toBe('device identity mismatch');
    const borrowed = { id: known.id, publicKey: known.publicKey, sign: other.sign };
    expect(await wrongProof(house, { device: borrowed })).toBe('device signature invalid');
    const pem = String(known.key.export({ format: 'pem', type: 'spki' }));
    for (const publicKey of [known.publicKey, known.raw.toString('base64'), pem]) {
      const same = await visit(house, { ...TOOL, device: { ...known, publicKey }, scopes: READ });
      expect(same).toMatchObject({ told: 'let in', scopes: READ });
    }
    expect(await house.store.list()).toHaveLength(1);
  });

  it('threat "spoofed metadata", GHSA-r65x-2hqr-j5hf, CVE-2026-32014: what a client says of itself is a ground for nothing', async () => {
    // A platform that nobody had signed decided which policy held for the device.
    const house = await openHouse();
    const trusted = newDevice();
    await pair(house, trusted, ADMIN_BUNDLE);
    const says = (platform: string, deviceFamily: string) => (params: Params) => ({
      ...params,
      client: { ...(params.client as object), platform, deviceFamily, displayName: 'the owner’s phone' },
    });
    for (const protocol of [3, 4] as const) {
      const device = newDevice();
      const ask = { ...TOOL, protocol, device, scopes: READ, forge: says('ios', 'iPhone') };
      const spoofed = await visit(house, ask);
      expect(spoofed.told).toBe(protocol === 3 ? 'waits' : 'refused');
      expect(await grantOf(house, device.id)).toEqual([]);
      // Nor does it take anything away from a device that is known.
      await visit(house, { ...ask, device: trusted });
      expect(await grantOf(house, trusted.id)).toEqual(ADMIN_BUNDLE);
    }
    expect(await history(house, trusted.id)).toHaveLength(2);
  });

  it('threat "stolen device token": is nothing without the key of the device that it was made for', async () => {
    // Upstream, too, accepts a token only with a signature of the key that it was paired with; a bare bearer is one theft away.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house);
    const { deviceToken = '' } = await visit(house, { ...CLI, device, scopes: ADMIN_BUNDLE });
    const thief = newDevice();
    const forged: TestDevice = { ...thief, id: device.id, publicKey: device.publicKey };
    for (const ask of [{ device: null }, { device: thief }, { device: forged }]) {
      for (const auth of [{ deviceToken }, { token: deviceToken }]) {
        const theft = await visit(house, { ...CLI, ...ask, scopes: READ, auth });
        expect([theft.told, theft.scopes]).toEqual(['refused', []]);
      }
    }
    expect(await house.store.list()).toHaveLength(1);
  });
});

describe('strings that mean two things', () => {
  it('threat "scope string tricks": one scope with a comma in it is not the two that sign alike', async () => {
    // Scopes are joined by commas in the signed text, unescaped: ["a,b"] and ["a","b"] have one signature.
    const house = await openHouse();
    const device = newDevice();
    await pair(house, device, READ);
    const joined = ['operator.read,operator.admin'];
    const apart = (params: Params) => ({ ...params, scopes: ['operator.read', 'operator.admin'] });
    expect(await wrongProof(house, { device, scopes: joined })).toMatch(
      /^invalid connect params: a scope must/,
    );
    // Taken apart on the way it is a wish like any other: signed, not granted, and shown as what it is.
    const split = await visit(house, { ...TOOL, device, scopes: joined, forge: apart });
    expect(split).toMatchObject({ told: 'let in', scopes: READ });
    for (const scope of ['operator.read|x', 'operator.*', 'OPERATOR.ADMIN', ' operator.admin', 'operator.']) {
      expect(await wrongProof(house, { device, scopes: [scope] })).toMatch(
        /^invalid connect params: a scope/,
      );
    }
    const unknown = await visit(house, { ...TOOL, device, scopes: [...READ, 'operator.everything'] });
    expect(unknown.scopes).toEqual(READ);
    expect(await grantOf(house, device.id)).toEqual(READ);
  });

  it('threat "token comparison timing": a secret of any length and any beginning is compared as a hash, whole', async () => {
    // A comparison that ends at the first wrong byte tells how many were right.
    const house = await openHouse(LOCAL);
    const compared: number[][] = [];
    const real = crypto.timingSafeEqual;
    const spy = vi.spyOn(crypto, 'timingSafeEqual').mockImplementation((left, right) => {
      compared.push([left.byteLength, right.byteLength]);
      return real(left, right);
    });
    syncBuiltinESMExports();
    onTestFinished(() => {
      spy.mockRestore();
      syncBuiltinESMExports();
    });
    for (const token of ['x', `${SECRET.slice(0, -1)}x`, `x${SECRET.slice(1)}`, `${SECRET}x`, SECRET]) {
      compared.length = 0;
      const guess = await visit(house, { ...CLI, device: null, auth: { token } });
      expect(guess.told).toBe(token === SECRET ? 'let in' : 'refused');
      expect(compared).toEqual([[32, 32]]);
    }
  });
});

describe('where secrets lie', () => {
  it('threat "tokens at rest": the database holds no token, and what derives them is its owner’s alone', async () => {
    // Tokens lay in clear text in files that every backup takes along.
    const house = await openHouse({ ...LOCAL, store: 'sqlite' });
    const device = await pairedHere(house);
    const { deviceToken = '' } = await visit(house, { ...CLI, device, scopes: ADMIN_BUNDLE });
    const mac = deviceToken.slice(-43);
    expect(mac).toMatch(/^[\w-]{43}$/);
    const files = readdirSync(house.folder);
    const known = files.filter((name) =>
      readFileSync(join(house.folder, name), 'latin1').includes(device.id),
    );
    expect(known).not.toEqual([]);
    for (const name of files) {
      const path = join(house.folder, name);
      const bytes = readFileSync(path, 'latin1');
      expect([name, bytes.includes(mac), bytes.includes(SECRET)]).toEqual([name, false, false]);
      expect([name, statSync(path).mode & 0o077]).toEqual([name, 0]);
    }
  });

  it('GHSA-7h7g-x2px-94hj: no frame, no list, no history and no log carries the shared secret', async () => {
    // A setup code held the gateway's own long-lived token.
    const house = await openHouse(LOCAL);
    const owner = await ownerHere(house);
    const device = await pairedHere(house);
    const waiting = await knock(house, { ...CLI, device, scopes: ['operator.questions'] }, { via: 'x' });
    await visit(house, { ...CLI, device, auth: { ...SHARED, deviceToken: SECRET } });
    for (const [method, params] of [
      ['device.pair.setupCode', {}],
      ['device.pair.list', {}],
      ['device.history', { deviceId: device.id }],
      ['status', {}],
      ['config.get', {}],
    ] as const) {
      await owner.request(method, params);
    }
    const setup = await owner.request('device.pair.setupCode', {});
    expect(setup.error.message).toBe('unknown method: device.pair.setupCode');
    const seen = JSON.stringify([owner.frames, waiting.client.frames, house.log]);
    expect(seen.length).toBeGreaterThan(1000);
    expect(seen).not.toContain(SECRET);
  });
});
