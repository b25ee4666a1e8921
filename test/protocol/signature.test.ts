import { generateKeyPairSync } from 'node:crypto';
import { buildDeviceAuthPayload, buildDeviceAuthPayloadV3 } from '@openclaw/gateway-client';
import { describe, expect, it } from 'vitest';
import type { ConnectRequest } from '../../src/protocol/connect.ts';
import { deviceIdOf, importPublicKey, signedText, verifyDeviceProof } from '../../src/protocol/signature.ts';
import { claim, cliParams, mustParse, NONCE, newDevice, SIGNED_AT, seeded, vectorDevice } from './device.ts';

const vector = vectorDevice();

function check(connect: ConnectRequest, changes: { nonce?: string; nowMs?: number } = {}) {
  const keyFor = (_id: string, raw: Buffer) => importPublicKey(raw);
  return verifyDeviceProof({ connect, nonce: NONCE, nowMs: SIGNED_AT, keyFor, ...changes });
}

describe('the vectors of PROTOCOL Appendix A', () => {
  const cli = {
    minProtocol: 3,
    maxProtocol: 3,
    client: { id: 'cli', version: 'dev', platform: 'linux', mode: 'cli' },
    scopes: ['operator.admin', 'operator.approvals', 'operator.pairing'],
  };
  const v2 = 'MMSgra_wbySLpvT1x35tcH-ckS9v62REWxC2fa6bi2Pr4utp5KM0JVBCj-6hqhdeRWyJlwLFyQ3QcvMiO7IPCQ';
  const v3 = 'TKZHpDAvOd31tF06u4V-InBr2l1qdwe1K_3feuUpsMK36ys_xWT4ysPrYBviB9I1SBoEPs_OEvRTNKjSsWPrBg';
  const v3Node = 'sfIuGGclnMwg-4vFbxM_8a8P_V1PTgAEJaCUvsJ47OUoYqO_yobdGnlQSAD9IN0i1nNMsDEkwPsSSXXMXQn3Ag';
  const v1 = 'cZiRwYxqX6R7PlIitFG7j7kacQvf5b6DW7qdPvnaXciuUbkybLEoLWr6ZnotZlc7ePaVmYIqH5IKBRucdUM1BQ';

  it('give the device id of the key', () => {
    expect(vector.publicKey).toBe('A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg');
    expect(vector.id).toBe('56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c');
  });

  it('accept v2 in either generation', () => {
    const device = claim(vector, v2);
    expect(check(mustParse(cliParams({ ...cli, device })))).toEqual({ ok: true, version: 2 });
    const newer = cliParams({ ...cli, maxProtocol: 4, device });
    expect(check(mustParse(newer))).toEqual({ ok: true, version: 2 });
  });

  it('accept v3 with and without scopes, token and family, in either generation', () => {
    const device = claim(vector, v3);
    expect(check(mustParse(cliParams({ device })))).toEqual({ ok: true, version: 3 });
    expect(check(mustParse(cliParams({ minProtocol: 3, maxProtocol: 3, device })))).toMatchObject({
      ok: true,
    });
    const client = { id: 'node-host', version: '1', platform: 'darwin', mode: 'node' };
    const node = { client, role: 'node', scopes: [], auth: undefined, device: claim(vector, v3Node) };
    expect(check(mustParse(cliParams(node)))).toEqual({ ok: true, version: 3 });
  });

  it('refuse v1, with the nonce and without', () => {
    const withNonce = cliParams({ ...cli, device: claim(vector, v1) });
    expect(check(mustParse(withNonce))).toEqual({ ok: false, problem: 'signature-invalid' });
    const without = cliParams({ ...cli, device: claim(vector, v1, { nonce: undefined }) });
    expect(check(mustParse(without))).toEqual({ ok: false, problem: 'nonce-missing' });
  });

  it('accept standard base64 and PEM for the same key and signature', () => {
    const pem = vector.key.export({ format: 'pem', type: 'spki' }).toString();
    const standard = Buffer.from(v3, 'base64url').toString('base64');
    for (const publicKey of [pem, vector.raw.toString('base64'), vector.publicKey]) {
      const connect = mustParse(cliParams({ device: claim(vector, standard, { publicKey }) }));
      expect(connect.device?.publicKeyText).toBe(vector.publicKey);
      expect(check(connect).ok).toBe(true);
    }
  });
});

describe('signedText', () => {
  const PLATFORMS = [
    'linux',
    ' Linux ',
    'ЛИНУКС',
    'İstanbul',
    'ΣΊΣΥΦΟΣ',
    '\u202eMAC',
    'Mac\u0000',
    'K(Kelvin)',
    '😀 OS',
  ];
  const SCOPES = ['operator.write', 'operator.read', 'operator.admin', 'operator.talk.secrets'];

  it('is the text of the official client, for 500 random connects', () => {
    const below = seeded(21688);
    const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
    for (let round = 0; round < 500; round += 1) {
      const platform = pick(PLATFORMS);
      const deviceFamily = below(2) ? pick(PLATFORMS) : undefined;
      const scopes = Array.from({ length: below(5) }, () => pick(SCOPES));
      const tokenName = pick(['token', 'deviceToken', 'bootstrapToken', 'password']);
      const token = pick(['', 'a|b', 'ключ']);
      const client = {
        id: pick(['cli', 'gateway-client']),
        version: '1',
        platform,
        deviceFamily,
        mode: 'cli',
      };
      const connect = mustParse(
        cliParams({ client, scopes, auth: { [tokenName]: token }, device: claim(vector, 'AA') }),
      );
      const fields = {
        deviceId: vector.id,
        clientId: client.id,
        clientMode: 'cli',
        role: 'operator',
        scopes,
        signedAtMs: SIGNED_AT,
        token: tokenName === 'password' ? null : token,
        nonce: NONCE,
      };
      const v3 = buildDeviceAuthPayloadV3({ ...fields, platform, deviceFamily: deviceFamily ?? null });
      expect(signedText(2, connect, NONCE)).toBe(buildDeviceAuthPayload(fields));
      expect(signedText(3, connect, NONCE)).toBe(v3);
    }
  });

  it('prefers the shared token over the device token over the bootstrap token', () => {
    const tokens = { token: 'shared', deviceToken: 'device', bootstrapToken: 'boot' };
    const tokenOf = (auth: object) => signedText(2, mustParse(cliParams({ auth })), NONCE).split('|')[7];
    expect(tokenOf(tokens)).toBe('shared');
    expect(tokenOf({ ...tokens, token: undefined })).toBe('device');
    expect(tokenOf({ bootstrapToken: 'boot' })).toBe('boot');
  });
});

