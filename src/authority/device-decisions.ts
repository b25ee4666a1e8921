import { covers, uncovered } from '../../machines/policy.ts';
import { ROLES, type Role } from '../../machines/vocabulary.ts';
import type { HistoryDetail } from './audit.ts';
import { describeCaller, mayGive, mayManage } from './callers.ts';
import {
  type Deciding,
  type Decision,
  type DecisionDenial,
  decide,
  no,
  onPaired,
  originOf,
} from './deciding.ts';
import { type DeviceRecord, newPairingSalt, roleOf } from './device.ts';
import { unknownScopes } from './request-decisions.ts';

/** A new token generation; without scopes the grant stays, with scopes it becomes them inside the ceiling (I4). */
export function rotate(
  deciding: Deciding,
  deviceId: string,
  role: Role,
  scopes: readonly string[] | null,
): Promise<Decision<{ readonly device: DeviceRecord }>> {
  return onPaired(deciding, deviceId, role, (device, at) => {
    const { record } = roleOf(device, role);
    const added = scopes === null ? [] : uncovered(record.grant, scopes);
    const refusal =
      mayManage(deciding.caller, deviceId, role) ??
      (added.length > 0 ? mayGive(deciding.caller, deviceId, role, added) : undefined) ??
      unknownScopes(scopes ?? [], record.ceiling, record.grant);
    if (refusal) return refusal;
    if (scopes !== null && !covers(record.ceiling, scopes)) {
      return { kind: 'beyond-ceiling', scopes: uncovered(record.ceiling, scopes) };
    }
    const by = describeCaller(deciding.caller);
    return { type: 'token.rotated', scopes, by, at, terms: deciding.authority.terms };
  });
}

/** Ends the role's rights, tokens and sockets at once; only an owner's approval brings them back (I16). */
export async function revoke(
  deciding: Deciding,
  deviceId: string,
  role: Role,
): Promise<Decision<{ readonly device: DeviceRecord }>> {
  const taken = await decide(deciding, deviceId, (device, at) => {
    const refusal = mayManage(deciding.caller, deviceId, role);
    if (refusal) return refusal;
    if (!device.roles[role]) return { kind: 'unknown-role' };
    const by = describeCaller(deciding.caller);
    return [{ role, event: { type: 'grant.revoked', by, at, terms: deciding.authority.terms } }];
  });
  if (taken.ok && taken.verdict === 'notPaired') return no({ kind: 'unknown-role' });
  return taken;
}

/** Forgets the device but for a tombstone: closes its sockets, and only an owner lets it in again (R8). */
export function remove(
  deciding: Deciding,
  deviceId: string,
): Promise<Decision<{ readonly device: DeviceRecord }>> {
  return decide(
    deciding,
    deviceId,
    (device, at) => {
      const roles = ROLES.filter((role) => isVisible(device, role));
      if (roles.length === 0) return { kind: 'unknown-device' };
      const other = roles.find((role) => role !== 'operator') ?? null;
      const refusal = mayManage(deciding.caller, deviceId, other);
      if (refusal) return refusal;
      const by = describeCaller(deciding.caller);
      return ROLES.filter((role) => device.roles[role]).map((role) => ({
        role,
        event: { type: 'device.removed', by, at, terms: deciding.authority.terms },
      }));
    },
    (device) => ({ ...device, pairingSalt: newPairingSalt() }),
  );
}

/** Ends the quiet period: what was declined may be asked for again. */
export async function forgive(
  deciding: Deciding,
  deviceId: string,
): Promise<Decision<{ readonly device: DeviceRecord; readonly forgiven: boolean }>> {
  const taken = await decide(deciding, deviceId, (device, at) => {
    // Nobody who presents the device lifts what an owner declined to it (I11, I13).
    const refusal =
      mayManage(deciding.caller, deviceId, null) ?? mayGive(deciding.caller, deviceId, 'operator', []);
    if (refusal) return refusal;
    const by = describeCaller(deciding.caller);
    return ROLES.filter((role) => device.roles[role]).map((role) => ({
      role,
      event: { type: 'quiet.forgiven', by, at, terms: deciding.authority.terms },
    }));
  });
  return taken.ok ? { ok: true, device: taken.device, forgiven: taken.before !== taken.device } : taken;
}

/** Accepts the device's superseded tokens for one grace period, so that it comes back and gets the current one. */
export function reissue(
  deciding: Deciding,
  deviceId: string,
  role: Role,
): Promise<Decision<{ readonly device: DeviceRecord }>> {
  return onPaired(deciding, deviceId, role, (_device, at) => {
    const refusal =
      mayManage(deciding.caller, deviceId, role) ?? mayGive(deciding.caller, deviceId, role, []);
    if (refusal) return refusal;
    return {
      type: 'token.reissued',
      by: describeCaller(deciding.caller),
      at,
      terms: deciding.authority.terms,
    };
  });
}

/** Sets the name that owners see; the device's own words stay what they are. */
export async function rename(
  deciding: Deciding,
  deviceId: string,
  label: string,
): Promise<Decision<{ readonly device: DeviceRecord }>> {
  const problem = labelProblem(label);
  if (problem) return no({ kind: 'invalid', problem });
  const done = await deciding.authority.committer.run<DecisionDenial>(deviceId, (device, at) => {
    const refusal = mayManage(deciding.caller, deviceId, null);
    if (refusal) return { kind: 'answer', answer: refusal };
    if (!device || !ROLES.some((role) => isVisible(device, role))) {
      return { kind: 'answer', answer: { kind: 'unknown-device' } };
    }
    const role = ROLES.find((one) => device.roles[one]) ?? 'operator';
    const { state, record } = roleOf(device, role);
    const detail: HistoryDetail = {
      ...originOf(deciding),
      request: null,
      outcome: null,
      reason: null,
      stateFrom: state,
      stateTo: state,
      scopesFrom: record.grant,
      scopesTo: record.grant,
      attempts: 0,
    };
    const note = { role: null, atMs: at, type: 'device.renamed', requestId: null, detail: { ...detail } };
    return { kind: 'amend', device: { ...device, label }, note };
  });
  return done.kind === 'answer' ? no(done.answer) : { ok: true, device: done.device };
}

/** A device that a list shows: pending, paired or revoked; not one that only left a tombstone. */
export function isVisible(device: DeviceRecord, role: Role): boolean {
  const kept = device.roles[role];
  return kept !== undefined && kept.state !== 'unpaired';
}

function labelProblem(label: string): string | undefined {
  const length = [...label].length;
  if (length < 1 || length > 64) return 'a label has 1 to 64 characters';
  return /[\p{Cc}\p{Cf}]/u.test(label) ? 'a label has no control or formatting characters' : undefined;
}
