import { describe, expect, it } from 'vitest';
import { revoke } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { wireDenial } from '../../src/protocol/denial.ts';
import { DEVICE_ID, EVERY_DENIAL, nameOf, REQUEST_ID } from '../protocol/denials.ts';
import { openHouse } from '../support/harness.ts';
import { ASKED, history, openRequest } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import { idInReason, OlderNode, OpenclawNode } from './node-clients.ts';

const SLICE_MS = 12_000;

describe('a node host of 2026.2.19', () => {
  it('comes back after each refusal, 1 s to 30 s later; one request, one line; let in at its next connect', async () => {
    // By default it is held longer: `openclaw node run` of that release ends when it is refused.
    const house = await openHouse({ gateway: { waiting: { sliceMs: {}, defaultSliceMs: SLICE_MS } } });
    const device = newDevice();
    const node = new OlderNode(house, device);
    const ids = new Set<string | undefined>();
    for (let attempt = 0; attempt < 8; attempt++) {
      const knock = await node.knock();
      ids.add(knock.requestId);
      await house.pass(SLICE_MS);
      expect((await node.answered(knock)).error.code).toBe('NOT_PAIRED');
      await node.rest();
    }
    const [id] = ids;
    expect(ids.size).toBe(1);
    expect(new Set(node.reasons)).toEqual(
      new Set([`pairing required: not approved yet; run: antechamber devices approve (requestId: ${id})`]),
    );
    expect(house.audit).toHaveLength(1);
    await approve(house.owner, String(id));
    const { answer } = await node.knock();
    expect(answer?.payload).toMatchObject({ protocol: 3, auth: { role: 'node', scopes: [] } });
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });

  it('approved while it is held: on that socket, and it comes back with the token that it was given', async () => {
    const house = await openHouse();
    const node = new OlderNode(house, newDevice());
    const knock = await node.knock();
    await approve(house.owner, String(knock.requestId));
    expect((await node.answered(knock)).ok).toBe(true);
    expect(node.token).toMatch(/^atk1_/);
    expect((await node.knock()).answer?.ok).toBe(true);
  });

  it('revoked: it knocks on for ever, to no effect and without a line; its token is not told as mismatched', async () => {
    const house = await openHouse();
    const device = newDevice();
    const node = new OlderNode(house, device);
    const knock = await node.knock();
    await approve(house.owner, String(knock.requestId));
    await node.answered(knock);
    await revoke(house.owner, device.id, 'node');
    await knock.client.closed();
    const lines = house.audit.length;
    for (let attempt = 0; attempt < 6; attempt++) {
      expect((await node.knock()).answer?.ok).toBe(false);
      await node.rest();
    }
    expect(new Set(node.reasons)).toEqual(
      new Set([
        'unauthorized: device token revoked by an owner (connect with the shared token to ask for approval)',
      ]),
    );
    expect(house.audit).toHaveLength(lines);
    expect(await openRequest(house, device.id, 'node')).toBeNull();
  });
});

describe('openclaw-node 0.14', () => {
  it('finds the whole id in every close reason that has one, and a pairing in every one that is about it', () => {
    const peer = { clientKind: 'other', deviceId: DEVICE_ID } as const;
    for (const denial of EVERY_DENIAL) {
      const { error, close } = wireDenial(denial, { ...peer, protocol: 4 });
      const id = 'request' in denial && denial.request ? REQUEST_ID : undefined;
      expect(idInReason(close.reason), nameOf(denial)).toBe(
        error.message.startsWith('pairing required') ? id : null,
      );
    }
  });

  it('is held for minutes, and keeps the token that it kept: it meets no refusal while it waits', async () => {
    const house = await openHouse();
    const node = new OpenclawNode(house, newDevice());
    const knock = await node.knock();
    await house.pass(4 * 60_000, 10_000);
    expect(node.ids).toEqual([]);
    await approve(house.owner, String(knock.requestId));
    expect((await node.answered(knock)).ok).toBe(true);
    expect(node.kept).toMatch(/^atk1_/);
    const again = await node.knock();
    expect(again.answer?.payload.auth.deviceToken).toBe(node.kept);
  });

  it('reads the id from the close reason, and it is the one to approve', async () => {
    const house = await openHouse();
    const node = new OpenclawNode(house, newDevice());
    const knock = await node.knock();
    await house.pass(5 * 60_000, 10_000);
    await node.answered(knock);
    expect(node.ids).toEqual([knock.requestId]);
    await approve(house.owner, String(node.ids[0]));
    expect((await node.knock()).answer?.ok).toBe(true);
  });

  it('a refusal makes it delete its token, whatever that was; with the shared one it is let in and given it again', async () => {
    const house = await openHouse();
    const device = newDevice();
    const node = new OpenclawNode(house, device);
    const knock = await node.knock();
    await approve(house.owner, String(knock.requestId));
    await node.answered(knock);
    const token = node.kept;
    node.kept = 'atk1_00000000_1_1_1_stale';
    expect((await node.knock()).answer?.error.details.code).toBe('AUTH_DEVICE_TOKEN_MISMATCH');
    expect(node.kept).toBeUndefined();
    expect((await node.knock()).answer?.ok).toBe(true);
    expect(node.kept).toBe(token);
    expect(await history(house, device.id, ...ASKED)).toHaveLength(1);
  });
});
