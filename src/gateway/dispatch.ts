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

/** Calls in a row that belong to the other role. Any other call begins the count anew. */
const MOST_FOREIGN_CALLS = 10;
const foreign = new WeakMap<Session, number>();

const UNKNOWN_METHOD_HINT =
  'This gateway decides which devices may connect; agents, channels, logs and schedules are none of its own. ' +
  'features.methods of hello lists what can be called here.';

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
  const isForeign = method?.role !== undefined && method.role !== session.role;
  countForeign(session, isForeign);
  if (!method) return session.wire.send(errorFrame(id, unknownMethod(name)));
  if (isForeign) return refuseRole(session, id);
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
        // The disk may have taken a decision and failed to confirm it.
        message: 'internal error; look at what stands before you try again',
        retryable: true,
      }),
    );
  } finally {
    endCall();
  }
}

/** Clients of both generations look for exactly this code and text (PROTOCOL 5.2). */
function unknownMethod(name: string): WireError {
  return {
    code: 'INVALID_REQUEST',
    message: `unknown method: ${name}`,
    details: { code: 'UNKNOWN_METHOD', remediationHint: UNKNOWN_METHOD_HINT },
  };
}

function countForeign(session: Session, isForeign: boolean): void {
  if (isForeign) foreign.set(session, (foreign.get(session) ?? 0) + 1);
  else foreign.delete(session);
}

/** 2026.9 ends a session whose calls are all of the other role; 2026.2.19 has no such limit, and its clients would only
 * come back at once (PROTOCOL 5.2). */
function refuseRole(session: Session, id: string): void {
  const message = `unauthorized role: ${session.role}`;
  session.wire.send(errorFrame(id, { code: 'INVALID_REQUEST', message }));
  const isOver = (foreign.get(session) ?? 0) > MOST_FOREIGN_CALLS;
  if (isOver && session.admission?.protocol === 4) session.close(1008, 'repeated unauthorized calls');
}

function mayCall(session: Session, { scope }: Method): WireError | undefined {
  if (scope === null || covers(session.scopes, [scope])) return undefined;
  return missingScope(session, scope);
}

/** 2026.9's command line shows no device where it has the shared token for a gateway on this host. */
const NO_DEVICE_HINT =
  'This connection shows no device, so that nothing could be approved for it. Connect with a client that shows one, ' +
  'or run the command on the gateway’s host, where the shared token is enough unless its settings say otherwise.';

/** PROTOCOL 5.2, and what a waiting session can do about it: the open request and the command that approves it. */
export function missingScope(session: Session, scope: string): WireError {
  const open = session.waitsFor && formatRequestId(session.waitsFor);
  const details = {
    code: 'MISSING_SCOPE',
    missingScope: scope,
    requiredScopes: [scope],
    ...(open && { requestId: open, remediationHint: `Approve it with: antechamber devices approve ${open}` }),
    ...(session.deviceId === '' && session.scopes.length === 0 && { remediationHint: NO_DEVICE_HINT }),
  };
  const code = session.admission?.protocol === 3 ? 'INVALID_REQUEST' : 'FORBIDDEN';
  return { code, message: `missing scope: ${scope}`, details };
}
