import type { AuthorizationEvent, Verdict } from '../../machines/authorization-events.ts';
import { type AuthorizationRecord, newestRef, newestRevision } from '../../machines/record.ts';
import { denialFor, readRecord, type StandingState, standingOf } from '../../machines/verdict.ts';
import { formatRequestId, type RequestedScopes, ROLES, type Role } from '../../machines/vocabulary.ts';
import { type Authority, episodesElsewhere, newRequestId } from './authority.ts';
import { dueEvents } from './committer.ts';
import { type DeviceRecord, otherPairedRoles, type RoleRecord, roleOf } from './device.ts';
import { step } from './step.ts';

/** What one event would make of a role, as the machine says; nothing is done. Times are epoch ms. */
export interface Ending {
  readonly by: 'approve' | 'reject' | 'expiry';
  /** When it happens by itself; null for what an owner has to do. */
  readonly atMs: number | null;
  readonly verdict: Verdict;
  readonly state: string;
  readonly grant: readonly string[];
}

/** What a connect from elsewhere than this machine would be told now. */
export interface NextConnect {
  readonly wish: readonly string[];
  readonly verdict: Verdict;
  /** What it could use at once. */
  readonly live: readonly string[];
  /** `PAIRING_REQUIRED`, `DECLINED`, …; null when it is let in with all that it asks for. */
  readonly denial: string | null;
  /** Until when all that it lacks stays declined; null if it may be asked for. */
  readonly quietUntilMs: number | null;
}

export interface RoleExplanation {
  readonly role: Role;
  readonly state: string;
  readonly standing: StandingState;
  readonly grant: readonly string[];
  readonly ceiling: readonly string[];
  readonly request: {
    readonly requestId: string;
    readonly scopes: readonly string[];
    readonly openedAtMs: number;
    readonly expiresAtMs: number;
    /** However often it is asked for again. */
    readonly endsAtMs: number;
    readonly attempts: number;
  } | null;
  /** What was declined, and until when. */
  readonly quiet: Readonly<Record<string, number>>;
  /** What would end the waiting; empty when nothing is open. */
  readonly endings: readonly Ending[];
  readonly next: NextConnect;
}

export interface Explanation {
  readonly deviceId: string;
  readonly atMs: number;
  readonly roles: readonly RoleExplanation[];
}

type Explaining = Pick<Authority, 'load' | 'clock' | 'terms'>;

/**
 * Why a device waits, what would end it, and what its next connect would get: all of it steps of the authorization
 * machine that are thrown away. `wish` is what the next connect is taken to ask for; without one, for what its open
 * request asks for, else for what it has. Undefined when nothing is known of the device.
 */
export async function explainDevice(
  authority: Explaining,
  deviceId: string,
  wish: readonly string[] | null = null,
): Promise<Explanation | undefined> {
  const loaded = await authority.load(deviceId);
  if (!loaded) return undefined;
  const atMs = authority.clock.now();
  const device = settledAt(loaded, atMs);
  const roles = ROLES.filter((role) => device.roles[role] !== undefined);
  return { deviceId, atMs, roles: roles.map((role) => explainRole(authority, device, role, { wish, atMs })) };
}

/** The device after what is past its deadline: the next connect would find it so. */
function settledAt(device: DeviceRecord, atMs: number): DeviceRecord {
  let settled = device;
  for (const { role, event } of dueEvents(device, atMs)) {
    const { next } = step(roleOf(settled, role), event);
    settled = { ...settled, roles: { ...settled.roles, [role]: next } };
  }
  return settled;
}

interface Asked {
  readonly wish: readonly string[] | null;
  readonly atMs: number;
}

function explainRole(authority: Explaining, device: DeviceRecord, role: Role, asked: Asked): RoleExplanation {
  const kept = roleOf(device, role);
  const { state, record } = kept;
  const { request, grant, ceiling } = record;
  const quiet = Object.entries(record.quiet).filter(([, untilMs]) => untilMs > asked.atMs);
  const wish = asked.wish ?? (request ? newestRevision(request).scopes : grant);
  return {
    role,
    state,
    standing: standingOf(state, record),
    grant,
    ceiling,
    request: request && {
      requestId: formatRequestId(newestRef(request)),
      scopes: newestRevision(request).scopes,
      openedAtMs: request.openedAtMs,
      expiresAtMs: request.expiresAtMs,
      endsAtMs: request.endsAtMs,
      attempts: request.attempts,
    },
    quiet: Object.fromEntries(quiet),
    endings: endingsOf(authority, kept, asked.atMs),
    next: nextConnect(authority, device, role, { wish, atMs: asked.atMs }),
  };
}

function endingsOf({ terms }: Explaining, kept: RoleRecord, atMs: number): readonly Ending[] {
  const { request } = kept.record;
  if (!request) return [];
  const decision = { request: newestRef(request), by: 'owner', at: atMs, terms };
  const end = (by: Ending['by'], event: AuthorizationEvent, endsAtMs: number | null): Ending => {
    const { next, verdict } = step(kept, event);
    return { by, atMs: endsAtMs, verdict, state: next.state, grant: next.record.grant };
  };
  return [
    end('approve', { ...decision, type: 'request.approved', scopes: null }, null),
    end('reject', { ...decision, type: 'request.rejected' }, null),
    end('expiry', { type: 'deadline.reached', at: request.expiresAtMs }, request.expiresAtMs),
  ];
}

function nextConnect(
  { terms }: Explaining,
  device: DeviceRecord,
  role: Role,
  { wish, atMs }: { readonly wish: readonly string[]; readonly atMs: number },
): NextConnect {
  const { verdict, next } = step(roleOf(device, role), {
    type: 'access.requested',
    // Of a step that is thrown away: nothing is asked for with it.
    wish: [...new Set(wish)].sort() as readonly string[] as RequestedScopes,
    requestId: newRequestId(),
    from: device.profile,
    mayOpen: true,
    auto: false,
    episodesElsewhere: episodesElsewhere(device, role),
    attempts: 1,
    at: atMs,
    terms,
  });
  const view = readRecord(next.state, next.record, wish, atMs);
  return {
    wish,
    verdict,
    live: view.live,
    denial: view.covered ? null : denialCode(view, device, role, { wish, verdict, record: next.record }),
    quietUntilMs: view.quietUntilMs,
  };
}

function denialCode(
  view: ReturnType<typeof readRecord>,
  device: DeviceRecord,
  role: Role,
  { wish, verdict, record }: { wish: readonly string[]; verdict: Verdict; record: AuthorizationRecord },
): string {
  const asked = { role, wish, otherRoles: otherPairedRoles(device, role), declined: verdict === 'quiet' };
  return denialFor(view, asked, record, null, true).code;
}
