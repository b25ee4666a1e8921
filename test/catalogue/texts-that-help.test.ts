/** Refusals that did not say what was wrong or what to do, or said more than the peer should know. */
import { describe, expect, it } from 'vitest';
import { rotate } from '../../src/authority/device-decisions.ts';
import { openHouse, SHARED } from '../support/harness.ts';
import { MANAGE, openRequest, pair, READ } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import {
  AFAR,
  CLI,
  knock,
  LOCAL,
  NODE_HOST,
  OLD_CLI,
  OLD_TOOL,
  PROBE,
  pairedHere,
  TOOL,
  visit,
} from './programs.ts';

describe('a refusal says what to do', () => {
  it('#67618, 2b.20: the text names the one command that approves it, with the whole id, for both generations', async () => {
    // "pairing required", and nobody knew which command to type, or for which id.
    const house = await openHouse();
    for (const ask of [OLD_CLI, { ...OLD_TOOL, scopes: READ }, { ...CLI, scopes: READ }, NODE_HOST]) {
      const asking = await knock(house, { ...ask, device: newDevice() });
      await house.pass(12_000);
      const { error } = await asking.answer();
      expect(error.details.requestId).toBe(asking.requestId);
      expect(error.details.remediationHint).toContain(`antechamber devices approve ${asking.requestId} `);
      expect(error.details.remediationHint).toContain(`openclaw devices approve ${asking.requestId}`);
      // Whoever reads only the reason of the close has the id, whole.
      expect((await asking.client.closed()).reason).toContain(`(requestId: ${asking.requestId})`);
    }
  });

  it('#47103: a socket that is ended for saying nothing is told so', async () => {
    // `devices list` ended in "1000 normal closure": the timeout before the handshake gave no reason.
    const house = await openHouse();
    const slow = await house.client();
    await house.pass(14_000);
    expect(slow.close).toBeUndefined();
    await house.pass(1500, 100);
    expect(await slow.closed()).toEqual({ code: 1008, reason: 'handshake timeout' });
    const garbled = await house.client();
    garbled.sendText('{"type":"req"');
    expect(await garbled.closed()).toEqual({ code: 1008, reason: 'invalid request frame: not JSON' });
  });

  it('#20679, #79292: a token that was superseded, one that is wrong and a wrong secret are three texts', async () => {
    // One text stood for all three, and clients delete their token on it.
    const house = await openHouse();
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    await rotate(house.owner, device.id, 'operator', null);
    await house.pass(31 * 24 * 3_600_000, 24 * 3_600_000);
    const texts = [];
    for (const auth of [
      { deviceToken },
      { deviceToken: `${deviceToken.slice(0, -3)}xyz` },
      { token: 'wrong' },
    ]) {
      texts.push((await visit(house, { ...TOOL, device, scopes: READ, auth })).error.message);
    }
    expect(texts).toEqual([
      expect.stringMatching(/device token superseded .*shared token.*antechamber devices reissue/),
      expect.stringMatching(/device token mismatch/),
      expect.stringMatching(/gateway token mismatch/),
    ]);
  });
});

describe('missing scope', () => {
  it('#46583, #45908, #46836: with its device a probe or a command keeps what it was granted', async () => {
    // A probe connected without its device, lost its scopes, and was told that operator.read is missing.
    const house = await openHouse();
    const device = newDevice();
    const deviceToken = await pair(house, device, READ);
    for (const auth of [SHARED, { deviceToken }]) {
      for (const ask of [PROBE, CLI, TOOL]) {
        const program = await knock(house, { ...ask, device, scopes: READ, auth });
        expect(program).toMatchObject({ told: 'let in', scopes: READ });
        for (const method of ['health', 'status']) {
          expect((await program.client.request(method)).ok).toBe(true);
        }
      }
    }
  });

  it('#48288, #48538, #52333: without a device: the owner on this computer reads, the same secret from afar does not', async () => {
    // The same command worked or lost its scopes depending on how the gateway was reached, and nothing said why.
    const house = await openHouse(LOCAL);
    for (const ask of [PROBE, CLI, TOOL]) {
      const here = await knock(house, { ...ask, device: null, scopes: READ });
      expect((await here.client.request('status')).ok).toBe(true);
      const afar = await knock(house, { ...ask, device: null, scopes: READ }, AFAR);
      expect(afar).toMatchObject({ told: 'let in', scopes: [] });
      const { error } = await afar.client.request('status');
      expect(error).toMatchObject({ code: 'FORBIDDEN', message: 'missing scope: operator.read' });
    }
  });

  it('#46583: what a session lacks because it is not approved yet names its request', async () => {
    // The error named the scope, and neither that a request was open nor how to approve it.
    const house = await openHouse(LOCAL);
    const device = await pairedHere(house, { ...TOOL, scopes: READ });
    const { client } = await knock(house, { ...TOOL, device, scopes: [...MANAGE, ...READ] });
    const { error } = await client.request('device.pair.list', {});
    const open = await openRequest(house, device.id);
    expect(error.details).toMatchObject({ missingScope: 'operator.pairing', requestId: `${open?.id}.r1` });
    expect(error.details.remediationHint).toContain(`antechamber devices approve ${open?.id}.r1`);
  });
});

describe('a refusal says no more than that', () => {
  it('threat "information leak": a device’s token tells it nothing of others, not even whether they exist', async () => {
    // Upstream hides the list as well, and answers each refusal in one text.
    const house = await openHouse();
    const [own, other] = [newDevice(), newDevice()];
    const scopes = ['operator.pairing'];
    const deviceToken = await pair(house, own, [...scopes, ...READ]);
    await pair(house, other, READ);
    const { client } = await knock(house, { ...CLI, device: own, scopes, auth: { deviceToken } });
    const about = async (deviceId: string) => {
      const answers = [];
      for (const role of ['operator', 'node']) {
        answers.push(await client.request('device.token.rotate', { deviceId, role }));
        answers.push(await client.request('device.token.revoke', { deviceId, role }));
      }
      answers.push(await client.request('device.pair.remove', { deviceId }));
      answers.push(await client.request('device.pair.rename', { deviceId, label: 'x' }));
      answers.push(await client.request('device.history', { deviceId }));
      return answers.map(({ ok, error }) => ({ ok, error }));
    };
    expect(await about(other.id)).toEqual(await about('f'.repeat(64)));
    expect((await about(other.id)).some(({ ok }) => ok)).toBe(false);
  });

  it('threat "information leak": an unproved peer learns nothing of the device that it names', async () => {
    // What a device is approved for was told to whoever named it.
    const house = await openHouse();
    const known = newDevice();
    await pair(house, known, MANAGE);
    const told = async (device: typeof known) => {
      const thief = { id: device.id, publicKey: device.publicKey, sign: newDevice().sign };
      const [wrong, unsigned] = [
        await visit(house, { ...TOOL, device, scopes: READ, auth: { token: 'wrong' } }),
        await visit(house, { ...TOOL, device: thief, scopes: READ }),
      ];
      return [wrong.error, unsigned.error];
    };
    expect(await told(known)).toEqual(await told(newDevice()));
  });
});
