import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Profile } from '../../machines/record.ts';
import { OPENCLAW_VOCABULARY, type Role, readWish } from '../../machines/vocabulary.ts';
import { NO_ORIGIN } from '../../src/authority/audit.ts';
import { Authority } from '../../src/authority/authority.ts';
import type { Deciding } from '../../src/authority/deciding.ts';
import { remove, rename, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { listDevices, visibleTo } from '../../src/authority/listing.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { MemoryBacking, memoryStore } from '../../src/store/memory.ts';
import { recordedApproval, recordedList } from '../cli/recorded.ts';

const CLI: Profile = {
  platform: 'linux',
  deviceFamily: 'Linux',
  clientId: 'cli',
  clientMode: 'cli',
  remoteIp: '192.0.2.7',
};
const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const START = 1_795_418_600_000;
const LIFETIME_MS = 15 * 60_000;

function household(): {
  readonly authority: Authority;
  readonly clock: { ms: number };
  readonly owner: Deciding;
  ask(deviceId: string, scopes: readonly string[], role?: Role, profile?: Profile): Promise<void>;
  list(): ReturnType<typeof listDevices>;
  newest(): Promise<string>;
} {
  const clock = { ms: START };
  const realm = {
    storeId: 's',
    epoch: 1,
    keys: [{ id: '00000000', secret: createSecretKey(Buffer.alloc(32)) }],
  } as const;
  const store = memoryStore(new MemoryBacking());
  const authority = new Authority({ store, realm, clock: { now: () => clock.ms } });
  const list = () => listDevices(authority, { now: clock.ms });
  return {
    authority,
    clock,
    owner: { authority, caller: { class: 'store-file', name: 'ann' }, origin: {} },
    list,
    async ask(deviceId, scopes, role = 'operator', profile = CLI) {
      const reading = readWish(role, scopes, OPENCLAW_VOCABULARY);
      if (!reading.ok) throw new Error(reading.problem);
      await authority.access({
        deviceId,
        publicKey: `key-of-${deviceId[0]}`,
        role,
        wish: reading.wish,
        deviceToken: null,
        profile,
        local: false,
        probe: false,
        commandLine: false,
        origin: NO_ORIGIN,
      });
    },
    async newest() {
      const [row] = (await list()).pending;
      if (!row) throw new Error('nothing is pending');
      return row.requestId;
    },
  };
}

describe('the pending rows', () => {
  it('have every key of the frames recorded from both generations, with the same kinds of values', async () => {
    const home = household();
    await home.ask(A, ['operator.read']);
    const [row] = (await home.list()).pending;
    const recorded = ['2026.9.6-07-devices-list-with-pending', '2026.2.19-03-devices-list-with-pending'];
    for (const name of recorded) {
      const [theirs] = recordedList(name).pending;
      const { deviceFamily: _, ...required } = { deviceFamily: '', ...theirs };
      expect(Object.keys(required).length).toBeGreaterThan(10);
      for (const [key, value] of Object.entries(required)) {
        expect([key, typeof row?.[key as keyof typeof row]]).toEqual([key, typeof value]);
      }
    }
  });

  it('is one for each open (device, role), the newest first, with what is asked beyond the grant', async () => {
    const home = household();
    await home.ask(A, ['operator.read']);
    await approve(home.owner, await home.newest());
    home.clock.ms += 1000;
    await home.ask(A, ['operator.read', 'operator.pairing']);
    await home.ask(A, ['operator.read', 'operator.pairing']);
    home.clock.ms += 1000;
    await home.ask(A, [], 'node');
    const { pending } = await home.list();
    expect(pending.map(({ role, ts }) => [role, ts])).toEqual([
      ['node', START + 2000],
      ['operator', START + 1000],
    ]);
    expect(pending[1]).toMatchObject({
      deviceId: A,
      publicKey: 'key-of-a',
      roles: ['operator'],
      scopes: ['operator.pairing', 'operator.read'],
      missing: ['operator.pairing'],
      isRepair: true,
      silent: false,
      revision: 1,
      expiresAtMs: START + 1000 + LIFETIME_MS,
      askedBy: { 'operator.pairing': { client: 'cli/cli', atMs: START + 1000 } },
    });
    expect(pending[0]).toMatchObject({ scopes: [], missing: [], isRepair: true });
  });

  it('names the newest revision, and shows what the device said when it asked for that', async () => {
    const home = household();
    await home.ask(A, ['operator.read'], 'operator', { ...CLI, displayName: 'first' });
    const first = await home.newest();
    await home.ask(A, ['operator.pairing'], 'operator', { ...CLI, displayName: 'second' });
    const [row] = (await home.list()).pending;
    expect(row).toMatchObject({
      requestId: first.replace(/1$/, '2'),
      revision: 2,
      displayName: 'second',
      isRepair: false,
    });
  });

  it('are gone at their deadline, also before anything has swept them', async () => {
    const home = household();
    await home.ask(A, ['operator.read']);
    home.clock.ms += LIFETIME_MS - 1;
    expect((await home.list()).pending).toHaveLength(1);
    home.clock.ms += 1;
    expect((await home.list()).pending).toEqual([]);
  });
});

describe('the paired rows', () => {
  it('have the keys of the recorded frames, and a token array without values', async () => {
    const home = household();
    await home.ask(A, ['operator.read']);
    await approve(home.owner, await home.newest());
    const { paired } = await home.list();
    const [theirs] = recordedList('2026.2.19-03-devices-list-with-pending').paired;
    expect(Object.keys(theirs ?? {}).length).toBeGreaterThan(8);
    expect(Object.keys(paired[0] ?? {})).toEqual(expect.arrayContaining(Object.keys(theirs ?? {})));
    const approved = recordedApproval('2026.9.6-09-devices-approve');
    const { approvedVia: _, ...known } = { approvedVia: '', ...approved };
    expect(Object.keys(paired[0] ?? {})).toEqual(expect.arrayContaining(Object.keys(known)));
    expect(paired[0]?.tokens).toEqual([{ role: 'operator', scopes: ['operator.read'], createdAtMs: START }]);
    const device = await home.authority.load(A);
    if (!device) throw new Error('not stored');
    expect(JSON.stringify(paired)).not.toContain(home.authority.tokenFor(device, 'operator'));
    expect(JSON.stringify(paired)).not.toContain(device.pairingSalt);
  });

  it('show the ceiling as scopes and the grant in the token after a narrowing rotation', async () => {
    const home = household();
    await home.ask(A, ['operator.read', 'operator.pairing']);
    await approve(home.owner, await home.newest());
    home.clock.ms += 5;
    await rotate(home.owner, A, 'operator', ['operator.read']);
    expect((await home.list()).paired[0]).toMatchObject({
      scopes: ['operator.pairing', 'operator.read'],
      tokens: [{ scopes: ['operator.read'], rotatedAtMs: START + 5 }],
    });
  });

  it('let the owner’s label win and keep the device’s own word', async () => {
    const home = household();
    await home.ask(A, ['operator.read'], 'operator', { ...CLI, displayName: 'laptop of ann' });
    await approve(home.owner, await home.newest());
    expect((await home.list()).paired[0]).toMatchObject({ claimedName: 'laptop of ann' });
    expect((await home.list()).paired[0]?.label).toBeUndefined();
    await rename(home.owner, A, 'the laptop');
    expect((await home.list()).paired[0]).toMatchObject({
      label: 'the laptop',
      displayName: 'the laptop',
      claimedName: 'laptop of ann',
    });
  });

  it('keep a revoked device, without roles and rights, and say when; an approval ends that', async () => {
    const home = household();
    await home.ask(A, ['operator.read']);
    await approve(home.owner, await home.newest());
    home.clock.ms += 7;
    await revoke(home.owner, A, 'operator');
    expect((await home.list()).paired[0]).toMatchObject({
      role: 'operator',
      roles: [],
      scopes: [],
      tokens: [{ role: 'operator', scopes: [], revokedAtMs: START + 7 }],
    });
    home.clock.ms += 2 * 3_600_000;
    await home.ask(A, ['operator.read']);
    expect((await home.list()).pending[0]).toMatchObject({ isRepair: true });
    await approve(home.owner, await home.newest());
    const [token] = (await home.list()).paired[0]?.tokens ?? [];
    expect(token).toMatchObject({ scopes: ['operator.read'] });
    expect(token).not.toHaveProperty('revokedAtMs');
  });

  it('do not show a removed device', async () => {
    const home = household();
    await home.ask(A, ['operator.read']);
    await approve(home.owner, await home.newest());
    expect((await home.list()).paired).toHaveLength(1);
    await remove(home.owner, A);
    expect((await home.list()).paired).toEqual([]);
  });

  it('come with the last approved first, and say who is connected if somebody knows', async () => {
    const home = household();
    await home.ask(A, ['operator.read']);
    await approve(home.owner, await home.newest());
    home.clock.ms += 1;
    await home.ask(B, ['operator.read']);
    await approve(home.owner, await home.newest());
    const { paired } = await listDevices(home.authority, { now: home.clock.ms, connected: (id) => id === A });
    expect(paired.map(({ deviceId, connected }) => [deviceId, connected])).toEqual([
      [B, false],
      [A, true],
    ]);
    expect((await home.list()).paired[0]).not.toHaveProperty('connected');
  });
});

it('shows what was declined and until when, also of a device that nobody approved', async () => {
  const home = household();
  await home.ask(A, ['operator.read']);
  await reject(home.owner, await home.newest());
  const list = await home.list();
  expect(list.pending).toEqual([]);
  expect(list.declined).toMatchObject([
    { deviceId: A, role: 'operator', scopes: ['@pairing', 'operator.read'], untilMs: START + 3_600_000 },
  ]);
  home.clock.ms += 3_600_000;
  expect((await home.list()).declined).toEqual([]);
});

describe('a caller', () => {
  it('with a device token alone sees only its own device; with admin, or the shared secret, all', async () => {
    const home = household();
    for (const id of [A, B]) {
      await home.ask(id, ['operator.read']);
      await approve(home.owner, await home.newest());
      home.clock.ms += 1;
      await home.ask(id, ['operator.read', 'operator.pairing']);
      home.clock.ms += 1;
    }
    const list = await home.list();
    const device = { deviceId: A, name: 'a', scopes: ['operator.pairing'] };
    const own = visibleTo({ class: 'device-token', ...device }, list);
    expect([own.pending, own.paired].map((rows) => rows.map(({ deviceId }) => deviceId))).toEqual([[A], [A]]);
    expect(visibleTo({ class: 'device-token', ...device, scopes: ['operator.admin'] }, list)).toEqual(list);
    expect(visibleTo({ class: 'device-shared-secret', ...device }, list)).toEqual(list);
  });
});

it('reads one snapshot of the store', async () => {
  const home = household();
  await home.ask(A, ['operator.read']);
  const { store } = home.authority;
  let reads = 0;
  const counted = new Proxy(store, {
    get(target, key) {
      if (key !== 'list') throw new Error(`listing must not use ${String(key)}`);
      reads += 1;
      return () => target.list();
    },
  });
  expect((await listDevices({ store: counted }, { now: START })).pending).toHaveLength(1);
  expect(reads).toBe(1);
});
