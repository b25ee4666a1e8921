/**
 * Everything that ends in `NOT_PAIRED` with `PAIRING_REQUIRED` (PROTOCOL sections 6.2 and 7.2). The object of 2026.9
 * goes to both generations; 2026.2.19 reads only the message and the close reason. A 2026.9 client stops coming back
 * unless it is told to wait, so the gateway decides here who retries.
 */
import type { Denial, PairingReason, Standing } from '../../machines/denial.ts';
import { formatRequestId, type RequestRef } from '../../machines/vocabulary.ts';
import { type Peer, type Refusal, reasonWithId } from './refusal.ts';
import { approveRemedy, forgiveRemedy, LIST_REMEDY } from './remedy.ts';

type Of<Code extends Denial['code']> = Extract<Denial, { readonly code: Code }>;

interface PairingForm {
  readonly standing: Standing;
  readonly request: RequestRef | null;
  /**
   * Upstream's reason, or a word of ours that clients drop. They print upstream's as "... pending approval", which
   * would confuse an outcome with a request that is still open (I6).
   */
  readonly reason: PairingReason | 'declined' | 'revoked' | 'request-ended';
  readonly message: string;
  /** The start of the close reason; the request id follows. */
  readonly headline: string;
  readonly remediationHint: string;
  /** Whether the client should come back by itself. */
  readonly retry: boolean;
  readonly more?: Readonly<Record<string, unknown>>;
}

const REQUIREMENTS: Readonly<Record<PairingReason, string>> = {
  'not-paired': 'pairing required: device is not approved yet',
  'role-upgrade': 'pairing required: device is asking for a higher role than currently approved',
  'scope-upgrade': 'pairing required: device is asking for more scopes than currently approved',
};

const HINTS: Readonly<Record<PairingReason, string>> = {
  'not-paired': 'Approve this device from the pending pairing requests',
  'role-upgrade': 'Review the requested role upgrade, then approve the pending request',
  'scope-upgrade': 'Review the requested scopes, then approve the pending upgrade',
};

/** Why a client that lacks something has no request: probes open none, and strangers none beyond a limit (I9). */
const NONE_OPEN =
  'No request is open: a probe opens none, and while too many unknown devices wait already, an owner must decide ' +
  'some of them first.';

/** A request is open, or would be. */
export function pairingRequired(denial: Of<'PAIRING_REQUIRED'>, peer: Peer): Refusal {
  const { reason, request, standing, wait } = denial;
  const message = REQUIREMENTS[reason];
  const remediationHint =
    request === null
      ? `${NONE_OPEN} See what waits with: ${LIST_REMEDY}`
      : `${HINTS[reason]}: ${approveRemedy(request)}`;
  return pairing(
    { standing, request, reason, message, headline: message, remediationHint, retry: wait },
    peer,
  );
}

const DECLINED = {
  rejected: 'pairing required: an owner declined what this device asks for',
  narrowed: 'pairing required: an owner approved a part and declined the rest',
} as const;

/** An owner said no. The client must stop, not knock. */
export function declined(denial: Of<'DECLINED'>, peer: Peer): Refusal {
  const { outcome, request, standing, quietUntilMs } = denial;
  const headline = DECLINED[outcome];
  const form = {
    standing,
    request,
    reason: 'declined',
    message: `${headline}; asking again has no effect ${until(quietUntilMs)}`,
    headline,
    remediationHint: `Ask the owner. To allow asking again sooner: ${forgiveRemedy(peer.deviceId)}`,
    retry: false,
    more: { outcome, quietUntilMs },
  } as const;
  return pairing(form, peer);
}

/** An owner took the role away. */
export function revoked(denial: Of<'REVOKED'>, peer: Peer): Refusal {
  const { standing, quietUntilMs } = denial;
  const headline = "pairing required: an owner revoked this device's access";
  const form = {
    standing,
    request: null,
    reason: 'revoked',
    message: `${headline}; only an owner's approval brings it back`,
    headline,
    remediationHint: `Ask the owner. To allow asking again sooner: ${forgiveRemedy(peer.deviceId)}`,
    retry: false,
    more: { outcome: 'revoked', quietUntilMs },
  } as const;
  return pairing(form, peer);
}

const ENDED = {
  expired: 'pairing required: the request expired before an owner decided',
  withdrawn: 'pairing required: the device withdrew its request',
  removed: 'pairing required: an owner removed this device and its request',
  superseded: 'pairing required: the request was settled by another change',
} as const;

/** The request ended and nobody declined it: the client comes back, and may open a new one. */
export function requestEnded(denial: Of<'REQUEST_ENDED'>, peer: Peer): Refusal {
  const { outcome, request, standing } = denial;
  const headline = ENDED[outcome];
  const form = {
    standing,
    request,
    reason: 'request-ended',
    message: `${headline}; connect again`,
    headline,
    remediationHint: `Connect again; if that asks for approval, find the new request with: ${LIST_REMEDY}`,
    retry: true,
    more: { outcome },
  } as const;
  return pairing(form, peer);
}

function pairing(form: PairingForm, peer: Peer): Refusal {
  const { standing, request, retry } = form;
  const details = {
    code: 'PAIRING_REQUIRED',
    reason: form.reason,
    ...(request && { requestId: formatRequestId(request) }),
    remediationHint: form.remediationHint,
    ...(retry && { recommendedNextStep: 'wait_then_retry' }),
    retryable: retry,
    pauseReconnect: !retry,
    ...(peer.deviceId !== undefined && { deviceId: peer.deviceId }),
    requestedRole: standing.role,
    requestedScopes: standing.wish,
    approvedRoles: standing.approvedRoles,
    approvedScopes: standing.grant,
    ...form.more,
  };
  return {
    error: { code: 'NOT_PAIRED', message: form.message, details, retryable: retry },
    close: { code: 1008, reason: reasonWithId(form.headline, request && formatRequestId(request)) },
  };
}

/** The latest time that a Date can name. */
const LAST_DATE_MS = 8.64e15;

function until(ms: number): string {
  if (!(Math.abs(ms) <= LAST_DATE_MS)) return 'for now';
  return `until ${new Date(ms).toISOString()}`;
}
