import { describe, expect, it } from 'vitest';
import type { Role } from '../../machines/vocabulary.ts';
import { forgive, reissue, remove, revoke, rotate } from '../../src/authority/device-decisions.ts';
import {
  type ForeignDevice,
  type ForeignList,
  type ForeignRequest,
  type ForeignRole,
  importAll,
  previewImport,
} from '../../src/authority/importing.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { hashOfToken } from '../../src/authority/tokens.ts';
import { A, ADMIN, B, Desk, id, PAIR, READ, WRITE } from './desk.ts';

const TOKEN = 'f'.repeat(43);
const C = id('c');

function foreign(scopes: readonly string[], more: Partial<ForeignRole> = {}): ForeignRole {
  const role = more.role ?? ('operator' satisfies Role);
  return { role, ceiling: scopes, grant: scopes, tokenHash: hashOfToken(TOKEN), revokedAtMs: null, ...more };
}

function device(
  deviceId: string,
  roles: readonly ForeignRole[],
  more: Partial<ForeignDevice> = {},
): ForeignDevice {
  return {
    deviceId,
    publicKey: `key-of-${deviceId.slice(0, 4)}`,
    label: null,
    profile: { displayName: 'there' },
    createdAtMs: 1000,
    approvedAtMs: 2000,
    approvedVia: 'owner',
    roles,
    ...more,
  };
}

function request(
  deviceId: string,
  wish: readonly string[],
  more: Partial<ForeignRequest> = {},
): ForeignRequest {
  return {
    requestId: `their-${deviceId.slice(0, 1)}`,
    deviceId,
    publicKey: `key-of-${deviceId.slice(0, 4)}`,
    role: 'operator',
    wish: wish as ForeignRequest['wish'],
    profile: { clientId: 'cli' },
    endsAtMs: 2_000_000,
    ...more,
  };
}

const list = (devices: readonly ForeignDevice[], requests: readonly ForeignRequest[] = []): ForeignList => ({
  source: 'another gateway',
  devices,
  requests,
});

/** `role action: reason`, for each line. */
async function bring(desk: Desk, what: ForeignList): Promise<readonly string[]> {
  const shown = await previewImport(desk.owner, what);
  const done = await importAll(desk.owner, what);
  expect(shown.map((line) => ({ ...line, requestId: null }))).toEqual(
    done.map((line) => ({ ...line, requestId: null })),
  );
  return done.map(({ role, action, reason }) => [role, action, reason].filter(Boolean).join(' '));
}

const DECIDED = 'operator kept decided here';
const HERE = 'operator here imported before, and the same there since';

