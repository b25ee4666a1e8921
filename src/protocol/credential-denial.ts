/**
 * A credential that lets nobody in, in the words that clients match on (PROTOCOL section 2.4). `device token mismatch`
 * makes clients delete their token, so it stands for one problem only.
 */
import type { CredentialProblem } from '../../machines/denial.ts';
import { type ClientKind, type Peer, type Refusal, refusal } from './refusal.ts';
import { reissueRemedy } from './remedy.ts';

/** What a client may do by itself, of the steps that it knows (PROTOCOL section 6.2). */
type NextStep =
  | 'retry_with_device_token'
  | 'update_auth_configuration'
  | 'update_auth_credentials'
  | 'review_auth_configuration';

interface CredentialForm {
  readonly detailCode: string;
  readonly authReason: string;
  readonly nextStep: NextStep;
  message(peer: Peer): string;
  /** The close reason where the message may exceed 120 bytes. */
  readonly reason?: string;
}

const FORMS: Readonly<Record<CredentialProblem, CredentialForm>> = {
  'token-missing': {
    detailCode: 'AUTH_TOKEN_MISSING',
    authReason: 'token_missing',
    nextStep: 'update_auth_configuration',
    message: (peer) => `unauthorized: gateway token missing (${tokenHint(peer)})`,
  },
  'token-mismatch': {
    detailCode: 'AUTH_TOKEN_MISMATCH',
    authReason: 'token_mismatch',
    nextStep: 'update_auth_credentials',
    message: (peer) => `unauthorized: gateway token mismatch (${tokenHint(peer)})`,
  },
  'password-missing': {
    detailCode: 'AUTH_PASSWORD_MISSING',
    authReason: 'password_missing',
    nextStep: 'update_auth_configuration',
    message: (peer) => `unauthorized: gateway password missing (${PASSWORD_HINTS[peer.clientKind]})`,
  },
  'password-mismatch': {
    detailCode: 'AUTH_PASSWORD_MISMATCH',
    authReason: 'password_mismatch',
    nextStep: 'update_auth_credentials',
    message: (peer) => `unauthorized: gateway password mismatch (${PASSWORD_HINTS[peer.clientKind]})`,
  },
  'device-token-invalid': {
    detailCode: 'AUTH_DEVICE_TOKEN_MISMATCH',
    authReason: 'device_token_mismatch',
    nextStep: 'update_auth_credentials',
    message: () => 'unauthorized: device token mismatch (rotate/reissue device token)',
  },
  // AUTH_UNAUTHORIZED, because a client deletes its token on the mismatch code, and this one can be exchanged. A reissue
  // brings back no token of before a restored backup, so what always helps comes first.
  'device-token-expired': {
    detailCode: 'AUTH_UNAUTHORIZED',
    authReason: 'device_token_expired',
    nextStep: 'update_auth_credentials',
    message: (peer) =>
      'unauthorized: device token superseded ' +
      `(connect once with the shared token; without it, the owner may be able to help with: ${reissueRemedy(peer.deviceId)})`,
    reason:
      'unauthorized: device token superseded (connect once with the shared token; a reissue may help, too)',
  },
  // The mismatch code, because the token is dead for good: the client forgets it and stops coming back.
  'device-token-revoked': {
    detailCode: 'AUTH_DEVICE_TOKEN_MISMATCH',
    authReason: 'device_token_revoked',
    nextStep: 'update_auth_credentials',
    message: () =>
      'unauthorized: device token revoked by an owner (connect with the shared token to ask for approval)',
  },
  // Upstream's words up to the bracket: what it advises there, a new code, is not to be had here.
  'setup-code-invalid': {
    detailCode: 'AUTH_BOOTSTRAP_TOKEN_INVALID',
    authReason: 'bootstrap_token_invalid',
    nextStep: 'update_auth_credentials',
    message: () =>
      'unauthorized: setup code invalid, expired, revoked, or already used (this gateway makes none; use the shared token)',
  },
  'embedder-refused': {
    detailCode: 'AUTH_UNAUTHORIZED',
    authReason: 'unauthorized',
    nextStep: 'review_auth_configuration',
    message: () => 'unauthorized',
  },
};

/** The wire form of a credential problem: `INVALID_REQUEST`, close 1008. */
export function credentialRefusal(problem: CredentialProblem, peer: Peer): Refusal {
  const form = FORMS[problem];
  // A client that shows a device may also hold that device's token, and be let in with it.
  const canRetryWithDeviceToken = problem === 'token-mismatch' && peer.deviceId !== undefined;
  const details = {
    code: form.detailCode,
    authReason: form.authReason,
    canRetryWithDeviceToken,
    recommendedNextStep: canRetryWithDeviceToken ? 'retry_with_device_token' : form.nextStep,
  };
  const message = form.message(peer);
  return refusal({ code: 'INVALID_REQUEST', message, details }, 1008, form.reason ?? message);
}

const TOKEN_HINTS: Readonly<Record<ClientKind, string>> = {
  cli: 'set gateway.remote.token to match gateway.auth.token',
  'local-cli': "use this gateway's gateway.auth.token or pair the device",
  'control-ui': 'open the dashboard URL and paste the token in Control UI settings',
  ui: 'open the dashboard URL and paste the token in Control UI settings',
  other: 'provide gateway auth token',
};

const PASSWORD_HINTS: Readonly<Record<ClientKind, string>> = {
  cli: 'set gateway.remote.password to match gateway.auth.password',
  'local-cli': 'set gateway.remote.password to match gateway.auth.password',
  'control-ui': 'enter the password in Control UI settings',
  ui: 'enter the password in Control UI settings',
  other: 'provide gateway auth password',
};

/** The hint for a local CLI is 2026.9's; 2026.2.19 knew one for every CLI. */
function tokenHint(peer: Peer): string {
  const isOlder = peer.clientKind === 'local-cli' && peer.protocol === 3;
  return TOKEN_HINTS[isOlder ? 'cli' : peer.clientKind];
}
