/**
 * Why a device is not let in. A denial is a normal outcome and a value: it is raised in one place, carried by the
 * machines, and has exactly one form on the wire (src/protocol/denial.ts does not compile until a new one has it).
 */
import type { Outcome, RequestRef, Role } from './vocabulary.ts';

/** What a device lacks, in upstream's words (PROTOCOL section 6.2). */
export type PairingReason = 'not-paired' | 'role-upgrade' | 'scope-upgrade';

/** A proof that does not hold. The words are those of PROTOCOL section 2.3, in the order in which they are checked. */
export type ProofProblem =
  | 'id-mismatch'
  | 'signature-stale'
  | 'nonce-missing'
  | 'nonce-mismatch'
  | 'signature-invalid'
  | 'key-invalid';

/** A credential that does not let anybody in (PROTOCOL section 2.4). */
export type CredentialProblem =
  | 'token-missing'
  | 'token-mismatch'
  | 'password-missing'
  | 'password-mismatch'
  | 'device-token-invalid'
  | 'device-token-expired'
  | 'device-token-revoked'
  | 'setup-code-invalid'
  | 'embedder-refused';

/** What the peer's own device looks like to the authority; told only to a peer that proved the device's key. */
export interface Standing {
  readonly role: Role;
  readonly wish: readonly string[];
  readonly grant: readonly string[];
  readonly approvedRoles: readonly Role[];
}

export type Denial =
  | { readonly code: 'PROOF_INVALID'; readonly problem: ProofProblem }
  | { readonly code: 'CREDENTIAL_INVALID'; readonly problem: CredentialProblem }
  | { readonly code: 'RATE_LIMITED'; readonly retryAfterMs: number }
  | { readonly code: 'DEVICE_REQUIRED' }
  /** A page from somewhere that the gateway's settings do not name. */
  | { readonly code: 'ORIGIN_REFUSED' }
  /** A request is open, or would be; `wait` says whether coming back by itself makes sense for the client. */
  | {
      readonly code: 'PAIRING_REQUIRED';
      readonly reason: PairingReason;
      readonly request: RequestRef | null;
      readonly wait: boolean;
      readonly standing: Standing;
    }
  /** An owner said no to all that is missing, and the quiet period has not ended (I13). */
  | {
      readonly code: 'DECLINED';
      readonly outcome: 'rejected' | 'narrowed';
      readonly request: RequestRef | null;
      readonly quietUntilMs: number;
      /** Why, in the owner's words; told to who waited for that request. */
      readonly note?: string;
      readonly standing: Standing;
    }
  /** An owner took the role away; only an owner's approval brings it back (I16). */
  | {
      readonly code: 'REVOKED';
      readonly quietUntilMs: number;
      readonly standing: Standing;
    }
  /** The request ended while the device waited, and nobody declined it; the next connect may open a new one. */
  | {
      readonly code: 'REQUEST_ENDED';
      readonly outcome: Extract<Outcome, 'expired' | 'withdrawn' | 'removed' | 'superseded'>;
      readonly request: RequestRef;
      readonly standing: Standing;
    }
  /** The authority could not decide (a store that does not answer); nothing is known about the device's rights. */
  | { readonly code: 'UNDECIDED' }
  /** The gateway is going down; the request stays open. */
  | { readonly code: 'DRAINING' };
