import type { Caller } from '../authority/callers.ts';
import type { LiveSession } from './live-session.ts';

/** Who calls when a session calls, for the authority (DESIGN section 4, Callers). */
export function callerOf({ address, client, credential, deviceId, scopes }: LiveSession): Caller {
  const name = `${client.id} at ${address}`;
  if (deviceId === '') return { class: 'deviceless', name, scopes };
  const byToken = credential === 'device-token';
  return { class: byToken ? 'device-token' : 'device-shared-secret', deviceId, name, scopes };
}