describe('verifyDeviceProof', () => {
  const device = newDevice();

  /** A connect that this device signed with v3. */
  function signedConnect(changes: object = {}): ConnectRequest {
    const params = cliParams({ ...changes, device: claim(device, 'AA') });
    const text = signedText(3, mustParse(params), NONCE);
    return mustParse({ ...params, device: claim(device, device.sign(text)) });
  }

  it('accepts what the device signed', () => {
    expect(check(signedConnect())).toEqual({ ok: true, version: 3 });
  });

  it.each([
    ['scopes', { signed: { ...signedConnect().signed, scopes: 'operator.admin' } }],
    ['role', { signed: { ...signedConnect().signed, role: 'node' } }],
    ['platform', { signed: { ...signedConnect().signed, platform: 'darwin' } }],
    ['token', { auth: { token: 'other' } }],
  ] as const)('refuses other %s than were signed', (_name, changes) => {
    const connect = { ...signedConnect(), ...changes } as ConnectRequest;
    expect(check(connect)).toEqual({ ok: false, problem: 'signature-invalid' });
  });

  it('allows the skew of each generation to the millisecond', () => {
    for (const [protocol, skew] of [
      [3, 600_000],
      [4, 120_000],
    ] as const) {
      const connect = signedConnect({ minProtocol: protocol, maxProtocol: protocol });
      for (const sign of [-1, 1]) {
        expect(check(connect, { nowMs: SIGNED_AT + sign * skew }).ok).toBe(true);
        expect(check(connect, { nowMs: SIGNED_AT + sign * (skew + 1) })).toEqual({
          ok: false,
          problem: 'signature-stale',
        });
      }
      expect(check(connect, { nowMs: Number.NaN })).toMatchObject({ problem: 'signature-stale' });
    }
  });

  it('checks id, skew, nonce and signature in the order of PROTOCOL 2.3', () => {
    const wrongId = { id: newDevice().id };
    const late = { nowMs: SIGNED_AT + 900_000 };
    const noNonce = { nonce: undefined };
    const otherNonce = { nonce: '11111111-2222-4333-8444-555555555556' };
    const bad = (changes: Record<string, unknown>) =>
      mustParse(cliParams({ device: claim(device, 'AA', changes) }));
    expect(check(bad({ ...wrongId, ...noNonce }), late)).toMatchObject({ problem: 'id-mismatch' });
    expect(check(bad(noNonce), late)).toMatchObject({ problem: 'signature-stale' });
    expect(check(bad(noNonce))).toMatchObject({ problem: 'nonce-missing' });
    expect(check(bad({ nonce: '' }))).toMatchObject({ problem: 'nonce-missing' });
    expect(check(bad(otherNonce))).toMatchObject({ problem: 'nonce-mismatch' });
    expect(check(bad({ nonce: `${NONCE}0` }))).toMatchObject({ problem: 'nonce-mismatch' });
    expect(check(bad({}))).toMatchObject({ problem: 'signature-invalid' });
  });

  it('does not ask for the key before the nonce is right', () => {
    const asked: string[] = [];
    const keyFor = (id: string, raw: Buffer) => {
      asked.push(id);
      return importPublicKey(raw);
    };
    const connect = signedConnect();
    verifyDeviceProof({ connect, nonce: 'another', nowMs: SIGNED_AT, keyFor });
    expect(asked).toEqual([]);
    verifyDeviceProof({ connect, nonce: NONCE, nowMs: SIGNED_AT, keyFor });
    expect(asked).toEqual([device.id]);
  });

  it('answers key-invalid when the key cannot be had, or is of another kind', () => {
    const connect = signedConnect();
    const broken = () => {
      throw new Error('no such key');
    };
    const p256 = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    for (const keyFor of [broken, p256]) {
      const proof = verifyDeviceProof({ connect, nonce: NONCE, nowMs: SIGNED_AT, keyFor });
      expect(proof).toEqual({ ok: false, problem: 'key-invalid' });
    }
  });

  it('proves nothing without a device', () => {
    expect(check(mustParse(cliParams()))).toEqual({ ok: false, problem: 'id-mismatch' });
  });

  it('never throws on random keys and signatures', () => {
    const below = seeded(7);
    const bytes = (length: number) => Buffer.from(Array.from({ length }, () => below(256)));
    for (let round = 0; round < 300; round += 1) {
      const raw = bytes(32);
      const stranger = { ...device, raw, id: deviceIdOf(raw), publicKey: raw.toString('base64url') };
      const signature = bytes(below(100)).toString('base64') || '=';
      const proof = check(mustParse(cliParams({ device: claim(stranger, signature) })));
      expect(proof.ok).toBe(false);
    }
  });
});
