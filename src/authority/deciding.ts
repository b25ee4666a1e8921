import type { AuthorizationEvent, Verdict } from '../../machines/authorization-events.ts';
import type { Outcome, Role } from '../../machines/vocabulary.ts';
import { NO_ORIGIN, type Origin } from './audit.ts';
import type { Authority } from './authority.ts';
import { type Caller, type CallerDenial, describeCaller, mayManage } from './callers.ts';
import { type DeviceRecord, isPaired, roleOf } from './device.ts';

/** Why a decision was not carried out. Nothing was changed. */
export type DecisionDenial =
  | CallerDenial
  | { readonly kind: 'unknown-request' }
  /** An id without its revision: it could mean something that nobody was shown (I2). `newest` is what to name. */
  | { readonly kind: 'revision-needed'; readonly newest: string | null }
  | { readonly kind: 'beyond-request'; readonly scopes: readonly string[] }
  /** Another decision was first, and stands (I7). */
  | {
      readonly kind: 'already';
      readonly outcome: Outcome;
      readonly by: string | null;
      readonly deviceId: string;
      readonly role: Role;
    }
  /** A rejection of something that an earlier approval gave: name the newest revision, or revoke. */
  | {
      readonly kind: 'already-granted';
      readonly newest: string;
      readonly deviceId: string;
      readonly role: Role;
    }
  | { readonly kind: 'unknown-device' }
  | { readonly kind: 'unknown-role' }
  | { readonly kind: 'beyond-ceiling'; readonly scopes: readonly string[] }
  | { readonly kind: 'invalid'; readonly problem: string };

export type Decision<T> =
  | ({ readonly ok: true } & T)
  | { readonly ok: false; readonly denial: DecisionDenial };

/** Where a decision came from, beside who: for the history. */
export type DecisionOrigin = Partial<Omit<Origin, 'by'>>;

export const no = (denial: DecisionDenial): { ok: false; denial: DecisionDenial } => ({ ok: false, denial });

/** Who decides, and from where. Every decision checks the caller on the record that its commit replaces. */
export interface Deciding {
  readonly authority: Authority;
  readonly caller: Caller;
  readonly origin: DecisionOrigin;
}

export function originOf({ caller, origin }: Deciding): Origin {
  return { ...NO_ORIGIN, ...origin, by: describeCaller(caller) };
}

export interface PlannedEvent {
  readonly role: Role;
  readonly event: AuthorizationEvent;
}

interface Taken {
  readonly ok: true;
  readonly verdict: Verdict;
  readonly device: DeviceRecord;
  readonly before: DeviceRecord;
}

/** Plans, checks and commits one decision. When this answers it is durable, and every session in this process that it
 * concerns has acted on it (I18). */
export async function decide(
  deciding: Deciding,
  deviceId: string,
  plan: (device: DeviceRecord, at: number) => readonly PlannedEvent[] | DecisionDenial,
  amend: (device: DeviceRecord) => DeviceRecord = (device) => device,
): Promise<Taken | { readonly ok: false; readonly denial: DecisionDenial }> {
  const done = await deciding.authority.committer.run<DecisionDenial>(deviceId, (device, at) => {
    if (!device) {
      const hidden = mayManage(deciding.caller, deviceId, null);
      return { kind: 'answer', answer: hidden ?? { kind: 'unknown-device' } };
    }
    const planned = plan(device, at);
    if ('kind' in planned) return { kind: 'answer', answer: planned };
    const origin = originOf(deciding);
    return { kind: 'step', device: amend(device), events: planned, origin, durable: true };
  });
  if (done.kind === 'answer') return no(done.answer);
  // Its own position, and not the newest one: what others have committed since may not outlive a power cut.
  if (done.wrote) deciding.authority.onDecision(done.seq);
  await deciding.authority.followed(deviceId);
  return { ok: true, verdict: done.step?.verdict ?? 'nothing', device: done.device, before: done.before };
}

/** A decision about a role that stands approved. */
export async function onPaired(
  deciding: Deciding,
  deviceId: string,
  role: Role,
  plan: (device: DeviceRecord, at: number) => AuthorizationEvent | DecisionDenial,
): Promise<Decision<{ readonly device: DeviceRecord }>> {
  const taken = await decide(deciding, deviceId, (device, at) => {
    if (!isPaired(roleOf(device, role))) {
      return mayManage(deciding.caller, deviceId, role) ?? { kind: 'unknown-role' };
    }
    const planned = plan(device, at);
    return 'kind' in planned ? planned : [{ role, event: planned }];
  });
  return taken.ok ? { ok: true, device: taken.device } : taken;
}