describe('an import', () => {
  it('grants what was granted there, keeps how it was approved in the history, and is one line of audit a role', async () => {
    const desk = new Desk();
    const narrowed = foreign([READ, WRITE], { grant: [READ] });
    const node = foreign([], { role: 'node', tokenHash: null });
    expect(await bring(desk, list([device(A, [narrowed, node], { label: 'desk' })]))).toEqual([
      'operator import',
      'node import',
    ]);
    const kept = await desk.device(A);
    expect(kept).toMatchObject({ label: 'desk', createdAtMs: 1000, profile: { displayName: 'there' } });
    expect(await desk.role(A)).toMatchObject({
      state: 'paired',
      record: { ceiling: [READ, WRITE], grant: [READ], approvedAtMs: 2000 },
    });
    expect((await desk.role(A, 'node')).state).toBe('paired');
    const [first] = await desk.history(A);
    expect(first).toMatchObject({
      type: 'device.imported',
      detail: {
        by: 'store-file owner',
        imported: { source: 'another gateway', approvedVia: 'owner', approvedAtMs: 2000 },
      },
    });
    expect(desk.lines).toHaveLength(2);
    expect(desk.lines[0]).toContain('state=unpaired>paired grant=operator.read by="store-file owner"');
  });

  it('of a revoked role is revoked here, and its token says so (I16)', async () => {
    const desk = new Desk();
    const revoked = foreign([READ], { revokedAtMs: 3000 });
    expect(await bring(desk, list([device(A, [revoked])]))).toEqual(['operator import']);
    expect(await desk.role(A)).toMatchObject({ state: 'revoked', record: { ceiling: [], grant: [] } });
    expect(await desk.ask(A, [READ], { deviceToken: TOKEN })).toEqual({
      ok: false,
      problem: 'device-token-revoked',
    });
    expect(await desk.ask(A, [READ], { local: true })).toMatchObject({ verdict: 'quiet' });
    expect(await bring(desk, list([device(A, [revoked])]))).toEqual([HERE]);
    // Given back there since: here only an approval does that.
    expect(await bring(desk, list([device(A, [foreign([READ])])]))).toEqual([
      'operator kept an owner said no to this device here',
    ]);
  });

  it('is nothing the second time, and takes over what changed there as long as nothing was decided here', async () => {
    const desk = new Desk();
    await bring(desk, list([device(A, [foreign([READ])]), device(B, [foreign([READ])])]));
    const head = await desk.authority.store.head();
    expect(await bring(desk, list([device(A, [foreign([READ])]), device(B, [foreign([READ])])]))).toEqual([
      HERE,
      HERE,
    ]);
    expect(await desk.authority.store.head()).toBe(head);

    const fresh = 'n'.repeat(43);
    const changed = foreign([READ, WRITE], { tokenHash: hashOfToken(fresh) });
    expect(await bring(desk, list([device(A, [changed])]))).toEqual(['operator update']);
    expect((await desk.role(A)).record.grant).toEqual([READ, WRITE]);
    expect(await desk.ask(A, [WRITE], { deviceToken: fresh })).toMatchObject({ ok: true });
    expect(await desk.ask(A, [READ], { deviceToken: TOKEN })).toEqual({
      ok: false,
      problem: 'device-token-invalid',
    });
    const taken = foreign([READ, WRITE], { tokenHash: hashOfToken(fresh), revokedAtMs: 9 });
    expect(await bring(desk, list([device(A, [taken])]))).toEqual(['operator update']);
    expect((await desk.role(A)).state).toBe('revoked');
  });

  it.each<readonly [string, (desk: Desk) => Promise<unknown>]>([
    [
      'an approval',
      async (desk) => {
        await desk.ask(A, [WRITE]);
        await approve(desk.owner, await desk.open(A));
      },
    ],
    ['a rotation', (desk) => rotate(desk.owner, A, 'operator', [])],
    [
      'a rejection',
      async (desk) => {
        await desk.ask(A, [WRITE]);
        await reject(desk.owner, await desk.open(A));
      },
    ],
    [
      'a rejection that is no longer quiet',
      async (desk) => {
        await desk.ask(A, [WRITE]);
        await reject(desk.owner, await desk.open(A));
        await forgive(desk.owner, A);
      },
    ],
    ['a reissue', (desk) => reissue(desk.owner, A, 'operator')],
    ['a revocation', (desk) => revoke(desk.owner, A, 'operator')],
    ['a removal', (desk) => remove(desk.owner, A)],
  ])('never overwrites %s, nor what another role was told', async (_, decide) => {
    const desk = new Desk();
    await bring(desk, list([device(A, [foreign([READ])])]));
    await decide(desk);
    const before = await desk.device(A);
    const wider = foreign([READ, WRITE, ADMIN, PAIR]);
    const [line] = await bring(desk, list([device(A, [wider])]));
    expect(line).toMatch(/^operator kept (decided here|an owner said no to this device here)$/);
    expect(await desk.device(A)).toEqual(before);
  });

  it('brings no other role of a device to which an owner said no', async () => {
    const desk = new Desk();
    await desk.ask(A, [READ]);
    await reject(desk.owner, await desk.open(A));
    await forgive(desk.owner, A);
    const node = foreign([], { role: 'node' });
    expect(await bring(desk, list([device(A, [foreign([READ]), node])]))).toEqual([
      'operator kept an owner said no to this device here',
      'node kept an owner said no to this device here',
    ]);
  });

  it('leaves alone what was approved here, and a role of it that nobody decided on comes over', async () => {
    const desk = new Desk();
    await desk.ask(A, [READ]);
    await approve(desk.owner, await desk.open(A));
    const node = foreign([], { role: 'node' });
    expect(await bring(desk, list([device(A, [foreign([ADMIN]), node])]))).toEqual([DECIDED, 'node import']);
    expect((await desk.role(A)).record.grant).toEqual([READ]);
    expect((await desk.role(A, 'node')).state).toBe('paired');
  });

  it('settles what waits here, or leaves what is more', async () => {
    const desk = new Desk();
    await desk.ask(A, [READ]);
    await desk.ask(B, [READ, ADMIN]);
    await bring(desk, list([device(A, [foreign([WRITE])]), device(B, [foreign([WRITE])])]));
    expect(await desk.role(A)).toMatchObject({ state: 'paired', record: { request: null } });
    expect((await desk.role(B)).state).toBe('upgradePending');
    expect(await desk.open(B)).toMatch(/\.r1$/);
  });

  it('is durable once, and all of it or nothing', async () => {
    const desk = new Desk();
    const many = Array.from({ length: 50 }, (_, index) =>
      device(index.toString(16).padStart(64, '0'), [foreign([READ])]),
    );
    const { saveAll } = desk.authority.store;
    const saved: number[] = [];
    desk.authority.store.saveAll = async (changes) => {
      saved.push(changes.filter(({ durable }) => durable).length);
      // Somebody is faster on one of them, the first time.
      if (saved.length === 1) await desk.ask(many[7]?.deviceId ?? '', [WRITE]);
      return saveAll.call(desk.authority.store, changes);
    };
    const lines = await importAll(desk.owner, list(many));
    expect(saved).toEqual([50, 50]);
    expect(lines.map(({ action }) => action)).toEqual(many.map(() => 'import'));
    expect((await desk.role(many[7]?.deviceId ?? '')).state).toBe('upgradePending');
    desk.authority.store.saveAll = () => Promise.reject(new Error('disk'));
    const head = await desk.authority.store.head();
    await expect(importAll(desk.owner, list([device(A, [foreign([READ])])]))).rejects.toThrow('disk');
    expect(await desk.authority.store.head()).toBe(head);
  });
});

