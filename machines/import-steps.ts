/** The arithmetic of a device that comes from another gateway; pure, as steps.ts is. */
import { covers, grantScopes, NOTHING } from './policy.ts';
import type { AuthorizationRecord, Terms } from './record.ts';

/** What another gateway knows of one (device, role), for the record. */
export interface Bringing {
  readonly ceiling: readonly string[];
  /** What it may use now; what lies beyond the ceiling does not count. */
  readonly grant: readonly string[];
  readonly tokenHash: string | null;
  readonly epoch: number;
  readonly fingerprint: string;
  /** When an owner approved it there. */
  readonly approvedAtMs: number;
}

/** What an import grants: all that the other gateway had given, in the place of what an import brought before. */
export function importedGrant({ ceiling, grant }: Bringing): Pick<AuthorizationRecord, 'ceiling' | 'grant'> {
  const whole = grantScopes(NOTHING, ceiling);
  const within = grant.filter((scope) => covers(whole, [scope]));
  return { ceiling: whole, grant: grantScopes(NOTHING, within) };
}

/**
 * Takes over what another gateway decided. Its token becomes a superseded generation beside our own: the next full
 * hello delivers ours, and it ends as such a generation does (R9).
 */
export function importDevice(
  record: AuthorizationRecord,
  bringing: Bringing & { readonly at: number; readonly terms: Terms },
): Partial<AuthorizationRecord> {
  const { tokenHash, epoch, fingerprint, approvedAtMs, at, terms } = bringing;
  const { tokens } = record;
  const generation = tokens.current - 1;
  return {
    ...importedGrant(bringing),
    imported: { tokenHash, generation, epoch, fingerprint, isUntouched: true },
    grantVersion: record.grantVersion + 1,
    approvedAtMs: Math.min(approvedAtMs, at),
    ...(tokenHash !== null && {
      tokens: {
        current: tokens.current,
        oldest: generation,
        floor: generation,
        delivered: false,
        retireAtMs: at + terms.retireMs,
      },
    }),
  };
}
