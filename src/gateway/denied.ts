import type { DecisionDenial } from '../authority/deciding.ts';
import type { WireError } from '../protocol/frames.ts';
import { type Answer, refused } from './method.ts';

/** What a caller tried, in the words of PROTOCOL 5.3's refusals. */
export type Attempt =
  | 'device pairing approval'
  | 'device pairing rejection'
  | 'device pairing removal'
  | 'device pairing rename'
  | 'device pairing withdrawal'
  | 'device quiet period change'
  | 'device token rotation'
  | 'device token revocation'
  | 'device token reissue';

type Of<K extends DecisionDenial['kind']> = Extract<DecisionDenial, { kind: K }>;
type Told = { readonly message: string; readonly details: NonNullable<WireError['details']> };

function toldDenied(denial: Of<'denied'>, attempt: Attempt): Told {
  const { reason, missingScope } = denial;
  const hint =
    reason === 'own-widening'
      ? 'A device cannot approve its own request. Approve it with the gateway’s shared token and no device, from another device, or with: antechamber devices approve <id> on the gateway’s host.'
      : undefined;
  return {
    // 2026.9's CLI tries again with operator.admin on exactly this text (PROTOCOL Appendix C).
    message: `${attempt} denied`,
    details: {
      code: missingScope === null ? 'PAIRING_DENIED' : 'MISSING_SCOPE',
      reason,
      ...(missingScope !== null && { missingScope, requiredScopes: [missingScope] }),
      ...(hint && { remediationHint: hint }),
    },
  };
}

function toldAlready({ outcome, by, deviceId, role }: Of<'already'>): Told {
  const undo: Record<Of<'already'>['outcome'], string> = {
    approved: `antechamber devices revoke ${deviceId} --role ${role}`,
    narrowed: `antechamber devices forgive ${deviceId} (it may ask for the rest again) or antechamber devices revoke ${deviceId} --role ${role}`,
    rejected: `antechamber devices forgive ${deviceId}`,
    superseded: `antechamber devices revoke ${deviceId} --role ${role}`,
    expired: 'let the device ask again',
    withdrawn: 'let the device ask again',
    removed: 'let the device ask again',
  };
  return {
    message: `already ${outcome}${by === null ? '' : ` by ${by}`}; to undo it: ${undo[outcome]}`,
    details: { code: 'ALREADY_DECIDED', outcome, by },
  };
}

/** The text names the one step that helps: a command for an owner, the whole id for a device that withdraws. */
function toldRevisionNeeded({ newest }: Of<'revision-needed'>, attempt: Attempt): Told {
  const details = { code: 'REVISION_NEEDED', requestId: newest };
  const message = 'requestId needs its revision';
  if (newest === null) return { message: `${message}; that request is settled`, details };
  if (attempt === 'device pairing withdrawal') return { message: `${message}: send ${newest}`, details };
  const verb = attempt === 'device pairing approval' ? 'approve' : 'reject';
  return { message: `${message}; the newest is ${newest}: antechamber devices ${verb} ${newest}`, details };
}

const TELL: { readonly [K in DecisionDenial['kind']]: (denial: Of<K>, attempt: Attempt) => Told } = {
  denied: toldDenied,
  already: toldAlready,
  'unknown-request': () => ({ message: 'unknown requestId', details: { code: 'UNKNOWN_REQUEST' } }),
  'revision-needed': toldRevisionNeeded,
  'beyond-request': ({ scopes }) => ({
    message: `the request does not ask for ${scopes.join(', ')}`,
    details: { code: 'BEYOND_REQUEST', scopes },
  }),
  'already-granted': ({ newest, deviceId, role }) => ({
    message: `that revision is already approved; reject ${newest}, or: antechamber devices revoke ${deviceId} --role ${role}`,
    details: { code: 'ALREADY_GRANTED', requestId: newest },
  }),
  'unknown-device': (_, attempt) => ({
    message: attempt.startsWith('device token') ? 'unknown deviceId/role' : 'unknown deviceId',
    details: { code: 'UNKNOWN_DEVICE' },
  }),
  'unknown-role': () => ({ message: 'unknown deviceId/role', details: { code: 'UNKNOWN_ROLE' } }),
  'beyond-ceiling': ({ scopes }, attempt) => ({
    message: `${attempt} denied`,
    details: { code: 'PAIRING_DENIED', reason: 'scope-outside-approved-baseline', scopes },
  }),
  invalid: ({ problem }) => ({ message: problem, details: { code: 'INVALID' } }),
};

/** The one form of a refused decision on the wire. */
export function deniedAnswer(denial: DecisionDenial, attempt: Attempt): Answer {
  const tell = TELL[denial.kind] as (denial: DecisionDenial, attempt: Attempt) => Told;
  const { message, details } = tell(denial, attempt);
  return refused(message, details);
}
