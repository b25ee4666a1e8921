import { covers } from '../../machines/policy.ts';
import { formatRequestId } from '../../machines/vocabulary.ts';
import { errorAfterHello, SECOND_CONNECT } from '../protocol/faults.ts';
import {
  errorFrame,
  type FaultyFrame,
  okFrame,
  type RequestFrame,
  type WireError,
} from '../protocol/frames.ts';
import type { Method } from './method.ts';
import type { Session } from './session.ts';

/** Calls of one session that may be under way. Some wait as long as a request is open: without a limit, one socket could
 * make the gateway keep any number of them. */
const MOST_CALLS = 32;
const underWay = new WeakMap<Session, number>();

const TOO_MANY_CALLS: WireError = {
  code: 'UNAVAILABLE',
  message: 'too many calls under way',
  retryable: true,
};

/** A call begins; undefined when too many are under way. Returns how it is ended. */
function begin(session: Session): (() => void) | undefined {
  const calls = underWay.get(session) ?? 0;
  if (calls >= MOST_CALLS) return undefined;
  underWay.set(session, calls + 1);
  const endCall = session.beginCall();
  return () => {
    underWay.set(session, (underWay.get(session) ?? 1) - 1);
    endCall();
  };
}

/** Answers a frame that is not a request; the session stays (PROTOCOL 1.3). */
export function dispatchFault(session: Session, { id, fault }: FaultyFrame): void {
  session.wire.send(errorFrame(id, errorAfterHello(fault)));
}

/** Runs one request of an authorized session. Never rejects. */
export async function dispatch(session: Session, { id, method: name, params }: RequestFrame): Promise<void> {
  if (name === 'connect') return session.wire.send(errorFrame(id, SECOND_CONNECT));
  const method = session.core.methods.get(name);
  if (!method) {
    return session.wire.send(errorFrame(id, { code: 'INVALID_REQUEST', message: `unknown method: ${name}` }));
  }
  const refusal = mayCall(session, method);
  if (refusal) return session.wire.send(errorFrame(id, refusal));
  const endCall = begin(session);
  if (!endCall) return session.wire.send(errorFrame(id, TOO_MANY_CALLS));
  try {
    const answer = await method.handle({ session, params });
    session.wire.send(answer.ok ? okFrame(id, answer.payload) : errorFrame(id, answer.error));
  } catch (error) {
    session.core.log.error({ err: error, conn: session.connId, method: name }, 'a method failed');
    session.wire.send(
      errorFrame(id, {
        code: 'UNAVAILABLE',
        message: 'internal error; nothing was decided',
        retryable: true,
      }),
    );
  } finally {
    endCall();
  }
}

function mayCall(session: Session, { role, scope }: Method): WireError | undefined {
  if (role !== undefined && role !== session.role) {
    return { code: 'INVALID_REQUEST', message: `unauthorized role: ${session.role}` };
  }
  if (scope === null || covers(session.scopes, [scope])) return undefined;
  return missingScope(session, scope);
}

/** PROTOCOL 5.2, and what a waiting session can do about it: the open request and the command that approves it. */
export function missingScope(session: Session, scope: string): WireError {
  const open = session.waitsFor && formatRequestId(session.waitsFor);
  const details = {
    code: 'MISSING_SCOPE',
    missingScope: scope,
    requiredScopes: [scope],
    ...(open && { requestId: open, remediationHint: `Approve it with: antechamber devices approve ${open}` }),
  };
  const code = session.admission?.protocol === 3 ? 'INVALID_REQUEST' : 'FORBIDDEN';
  return { code, message: `missing scope: ${scope}`, details };
}
