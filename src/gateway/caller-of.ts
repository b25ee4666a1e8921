import type { Caller } from '../authority/callers.ts';
import type { LiveSession } from './live-session.ts';

/** Who calls when a session calls, for the authority (DESIGN section 4, Callers). */
export function callerOf(session: LiveSession): Caller {
  const { address, client, credential, deviceId } = session;
  const name = `${client.id} at ${address}`;
  const scopes = session.isAuthorized ? session.scopes : [];
  if (deviceId === '') return { class: 'deviceless', name, scopes };
  const byToken = credential === 'device-token';
  return { class: byToken ? 'device-token' : 'device-shared-secret', deviceId, name, scopes };
}
