import { covers, uncovered } from '../../machines/policy.ts';
import { namedRevision, newestRef } from '../../machines/record.ts';
import {
  formatRequestId,
  OPENCLAW_VOCABULARY,
  type Outcome,
  parseRequestId,
  type RequestRef,
  type Role,
} from '../../machines/vocabulary.ts';
import type { StoredEvent } from '../store/store.ts';
import { detailOf } from './audit.ts';
import { callerDevice, describeCaller, mayGive, mayManage, seesOthers } from './callers.ts';
import { type Deciding, type Decision, type DecisionDenial, decide, no } from './deciding.ts';
import { type DeviceRecord, roleOf } from './device.ts';
import { pairedRow } from './listing.ts';
import { eventsOf, findSettlement } from './reading.ts';

const KNOWN: readonly string[] = [...OPENCLAW_VOCABULARY.operator, ...OPENCLAW_VOCABULARY.node];

/**
 * Refuses words that mean nothing: `operator.admin` covers any word at all, so that a slip of the pen would be given
 * instead of the rights that were meant. What stands in the record is known, too: an embedder may have scopes of its own.
 */
export function unknownScopes(
  scopes: readonly string[],
  ...recorded: readonly (readonly string[])[]
): DecisionDenial | undefined {
  const known = new Set([...KNOWN, ...recorded.flat()]);
  const unknown = scopes.filter((scope) => !known.has(scope));
  return unknown.length === 0
    ? undefined
    : { kind: 'invalid', problem: `unknown scope: ${unknown.join(', ')}` };
}

/** Approves the revision that `requestId` names, or the part `scopes` of it; the rest is then declined (narrowed). */
export async function approve(
  deciding: Deciding,
  requestId: string,
  scopes: readonly string[] | null = null,
): Promise<Decision<{ readonly device: DeviceRecord; readonly role: Role; readonly request: RequestRef }>> {
  const found = await find(deciding, requestId);
  if (!found.ok) return found;
  const { ref, role } = found;
  const taken = await decide(deciding, found.deviceId, (device, at) => {
    const { record } = roleOf(device, role);
    const revision = namedRevision(record, ref);
    const wanted = scopes ?? revision?.scopes ?? [];
    const refusal =
      mayGive(deciding.caller, device.deviceId, role, uncovered(record.grant, wanted)) ??
      // A request that is settled has no scopes to compare with, and gives nothing.
      (revision && unknownScopes(scopes ?? [], revision.scopes, record.grant, record.ceiling));
    if (refusal) return refusal;
    const by = describeCaller(deciding.caller);
    return [
      {
        role,
        event: { type: 'request.approved', request: ref, scopes, by, at, terms: deciding.authority.terms },
      },
    ];
  });
  if (!taken.ok) return isForgotten(taken.denial) ? late(deciding, ref, ['approved'], scopes) : taken;
  if (taken.verdict === 'beyondRequest') return no({ kind: 'beyond-request', scopes: scopes ?? [] });
  if (taken.verdict === 'givesNothing') return no({ kind: 'invalid', problem: GIVES_NOTHING });
  if (taken.verdict === 'notOpen') return late(deciding, ref, ['approved', 'superseded'], scopes);
  return { ok: true, device: taken.device, role, request: ref };
}

const GIVES_NOTHING =
  'the device has these scopes already: name more of what it asks for, or reject the request';

/** Rejects the whole request; what `requestId` showed stays declined for the quiet period (R5). */
export async function reject(
  deciding: Deciding,
  requestId: string,
): Promise<Decision<{ readonly device: DeviceRecord; readonly role: Role; readonly request: RequestRef }>> {
  const found = await find(deciding, requestId);
  if (!found.ok) return found;
  const { ref, role, deviceId } = found;
  const taken = await decide(deciding, deviceId, (_device, at) => {
    const refusal = mayManage(deciding.caller, deviceId, null);
    if (refusal) return refusal;
    const by = describeCaller(deciding.caller);
    return [
      { role, event: { type: 'request.rejected', request: ref, by, at, terms: deciding.authority.terms } },
    ];
  });
  if (!taken.ok) return isForgotten(taken.denial) ? late(deciding, ref, ['rejected'], null) : taken;
  if (taken.verdict === 'notOpen') return late(deciding, ref, ['rejected'], null);
  if (taken.verdict === 'alreadyGranted') {
    const request = roleOf(taken.device, role).record.request;
    const newest = request ? formatRequestId(newestRef(request)) : '';
    return no({ kind: 'already-granted', newest, deviceId, role });
  }
  return { ok: true, device: taken.device, role, request: ref };
}

/** A device could else open requests without end, each with a new id: only what it withdraws itself leaves no quiet
 * period behind. */
const MOST_WITHDRAWALS = 3;
const WITHDRAWALS_MS = 60 * 60_000;
/** Of its newest events: three withdrawals an hour, and the requests between them, are never behind so many. */
const LOOKED_AT = 1000;
const WITHDRAWN_TOO_OFTEN =
  `this device has withdrawn ${MOST_WITHDRAWALS} requests within an hour: ` +
  'this one stays open until an owner decides or it expires';

/**
 * Whether a role of a device may take back no more for now. Read off the history, so that a restart and other processes
 * count, too. Nothing is missed between this and the commit: as long as the request is open, no other one is withdrawn.
 */
