/**
 * Everything that ends in `NOT_PAIRED` (PROTOCOL sections 6.2 and 7.2). The object of 2026.9 goes to both generations;
 * 2026.2.19 reads only the message and the close reason, and shows its person the reason. A 2026.9 client stops coming
 * back on `PAIRING_REQUIRED` unless it is told to wait, so the gateway decides here who retries.
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
  /** The start of the close reason; the request id follows. It says what to do next, as the message does. */
  readonly headline: string;
  /** `details.code` for a command line, where it is not `PAIRING_REQUIRED`. */
  readonly commandLineCode?: string;
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

/** A person at a 2026.2.19 command line sees the message or the close reason and nothing else, and that generation knows
 * no text but the first two words; so they are told the command, not the sentence that 2026.9 matches. */
const OLDER_HEADLINES: Readonly<Record<PairingReason, string>> = {
  'not-paired': 'pairing required: not approved yet; run: antechamber devices approve',
  'role-upgrade': 'pairing required: a higher role than approved; run: antechamber devices approve',
  'scope-upgrade': 'pairing required: more scopes than approved; run: antechamber devices approve',
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
  const isOlder = peer.protocol === 3 && request !== null;
  const headline = isOlder ? OLDER_HEADLINES[reason] : REQUIREMENTS[reason];
  const message = isOlder ? `${headline} ${formatRequestId(request)}` : headline;
  const remediationHint =
    request === null
      ? `${NONE_OPEN} See what waits with: ${LIST_REMEDY}`
      : `${HINTS[reason]}: ${approveRemedy(request)}`;
  return pairing({ standing, request, reason, message, headline, remediationHint, retry: wait }, peer);
}

const DECLINED = {
  rejected: 'pairing required: an owner declined what this device asks for',
  narrowed: 'pairing required: an owner approved a part and declined the rest',
} as const;

/** An owner said no. The client must stop, not knock. */
export function declined(denial: Of<'DECLINED'>, peer: Peer): Refusal {
  const { outcome, request, standing, quietUntilMs, note } = denial;
  const headline = DECLINED[outcome];
  const why = note === undefined ? '' : `The owner says: “${note}” `;
  const form = {
    standing,
    request,
    reason: 'declined',
    message: `${headline}; asking again has no effect ${until(quietUntilMs)}, ${sooner(peer)}`,
    headline: `${headline}; ask the owner`,
    commandLineCode: 'PAIRING_DECLINED',
    remediationHint: `${why}Ask the owner. To allow asking again sooner: ${forgiveRemedy(peer.deviceId)}`,
    retry: false,
    more: { outcome, quietUntilMs, ...(note !== undefined && { note }) },
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
    message: `${headline}; only an owner's approval brings it back: asking has no effect ${until(quietUntilMs)}, ${sooner(peer)}`,
    headline: `${headline}; only an owner's approval brings it back`,
    commandLineCode: 'PAIRING_REVOKED',
    remediationHint: `Ask the owner. To allow asking again sooner: ${forgiveRemedy(peer.deviceId)}`,
    retry: false,
    more: { outcome: 'revoked', quietUntilMs },
  } as const;
  return pairing(form, peer);
}

const ENDED = {
  expired: 'pairing required: the request expired before an owner decided; connect again',
  withdrawn: 'pairing required: the device withdrew its request; connect again',
  removed: 'pairing required: an owner removed this device and its request; connect again',
  superseded: 'pairing required: the request was settled by another change; connect again',
} as const;

/** The request ended and nobody declined it: the client comes back, and may open a new one. */
export function requestEnded(denial: Of<'REQUEST_ENDED'>, peer: Peer): Refusal {
  const { outcome, request, standing } = denial;
  const message = ENDED[outcome];
  const form = {
    standing,
    request,
    reason: 'request-ended',
    message,
    headline: message,
    commandLineCode: 'PAIRING_ENDED',
    remediationHint: `Connect again; if that asks for approval, find the new request with: ${LIST_REMEDY}`,
    retry: true,
    more: { outcome },
  } as const;
  return pairing(form, peer);
}

/**
 * The official client replaces every message that comes with `PAIRING_REQUIRED` by "device pairing required", and a
 * person would look for a request that is settled (I6). Command lines run once, so nothing has to stop them from coming
 * back, and they show the message when the code is another one; programs that stay need the code to pause.
 */
function codeFor({ commandLineCode }: PairingForm, { commandLine }: Peer): string {
  return (commandLine && commandLineCode) || 'PAIRING_REQUIRED';
}

function pairing(form: PairingForm, peer: Peer): Refusal {
  const { standing, request, retry } = form;
  const details = {
    code: codeFor(form, peer),
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

function sooner({ deviceId }: Peer): string {
  return `unless the owner allows it with: ${forgiveRemedy(deviceId)}`;
}

/** The latest time that a Date can name. */
const LAST_DATE_MS = 8.64e15;

function until(ms: number): string {
  if (!(Math.abs(ms) <= LAST_DATE_MS)) return 'for now';
  return `until ${new Date(ms).toISOString()}`;
}
