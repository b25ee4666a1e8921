import { covers, uncovered } from '../../machines/policy.ts';
import type { Role } from '../../machines/vocabulary.ts';

/** Who asks the authority to decide something (DESIGN section 4, Callers). The audit names the class. */
export type Caller =
  /** A CLI that holds the state folder itself: an owner. */
  | { readonly class: 'store-file'; readonly name: string }
  /** The gateway itself, for what a setting decides. */
  | { readonly class: 'gateway'; readonly name: string }
  | {
      readonly class: 'device-token' | 'device-shared-secret';
      readonly deviceId: string;
      readonly name: string;
      /** What its session may use. */
      readonly scopes: readonly string[];
    }
  /** Shared secret, no device, local: an owner, limited to the scopes that it connected with. */
  | { readonly class: 'deviceless'; readonly name: string; readonly scopes: readonly string[] };

/** Why a caller may not do a thing. `missingScope` is told to the caller, `reason` only to the log. */
export interface CallerDenial {
  readonly kind: 'denied';
  readonly reason:
    | 'caller-missing-scope'
    | 'own-widening'
    | 'device-ownership-mismatch'
    | 'role-management-requires-admin';
  readonly missingScope: string | null;
}

const ADMIN = 'operator.admin';
const PAIRING = 'operator.pairing';

function denied(reason: CallerDenial['reason'], missingScope: string | null = null): CallerDenial {
  return { kind: 'denied', reason, missingScope };
}

function isOwner(caller: Caller): caller is Extract<Caller, { class: 'store-file' | 'gateway' }> {
  return caller.class === 'store-file' || caller.class === 'gateway';
}

export function isAdmin(caller: Caller): boolean {
  return isOwner(caller) || caller.scopes.includes(ADMIN);
}

/** The device that the caller presented, if any. */
export function callerDevice(caller: Caller): string | null {
  return 'deviceId' in caller ? caller.deviceId : null;
}

/** Who did it, for the history: the class and a name, never a secret. */
export function describeCaller(caller: Caller): string {
  return `${caller.class} ${caller.name}`;
}

/** Whether a caller sees and touches other devices than its own: a device token alone does not (PROTOCOL 5.5 rule 4). */
export function seesOthers(caller: Caller): boolean {
  return caller.class !== 'device-token' || isAdmin(caller);
}

/** Rules 1, 3 and 4 of PROTOCOL 5.5 for whatever touches a device without giving it anything new. */
export function mayManage(caller: Caller, deviceId: string, role: Role | null): CallerDenial | undefined {
  if (!isOwner(caller) && !covers(caller.scopes, [PAIRING])) return denied('caller-missing-scope', PAIRING);
  if (!seesOthers(caller) && callerDevice(caller) !== deviceId) return denied('device-ownership-mismatch');
  if (role !== null && role !== 'operator' && !isAdmin(caller)) {
    return denied('role-management-requires-admin', ADMIN);
  }
  return undefined;
}

/**
 * Whether a caller may give `added` to a device: it must hold all of it itself, and must not present that very device
 * (I11: whoever stole a device could else widen it).
 */
export function mayGive(
  caller: Caller,
  deviceId: string,
  role: Role,
  added: readonly string[],
): CallerDenial | undefined {
  if (callerDevice(caller) === deviceId) return denied('own-widening');
  const refusal = mayManage(caller, deviceId, role);
  if (refusal || isOwner(caller)) return refusal;
  const operatorPart = added.filter((scope) => scope.startsWith('operator.'));
  if (covers(caller.scopes, operatorPart)) return undefined;
  return denied('caller-missing-scope', uncovered(caller.scopes, operatorPart)[0] ?? null);
}
