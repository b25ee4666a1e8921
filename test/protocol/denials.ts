/** One of every denial and of every variant that has words of its own. A new code does not compile until it is here. */
import type {
  CredentialProblem,
  Denial,
  PairingReason,
  ProofProblem,
  Standing,
} from '../../machines/denial.ts';

/** The longest id that the wire allows. */
export const REQUEST = { id: 'abcdefghijklmnop', revision: 99 };
export const REQUEST_ID = 'abcdefghijklmnop.r99';
export const DEVICE_ID = '56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c';

export const STANDING: Standing = {
  role: 'operator',
  wish: ['operator.admin', 'operator.read'],
  grant: ['operator.read'],
  approvedRoles: ['operator'],
};

const PROOFS: Record<ProofProblem, true> = {
  'id-mismatch': true,
  'signature-stale': true,
  'nonce-missing': true,
  'nonce-mismatch': true,
  'signature-invalid': true,
  'key-invalid': true,
};

const CREDENTIALS: Record<CredentialProblem, true> = {
  'token-missing': true,
  'token-mismatch': true,
  'password-missing': true,
  'password-mismatch': true,
  'device-token-invalid': true,
  'device-token-expired': true,
  'device-token-revoked': true,
  'setup-code-invalid': true,
  'embedder-refused': true,
};

const REASONS: Record<PairingReason, true> = {
  'not-paired': true,
  'role-upgrade': true,
  'scope-upgrade': true,
};

const both = [REQUEST, null] as const;
const quietUntilMs = 1771500000000;
const standing = STANDING;

function keys<K extends string>(record: Record<K, true>): K[] {
  return Object.keys(record) as K[];
}

const SAMPLES: { readonly [C in Denial['code']]: readonly Extract<Denial, { code: C }>[] } = {
  PROOF_INVALID: keys(PROOFS).map((problem) => ({ code: 'PROOF_INVALID', problem })),
  CREDENTIAL_INVALID: keys(CREDENTIALS).map((problem) => ({ code: 'CREDENTIAL_INVALID', problem })),
  RATE_LIMITED: [{ code: 'RATE_LIMITED', retryAfterMs: 300_000 }],
  DEVICE_REQUIRED: [{ code: 'DEVICE_REQUIRED' }],
  ORIGIN_REFUSED: [{ code: 'ORIGIN_REFUSED' }],
  PAIRING_REQUIRED: keys(REASONS).flatMap((reason) =>
    both.flatMap((request) =>
      [true, false].map((wait) => ({ code: 'PAIRING_REQUIRED' as const, reason, request, wait, standing })),
    ),
  ),
  DECLINED: (['rejected', 'narrowed'] as const).flatMap((outcome) =>
    both.map((request) => ({ code: 'DECLINED' as const, outcome, request, quietUntilMs, standing })),
  ),
  REVOKED: [{ code: 'REVOKED', quietUntilMs, standing }],
  REQUEST_ENDED: (['expired', 'withdrawn', 'removed', 'superseded'] as const).map((outcome) => ({
    code: 'REQUEST_ENDED',
    outcome,
    request: REQUEST,
    standing,
  })),
  UNDECIDED: [{ code: 'UNDECIDED' }],
  DRAINING: [{ code: 'DRAINING' }],
};

export const EVERY_DENIAL: readonly Denial[] = Object.values(SAMPLES).flat();

/** A short name of a denial: its code and what tells it from its siblings. */
export function nameOf(denial: Denial): string {
  const parts: string[] = [denial.code];
  if ('problem' in denial) parts.push(denial.problem);
  if ('reason' in denial) parts.push(denial.reason);
  if ('outcome' in denial) parts.push(denial.outcome);
  if ('wait' in denial) parts.push(denial.wait ? 'wait' : 'no-wait');
  if ('request' in denial && denial.request === null) parts.push('no-request');
  return parts.join(' ');
}
