/**
 * Several devices, coarsely (I9, I11, I15): the shipped authority itself on a store that is made from each state, with
 * few places for strangers. No step of a machine reads two records, so that a product of devices would prove nothing
 * more; what they share is the store, the limits, the list, and each other's owners.
 */
import { Authority } from '../../src/authority/authority.ts';
import type { Caller } from '../../src/authority/callers.ts';
import type { DeviceRecord, RoleRecord } from '../../src/authority/device.ts';
import { rowOf } from '../../src/authority/device.ts';
import { revoke } from '../../src/authority/device-decisions.ts';
import { listDevices } from '../../src/authority/listing.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { REALM } from './connecting.ts';
import { NOW, OPEN, plain, termsOf } from './device.ts';
import { wishOf } from './world.ts';

const WISHES = [wishOf('operator.pairing'), wishOf('operator.admin')];
const ALL = ['anna', 'bert', 'carl'];

type Crowd = Readonly<Record<string, RoleRecord>>;
interface Step {
  readonly text: string;
  readonly next: Crowd;
  readonly wrong: readonly string[];
}
export interface CrowdExplored {
  readonly states: number;
  readonly transitions: number;
  readonly seconds: number;
  readonly violations: readonly { readonly invariant: string; readonly story: readonly string[] }[];
}

/** Every device's request has an id of its own, made from its name: a decision must find the right one. */
const idOf = (name: string): string => OPEN.slice(name.length) + name;

interface Stage {
  readonly store: Store;
  readonly authority: Authority;
}

async function stageOf(crowd: Crowd, places: number): Promise<Stage> {
  const store = memoryStore();
  for (const [deviceId, held] of Object.entries(crowd)) {
    const { request } = held.record;
    const record = { ...held.record, request: request && { ...request, id: idOf(deviceId) } };
    const device: DeviceRecord = {
      deviceId,
      publicKey: 'k',
      label: null,
      pairingSalt: 's',
      createdAtMs: 0,
      profile: {},
      roles: { operator: { state: held.state, record } },
    };
    await put(store, device, request === null ? null : idOf(deviceId));
  }
  const authority = new Authority({
    store,
    realm: REALM,
    clock: { now: () => NOW },
    terms: termsOf(2, 1),
    mostStrangers: places,
  });
  return { store, authority };
}

/** The legal way to each state, so that the store's own guard is not in the way. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  unpaired: ['unpaired'],
  pairingPending: ['pairingPending'],
  paired: ['pairingPending', 'paired'],
  upgradePending: ['pairingPending', 'paired', 'upgradePending'],
  revoked: ['pairingPending', 'paired', 'revoked'],
  revokedPending: ['pairingPending', 'paired', 'revoked', 'revokedPending'],
};

async function put(store: Store, device: DeviceRecord, requestId: string | null): Promise<void> {
  const row = rowOf(device);
  if (!row) return;
  const held = device.roles.operator;
  let expectedRevision = 0;
  for (const state of WAYS[held?.state ?? 'unpaired'] ?? []) {
    const detail = { request: requestId && `${requestId}.r1`, outcome: null };
    const event = { role: 'operator', atMs: 0, type: 'request.opened', requestId, detail };
    const next = { ...row, states: { operator: state } };
    const { deviceId } = device;
    const revision = await store.save({ deviceId, expectedRevision, next, events: [event], durable: false });
    if (revision === null) throw new Error('a store of one writer was lost');
    expectedRevision = revision;
  }
}

async function crowdOf(store: Store): Promise<Crowd> {
  const rows = await store.list();
  return Object.fromEntries(
    rows.flatMap(({ deviceId, document }) => {
      const held = (document as unknown as DeviceRecord).roles.operator;
      return held ? [[deviceId, { state: held.state, record: plain(held.record) }] as const] : [];
    }),
  );
}

/** Who may decide: the file's owner, and every device with its own token and all that it may use now. */
function callersOf(crowd: Crowd): readonly Caller[] {
  const devices = Object.entries(crowd).flatMap(([deviceId, { record }]): Caller[] => {
    const one = { deviceId, name: deviceId, scopes: record.grant };
    return [
      { ...one, class: 'device-token' },
      { ...one, class: 'device-shared-secret' },
    ];
  });
  return [{ class: 'store-file', name: 'owner' }, ...devices];
}

async function stepsOf(crowd: Crowd, names: readonly string[]): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const add = async (text: string, act: (stage: Stage) => Promise<unknown>, judge: Judge): Promise<void> => {
    const stage = await stageOf(crowd, names.length - 1);
    await act(stage);
    const next = await crowdOf(stage.store);
    steps.push({ text, next, wrong: [...judge(next), ...(await judgeList(stage, next))] });
  };
  for (const name of names) {
    for (const wish of WISHES) {
      await add(
        `${name} asks for ${wish}`,
        (stage) => ask(stage, name, wish),
        onlyIts(crowd, name, names.length - 1),
      );
    }
    for (const caller of callersOf(crowd)) {
      const its = deciding(crowd, name, caller);
      for (const { text, act } of decisionsOn(crowd, name, caller)) await add(text, act, its);
    }
  }
  return steps;
}

