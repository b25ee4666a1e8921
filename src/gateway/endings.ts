import type { EndReason } from '../../machines/connection-setup.ts';
import type { Denial } from '../../machines/denial.ts';
import { formatRequestId } from '../../machines/vocabulary.ts';
import { clientKindOf, type Refusal, wireDenial } from '../protocol/denial.ts';
import { HANDSHAKE_TIMEOUT } from '../protocol/faults.ts';
import { networkOf } from './locality.ts';
import type { Session } from './session.ts';
import type { Ending } from './wire.ts';

/** How a session ends, by what ended it (PROTOCOL 6.3; each text says what happened, and no text says two things). */
export const ENDINGS: Readonly<Record<Exclude<EndReason, 'fault'>, Ending>> = {
  revoked: { code: 4001, reason: 'device role revoked' },
  removed: { code: 4001, reason: 'device removed' },
  rotated: { code: 4001, reason: 'device token rotated; reconnect' },
  narrowed: { code: 4001, reason: 'device grant narrowed; reconnect' },
  'auth-changed': { code: 4001, reason: 'gateway auth changed' },
  restart: { code: 1012, reason: 'service restart' },
  timeout: HANDSHAKE_TIMEOUT.close,
};

/** A change was announced and nobody can say which: the session may have lost its rights, and comes back to see. */
export const UNREADABLE: Ending = { code: 1013, reason: 'record unreadable; reconnect' };

/** The wire form of a denial for this session's client; the first of its kind goes to the log. */
export function refusalFor(session: Session, denial: Denial): Refusal {
  const { admission, client, deviceId, peer } = session;
  const request = 'request' in denial && denial.request ? formatRequestId(denial.request) : '';
  const kind = 'problem' in denial ? denial.problem : 'outcome' in denial ? denial.outcome : '';
  session.core.meter.refused(denial.code, kind);
  const line = `refused code=${denial.code} kind=${kind} request=${request} client=${JSON.stringify(client.id)}`;
  // Whoever makes up a device token has made up its device as easily.
  const isMadeUp = session.credential === 'device-token' && /-(invalid|mismatch|missing)$/.test(kind);
  const isKnown = session.place.isProved && !isMadeUp;
  noteRefusal(session, `${denial.code} ${kind} ${request}`, line, isKnown);
  return wireDenial(denial, {
    protocol: admission?.protocol ?? 4,
    clientKind: clientKindOf(client, peer.local),
    commandLine: runsOnce(client),
    ...(deviceId && { deviceId }),
  });
}

/** It shows a person what it was told: a command line, or one call of OpenClaw's, which goes by the name of its method. */
function runsOnce({ mode, displayName = '' }: Session['client']): boolean {
  return mode === 'cli' || (mode === 'backend' && displayName.startsWith('gateway:'));
}

/** A connection that broke off before it was let in. What comes after a colon in `reason` may be the peer's words. */
export function noteFault(session: Session, reason: string): void {
  session.core.meter.refused('FAULT', reason.split(':')[0] ?? '');
  noteRefusal(session, reason, `fault ${reason}`);
}

/** Logs a connection that was not let in; repeats of `key` are counted, not logged. They are repeats of the
 * device if that `isKnown`, else of the address: a stranger can name as many devices as it likes. */
function noteRefusal(session: Session, key: string, line: string, isKnown = session.place.isProved): void {
  const { address, connId, core, deviceId } = session;
  const whose = isKnown && deviceId ? deviceId : networkOf(address);
  const who = `device=${deviceId || '<none>'} ip=${JSON.stringify(address)} conn=${connId}`;
  core.refusals.note(`${whose} ${key}`, `connect ${line} ${who}`);
}
