import type { Clock } from '../authority/committer.ts';
import type { LiveSession } from './live-session.ts';
import { type Method, ok } from './method.ts';

/**
 * What OpenClaw's CLIs and node hosts ask of any gateway, answered by one that has no agents, no channels and no
 * configuration of theirs (PROTOCOL 8.2). Only for a gateway of its own: within another one these answers would be
 * false, and its own methods are the ones to call.
 */
export function standaloneMethods(clock: Clock): Readonly<Record<string, Method<LiveSession>>> {
  const read = { scope: 'operator.read', role: 'operator' } as const;
  return {
    'config.get': {
      ...read,
      handle: () =>
        ok({
          path: '',
          exists: false,
          valid: true,
          issues: [],
          legacyIssues: [],
          config: {},
        }),
    },
    'channels.status': {
      ...read,
      handle: () =>
        ok({
          ts: clock.now(),
          channelOrder: [],
          channelLabels: {},
          channels: {},
          channelAccounts: {},
          channelDefaultAccountId: {},
        }),
    },
    'last-heartbeat': { ...read, handle: () => ok(null) },
    'skills.bins': { scope: null, role: 'node', handle: () => ok({ bins: [] }) },
  };
}
