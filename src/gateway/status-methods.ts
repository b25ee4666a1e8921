import type { Core } from './core.ts';
import { type Answer, type Method, ok } from './method.ts';

/** The least that OpenClaw's CLIs read of `health` (PROTOCOL 8.2); answering proves that the store answers. */
async function health({ authority }: Core): Promise<Answer> {
  const started = authority.clock.now();
  await authority.store.head();
  const ts = authority.clock.now();
  return ok({
    ok: true,
    ts,
    durationMs: ts - started,
    channels: {},
    channelOrder: [],
    channelLabels: {},
    heartbeatSeconds: 0,
    agents: [],
    sessions: { path: '', count: 0, recent: [] },
  });
}

async function status({ authority, room, sessions, version, startedMs }: Core): Promise<Answer> {
  const { store } = authority;
  const live = [...sessions].filter((session) => session.isAuthorized);
  return ok({
    runtimeVersion: version,
    gateway: 'antechamber',
    uptimeMs: authority.clock.now() - startedMs,
    connections: { open: sessions.size, live: live.length, parked: room.parkedCount },
    requests: {
      pairing: await store.countState('pairingPending'),
      upgrade: await store.countState('upgradePending'),
      revoked: await store.countState('revokedPending'),
    },
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

/** `health` and `status`: what this gateway honestly knows of itself. */
export function statusMethods(core: () => Core): readonly (readonly [string, Method])[] {
  const read = { scope: 'operator.read', role: 'operator' } as const;
  return [
    ['health', { ...read, handle: () => health(core()) }],
    ['status', { ...read, handle: () => status(core()) }],
  ];
}
