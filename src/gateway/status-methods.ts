import type { Core } from './core.ts';
import { type Method, ok } from './method.ts';

/** `health` and `status`: what this gateway honestly knows of itself (PROTOCOL 8.2 says what the CLIs read of it). */
export function statusMethods(core: () => Core): readonly (readonly [string, Method])[] {
  const now = (): number => core().authority.clock.now();
  return [
    [
      'health',
      {
        scope: 'operator.read',
        role: 'operator',
        handle: async () => {
          const started = now();
          await core().authority.store.head();
          const ts = now();
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
        },
      },
    ],
    [
      'status',
      {
        scope: 'operator.read',
        role: 'operator',
        handle: async () => {
          const { authority, room, sessions, version, startedMs } = core();
          const { store } = authority;
          const live = [...sessions].filter((session) => session.isAuthorized);
          return ok({
            runtimeVersion: version,
            gateway: 'antechamber',
            uptimeMs: now() - startedMs,
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
        },
      },
    ],
  ];
}