describe('what waits there', () => {
  it('opens a request here with an id of its own, also beside a device that comes over, and joins what is open', async () => {
    const desk = new Desk();
    const asked = list([device(A, [foreign([READ])])], [request(A, [READ, ADMIN]), request(B, [READ])]);
    const done = await importAll(desk.owner, asked);
    expect(done.map(({ action, replaces, requestId }) => [action, replaces, requestId])).toEqual([
      ['import', null, null],
      ['open', 'their-a', await desk.open(A)],
      ['open', 'their-b', await desk.open(B)],
    ]);
    expect((await desk.role(A)).state).toBe('upgradePending');
    expect((await desk.role(B)).state).toBe('pairingPending');
    const [opened] = (await desk.history(B)).filter(({ type }) => type === 'request.opened');
    expect(opened?.detail).toMatchObject({ imported: { requestIds: ['their-b'] } });
    expect(await bring(desk, asked)).toEqual([
      HERE,
      `operator here it waits here as ${await desk.open(A)}`,
      `operator here it waits here as ${await desk.open(B)}`,
    ]);
    expect(await desk.ask(B, [READ])).toMatchObject({ verdict: 'joined' });
  });

  it('is left out when it is over, granted, declined here or one too many', async () => {
    const desk = new Desk({ mostStrangers: 1 });
    await desk.ask(C, [READ]);
    await reject(desk.owner, await desk.open(C));
    const asked = list(
      [device(A, [foreign([WRITE])])],
      [
        request(A, [READ]),
        request(B, [READ], { endsAtMs: desk.now }),
        request(C, [READ]),
        request(id('d'), [READ]),
        request(id('e'), [READ]),
      ],
    );
    expect((await bring(desk, asked)).slice(1)).toEqual([
      'operator left-out what it asks for is granted',
      'operator left-out it is over there; the device asks again by itself',
      'operator kept an owner said no to this device here',
      'operator open',
      'operator left-out too many devices wait here; it asks again by itself',
    ]);
  });

  it('what fell due here is settled first', async () => {
    const desk = new Desk();
    await desk.ask(A, [READ]);
    const old = await desk.open(A);
    desk.now += 16 * 60_000;
    const asked = list([], [request(A, [READ], { endsAtMs: desk.now + 1 })]);
    expect(await bring(desk, asked)).toEqual(['operator open']);
    expect(await desk.open(A)).not.toBe(old);
    const outcomes = (await desk.history(A)).map(({ detail }) => (detail as { outcome: string }).outcome);
    expect(outcomes).toContain('expired');
  });
});