async function withdrewTooOften({ authority }: Deciding, deviceId: string, role: Role): Promise<boolean> {
  const since = authority.clock.now() - WITHDRAWALS_MS;
  const events = await authority.store.history({ deviceId, limit: LOOKED_AT });
  const lately = events.filter(
    (event) =>
      event.role === role &&
      event.type === 'request.settled' &&
      event.atMs > since &&
      detailOf(event).outcome === 'withdrawn',
  );
  return lately.length >= MOST_WITHDRAWALS;
}

/** The device itself takes its request back, at most three times an hour. */
export async function withdraw(
  deciding: Deciding,
  requestId: string,
): Promise<Decision<{ readonly request: RequestRef }>> {
  const found = await find(deciding, requestId);
  if (!found.ok) return found;
  const { ref, role, deviceId } = found;
  const tooOften = await withdrewTooOften(deciding, deviceId, role);
  const taken = await decide(deciding, deviceId, (device, at) => {
    if (callerDevice(deciding.caller) !== deviceId) return { kind: 'unknown-request' };
    // What is withdrawn already is the same success as before (I7).
    const isOpen = namedRevision(roleOf(device, role).record, ref) !== undefined;
    if (tooOften && isOpen) return { kind: 'invalid', problem: WITHDRAWN_TOO_OFTEN };
    return [{ role, event: { type: 'request.withdrawn', request: ref, at } }];
  });
  if (!taken.ok) return isForgotten(taken.denial) ? lateWithdrawal(deciding, ref) : taken;
  if (taken.verdict === 'notOpen') return lateWithdrawal(deciding, ref);
  return { ok: true, request: ref };
}

async function lateWithdrawal(
  deciding: Deciding,
  ref: RequestRef,
): Promise<Decision<{ readonly request: RequestRef }>> {
  const settled = await findSettlement(deciding.authority.store, ref.id);
  if (!settled || settled.deviceId !== callerDevice(deciding.caller)) return no({ kind: 'unknown-request' });
  const { deviceId, role, outcome, by } = settled;
  return outcome === 'withdrawn'
    ? { ok: true, request: ref }
    : no({ kind: 'already', outcome, by, deviceId, role });
}

/** Which device and role a request id belongs to, open or settled. */
async function find(
  deciding: Deciding,
  requestId: string,
): Promise<
  | { readonly ok: true; readonly ref: RequestRef; readonly deviceId: string; readonly role: Role }
  | { readonly ok: false; readonly denial: DecisionDenial }
> {
  const ref = parseRequestId(requestId);
  const bare = parseRequestId(`${requestId}.r1`);
  const id = ref?.id ?? bare?.id;
  const [event] = id === undefined ? [] : await eventsOf(deciding.authority.store, id);
  if (!event || id === undefined) return no({ kind: 'unknown-request' });
  const role = event.role as Role;
  if (!seesOthers(deciding.caller) && callerDevice(deciding.caller) !== event.deviceId) {
    return no({ kind: 'denied', reason: 'device-ownership-mismatch', missingScope: null });
  }
  if (ref) return { ok: true, ref, deviceId: event.deviceId, role };
  const device = await deciding.authority.load(event.deviceId);
  const request = device && roleOf(device, role).record.request;
  return no({
    kind: 'revision-needed',
    newest: request?.id === id ? formatRequestId(newestRef(request)) : null,
  });
}

/** A device that nobody ever approved vanishes with its request; the history still says how that ended (I7). */
function isForgotten({ kind }: DecisionDenial): boolean {
  return kind === 'unknown-device';
}

const GIVEN: readonly Outcome[] = ['approved', 'narrowed', 'superseded'];

/** Whether the step that settled a request gave this part of it, no more and no less. */
function gaveExactly(
  { scopesFrom, scopesTo }: { readonly scopesFrom: readonly string[]; readonly scopesTo: readonly string[] },
  scopes: readonly string[],
): boolean {
  return covers(scopesTo, scopes) && covers([...scopesFrom, ...scopes], scopesTo);
}

/** Whether an owner was ever shown this revision, and whether an approval of exactly it was committed. */
function knownRevision(
  events: readonly StoredEvent[],
  ref: RequestRef,
): { isShown: boolean; isApproved: boolean } {
  const named = formatRequestId(ref);
  const about = events.filter((event) => detailOf(event).request === named);
  const isShown = about.some(({ type }) => type === 'request.opened' || type === 'request.widened');
  return { isShown, isApproved: about.some(({ type }) => type === 'request.approved') };
}

/** An answer to a decision on a request that is settled, or on a revision it never had (I7). */
async function late(
  deciding: Deciding,
  ref: RequestRef,
  same: readonly Outcome[],
  scopes: readonly string[] | null,
): Promise<Decision<{ readonly device: DeviceRecord; readonly role: Role; readonly request: RequestRef }>> {
  const { store } = deciding.authority;
  const settled = await findSettlement(store, ref.id);
  const { isShown, isApproved } = knownRevision(await eventsOf(store, ref.id), ref);
  if (!settled || !isShown) return no({ kind: 'unknown-request' });
  const { deviceId, role, outcome, by } = settled;
  const device = await deciding.authority.load(deviceId);
  // A part that was approved before the rest was rejected stays approved: the same decision again says so.
  const isSame =
    scopes === null
      ? same.includes(outcome) || (isApproved && same.includes('approved'))
      : gaveExactly(settled, scopes) && GIVEN.includes(outcome);
  // What was approved and is gone since is not there to be shown as approved again.
  const stands = device && (same.includes('rejected') || pairedRow(device) !== undefined);
  if (isSame && stands) return { ok: true, device, role, request: ref };
  return no({ kind: 'already', outcome, by, deviceId, role });
}
