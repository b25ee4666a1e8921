import { hostname, release, platform as systemName } from 'node:os';
import { readTrouble } from '../notices/notice-memo.ts';
import type { Core } from './core.ts';
import { type Answer, type Method, ok } from './method.ts';
import type { Session } from './session.ts';

/** The least that OpenClaw's CLIs read of `health` (PROTOCOL 8.2); answering proves that the store answers. */
async function health({ authority }: Core): Promise<Answer> {
  const started = authority.clock.now();
  await authority.store.head();
  const ts = authority.clock.now();
  return ok({
    ok: true,
    ts,
    durationMs: Math.max(0, ts - started),
    channels: {},
    channelOrder: [],
    channelLabels: {},
    heartbeatSeconds: 0,
    agents: [],
    sessions: { path: '', count: 0, recent: [] },
  });
}

function live({ sessions }: Core): readonly Session[] {
  return [...sessions].filter((session) => session.isAuthorized);
}

async function status(core: Core): Promise<Answer> {
  const { authority, room, sessions, version, startedMs } = core;
  const { store } = authority;
  return ok({
    runtimeVersion: version,
    gateway: 'antechamber',
    uptimeMs: authority.clock.now() - startedMs,
    connections: { open: sessions.size, live: live(core).length, parked: room.parkedCount },
    requests: {
      pairing: await store.countState('pairingPending'),
      upgrade: await store.countState('upgradePending'),
      revoked: await store.countState('revokedPending'),
    },
    notices: await readTrouble(store),
    heartbeat: { agents: [] },
    channelSummary: [],
    queuedSystemEvents: [],
    degradedSecretOwners: [],
    degradedPlugins: [],
    sessions: {
      paths: [],
      count: 0,
      defaults: { model: null, contextTokens: null },
      recent: [],
      byAgent: [],
    },
  });
}

/** An empty text is no valid entry of the list (PROTOCOL 1.1), and a client may send one. */
function present(entry: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const told = Object.entries(entry).filter((pair): pair is [string, string] => !!pair[1]);
  return Object.fromEntries(told);
}

function presenceOf({ client, address, deviceId, role, scopes }: Session, ts: number): object {
  const { displayName, id, version, platform, deviceFamily, mode, instanceId } = client;
  return {
    ...present({ host: displayName ?? id, ip: address, version, platform, deviceFamily, mode }),
    ...present({ deviceId, instanceId, reason: 'connect' }),
    roles: [role],
    scopes,
    ts,
  };
}

/** This gateway, which CLIs know by `mode` and `reason` (PROTOCOL 8.2), and whoever is let in. */
function presence(core: Core): Answer {
  const { authority, version } = core;
  const ts = authority.clock.now();
  const host = hostname();
  const self = {
    ...present({ host, version, platform: `${systemName()} ${release()}` }),
    mode: 'gateway',
    reason: 'self',
    text: `Gateway: ${host} · antechamber ${version}`,
    ts,
  };
  return ok([self, ...live(core).map((session) => presenceOf(session, ts))]);
}

/** `health`, `status` and `system-presence`: what a waiting room knows of itself, also within another gateway. */
export function statusMethods(core: () => Core): readonly (readonly [string, Method])[] {
  const read = { scope: 'operator.read', role: 'operator' } as const;
  return [
    ['health', { ...read, handle: () => health(core()) }],
    ['status', { ...read, handle: () => status(core()) }],
    ['system-presence', { ...read, handle: () => presence(core()) }],
  ];
}
