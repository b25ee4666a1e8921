/**
 * Every denial's form on the wire, in one exhaustive table: a denial without a form does not compile. Clients act on
 * the texts (PROTOCOL sections 2.3, 2.4, 6.2), so none of them may contain another's.
 */
import type { Denial, ProofProblem } from '../../machines/denial.ts';
import { credentialRefusal } from './credential-denial.ts';
import { declined, pairingRequired, requestEnded, revoked } from './pairing-denial.ts';
import { type ClientKind, clientKindOf, type Peer, type Refusal, refusal } from './refusal.ts';
import type { Protocol } from './version.ts';

export { type ClientKind, clientKindOf, type Peer, type Refusal };

type Forms = {
  readonly [Code in Denial['code']]: (
    denial: Extract<Denial, { readonly code: Code }>,
    peer: Peer,
  ) => Refusal;
};

const FORMS: Forms = {
  PROOF_INVALID: (denial) => proofRefusal(denial.problem),
  CREDENTIAL_INVALID: (denial, peer) => credentialRefusal(denial.problem, peer),
  RATE_LIMITED: (denial) => rateLimited(denial.retryAfterMs),
  DEVICE_REQUIRED: (_, peer) => deviceRequired(peer),
  ORIGIN_REFUSED: () => ORIGIN_REFUSED,
  PAIRING_REQUIRED: pairingRequired,
  DECLINED: declined,
  REVOKED: revoked,
  REQUEST_ENDED: requestEnded,
  UNDECIDED: () => UNDECIDED,
  DRAINING: () => DRAINING,
};

/** The error response and the close for a denial, worded for this peer. */
export function wireDenial(denial: Denial, peer: Peer): Refusal {
  // The table's own type pairs each code with its denial; indexing by a union cannot say so.
  const form = FORMS[denial.code] as (denial: Denial, peer: Peer) => Refusal;
  return form(denial, peer);
}

interface ProofForm {
  readonly message: string;
  readonly detailCode: string;
  readonly reason: string;
}

/** PROTOCOL section 2.3, row by row. */
const PROOFS: Readonly<Record<ProofProblem, ProofForm>> = {
  'id-mismatch': {
    message: 'device identity mismatch',
    detailCode: 'DEVICE_AUTH_DEVICE_ID_MISMATCH',
    reason: 'device-id-mismatch',
  },
  'signature-stale': {
    message: 'device signature expired',
    detailCode: 'DEVICE_AUTH_SIGNATURE_EXPIRED',
    reason: 'device-signature-stale',
  },
  'nonce-missing': {
    message: 'device nonce required',
    detailCode: 'DEVICE_AUTH_NONCE_REQUIRED',
    reason: 'device-nonce-missing',
  },
  'nonce-mismatch': {
    message: 'device nonce mismatch',
    detailCode: 'DEVICE_AUTH_NONCE_MISMATCH',
    reason: 'device-nonce-mismatch',
  },
  'signature-invalid': {
    message: 'device signature invalid',
    detailCode: 'DEVICE_AUTH_SIGNATURE_INVALID',
    reason: 'device-signature',
  },
  'key-invalid': {
    message: 'device public key invalid',
    detailCode: 'DEVICE_AUTH_PUBLIC_KEY_INVALID',
    reason: 'device-public-key',
  },
};

/** The form of a proof that does not hold; it is the same for every peer. */
export function proofRefusal(problem: ProofProblem): Refusal {
  const { message, detailCode, reason } = PROOFS[problem];
  return refusal({ code: 'INVALID_REQUEST', message, details: { code: detailCode, reason } });
}

function rateLimited(retryAfterMs: number): Refusal {
  return refusal({
    code: 'INVALID_REQUEST',
    message: 'unauthorized: too many failed authentication attempts (retry later)',
    details: {
      code: 'AUTH_RATE_LIMITED',
      authReason: 'rate_limited',
      canRetryWithDeviceToken: false,
      recommendedNextStep: 'wait_then_retry',
    },
    retryable: true,
    retryAfterMs,
  });
}

const DEVICE_HINT =
  'Connect with a client that has a device key. A browser has one only over HTTPS or on localhost.';

const DEVICE_REQUIRED = refusal({
  code: 'NOT_PAIRED',
  message: 'device identity required',
  details: { code: 'DEVICE_IDENTITY_REQUIRED', remediationHint: DEVICE_HINT },
});

/** The dashboard has no key in an insecure context, and each generation of it says that in its own words (PROTOCOL 2.5). */
const PAGE_DEVICE_REQUIRED: Readonly<Record<Protocol, string>> = {
  3: 'control ui requires HTTPS or localhost (secure context)',
  4: 'control ui requires device identity (use HTTPS or localhost secure context)',
};

function deviceRequired({ clientKind, protocol }: Peer): Refusal {
  if (clientKind !== 'control-ui') return DEVICE_REQUIRED;
  const details = { code: 'CONTROL_UI_DEVICE_IDENTITY_REQUIRED', remediationHint: DEVICE_HINT };
  return refusal({ code: 'INVALID_REQUEST', message: PAGE_DEVICE_REQUIRED[protocol], details });
}

/** The words of PROTOCOL 2.5, which pages show; the setting is called `allowedOrigins` here, too. */
const ORIGIN_REFUSED = refusal({
  code: 'INVALID_REQUEST',
  message:
    'origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)',
  details: { code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED' },
});

const UNDECIDED = refusal(
  {
    code: 'UNAVAILABLE',
    message: 'gateway cannot decide now; retry shortly',
    details: { reason: 'undecided' },
    retryable: true,
    retryAfterMs: 1000,
  },
  1013,
);

/** `gateway-restarting` is the reason by which 2026.9 clients know a restart. */
const DRAINING = refusal(
  {
    code: 'UNAVAILABLE',
    message: 'gateway restarting',
    details: { reason: 'gateway-restarting' },
    retryable: true,
  },
  1012,
  'service restart',
);