interface Deed {
  readonly text: string;
  act(stage: Stage): Promise<unknown>;
}

/** Everybody tries to approve; the owner also revokes. */
function decisionsOn(crowd: Crowd, name: string, caller: Caller): readonly Deed[] {
  const by = `${caller.class} ${caller.name}`;
  const approvals = (crowd[name]?.record.request?.revisions ?? []).map((_, index) => ({
    text: `${by} approves ${name} r${index + 1}`,
    act: ({ authority }: Stage) => approve({ authority, caller, origin: {} }, `${idOf(name)}.r${index + 1}`),
  }));
  if (!crowd[name] || caller.class !== 'store-file') return approvals;
  const act = ({ authority }: Stage) => revoke({ authority, caller, origin: {} }, name, 'operator');
  return [...approvals, { text: `${by} revokes ${name}`, act }];
}

async function ask({ authority }: Stage, deviceId: string, wish: (typeof WISHES)[number]): Promise<void> {
  const origin = { by: null, connId: null, address: null, auth: 'shared-secret', client: null };
  const how = { deviceToken: null, profile: {}, local: false, probe: false, commandLine: false, origin };
  await authority.access({ deviceId, publicKey: 'k', role: 'operator', wish, ...how });
}

type Judge = (next: Crowd) => readonly string[];
const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right);

/** I9: whoever waits goes on waiting, and joins its own request, however many strangers ask. */
function onlyIts(crowd: Crowd, name: string, places: number): Judge {
  return (next) => {
    const others = ALL.filter((other) => other !== name && !same(crowd[other], next[other]));
    const wrong: string[] = others.map(() => 'I9 a connect of one device changes another');
    const waited = crowd[name]?.record.request;
    if (waited && !next[name]?.record.request) wrong.push('I9 who waits is put out by asking again');
    const strangers = Object.values(next).filter(({ state }) => state === 'pairingPending').length;
    if (strangers > places) wrong.push('I9 more strangers wait than there are places');
    return wrong;
  };
}

/** I11: whoever presents a device never widens that device. */
function deciding(crowd: Crowd, name: string, caller: Caller): Judge {
  return (next) => {
    const wrong: string[] = [];
    const before: readonly string[] = crowd[name]?.record.grant ?? [];
    const after: readonly string[] = next[name]?.record.grant ?? [];
    const added = after.filter((scope) => !before.includes(scope));
    const isOwn = 'deviceId' in caller && caller.deviceId === name;
    if (isOwn && added.length > 0) wrong.push('I11 a device widens itself');
    if ('deviceId' in caller) {
      const { scopes } = caller;
      const holds = scopes.includes('operator.admin') || added.every((scope) => scopes.includes(`${scope}`));
      if (!holds) wrong.push('I11 a caller gives what it does not have');
    }
    if (ALL.some((other) => other !== name && !same(crowd[other], next[other]))) {
      wrong.push('a decision on one device changes another');
    }
    return wrong;
  };
}

/** I15: a list shows every device that is known, once for each thing that it is. */
async function judgeList({ authority }: Stage, next: Crowd): Promise<readonly string[]> {
  const { pending, paired } = await listDevices(authority, { now: NOW });
  return Object.entries(next).flatMap(([name, { state }]) => {
    const isPending = pending.filter(({ deviceId }) => deviceId === name).length;
    const isKnown = paired.filter(({ deviceId }) => deviceId === name).length;
    const waits = /Pending$/.test(state) ? 1 : 0;
    const stands = /^(paired|upgradePending|revoked|revokedPending)$/.test(state) ? 1 : 0;
    return isPending === waits && isKnown === stands
      ? []
      : ['I15 the list shows a device otherwise than it is'];
  });
}

/** `devices`: 2 or 3 of them; there is one place for strangers less. */
export async function exploreCrowd(devices = ALL.length): Promise<CrowdExplored> {
  const names = ALL.slice(0, devices);
  const startedMs = performance.now();
  const seen = new Set<string>();
  // Which device is called what makes no difference, so the records are sorted.
  const canonical = (crowd: Crowd): string =>
    ALL.map((name) => JSON.stringify(crowd[name] ?? null))
      .sort()
      .join();
  const violations = new Map<string, readonly string[]>();
  const queue: { readonly crowd: Crowd; readonly story: readonly string[] }[] = [{ crowd: {}, story: [] }];
  seen.add(canonical({}));
  let transitions = 0;
  for (const { crowd, story } of queue) {
    for (const { text, next, wrong } of await stepsOf(crowd, names)) {
      transitions += 1;
      const longer = [...story, text];
      for (const one of wrong) if (!violations.has(one)) violations.set(one, longer);
      const key = canonical(next);
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push({ crowd: next, story: longer });
    }
  }
  return {
    states: seen.size,
    transitions,
    seconds: (performance.now() - startedMs) / 1000,
    violations: [...violations].map(([invariant, story]) => ({ invariant, story })),
  };
}
