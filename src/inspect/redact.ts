/** What viewers may see, field by field: what is not named here does not leave the process. */
import type { AuthorizationEvent } from '../../machines/authorization-events.ts';
import type { ConnectionContext, ConnectionEvent } from '../../machines/connection-setup.ts';
import type { Denial, Standing } from '../../machines/denial.ts';
import { type AuthorizationRecord, newestRef, newestRevision } from '../../machines/record.ts';
import type { View } from '../../machines/verdict.ts';
import { formatRequestId, type RequestRef, type Role } from '../../machines/vocabulary.ts';

export type Shown = Readonly<Record<string, unknown>>;

/** Who speaks on a connection, or whose rights an authority actor stands for. */
export interface Who {
  /** Lowercase hex SHA-256 of the device's key; empty for a peer without a device. */
  readonly deviceId: string;
  readonly role: Role;
  /** What the peer says of itself: words of at most 64 printable ASCII characters, anything else is no `connect`. Null
   * where nobody speaks. */
  readonly client: { readonly id: string; readonly mode: string } | null;
  /** Nothing of it is proved yet, or never was: anybody may say it of anybody. */
  readonly isClaimed: boolean;
}

/** A table of events does not compile until it says of each one what of it is shown. */
type Table<Event extends { readonly type: string }> = {
  readonly [Type in Event['type']]: (event: Extract<Event, { readonly type: Type }>) => Shown;
};

const nothing = (): Shown => ({});
const refOf = (request: RequestRef | null): string | null => request && formatRequestId(request);

/** The part of a device id that the command line and the console show, too. */
export function fingerprint(deviceId: string): string {
  return deviceId.slice(0, 12);
}

function shownView({ standing, covered, live, open, openUntilMs, quietUntilMs }: View): Shown {
  return { standing, covered, live, open: refOf(open), openUntilMs, quietUntilMs };
}

function shownDenial(denial: Denial): Shown {
  return {
    code: denial.code,
    ...('problem' in denial && { problem: denial.problem }),
    ...('reason' in denial && { reason: denial.reason }),
    ...('outcome' in denial && { outcome: denial.outcome }),
    ...('request' in denial && { request: refOf(denial.request) }),
    ...('wait' in denial && { wait: denial.wait }),
    ...('retryAfterMs' in denial && { retryAfterMs: denial.retryAfterMs }),
    ...('quietUntilMs' in denial && { quietUntilMs: denial.quietUntilMs }),
    ...('standing' in denial && { standing: shownStanding(denial.standing) }),
  };
}

function shownStanding({ role, wish, grant, approvedRoles }: Standing): Shown {
  return { role, wish, grant, approvedRoles };
}

export const CONNECTION_EVENTS: Table<ConnectionEvent> = {
  'connect.received': ({ manner, commandLine }) => ({ manner, commandLine }),
  'frame.illegal': nothing,
  'proof.accepted': nothing,
  'proof.refused': ({ denial }) => ({ denial: shownDenial(denial) }),
  'record.read': ({ view, denial, outcome }) => ({
    view: shownView(view),
    // A record that lets everything in has one too, which nobody is told.
    ...(!view.covered && { denial: shownDenial(denial) }),
    outcome,
  }),
  'authority.failed': nothing,
  'delivery.flushed': ({ view }) => ({ view: shownView(view) }),
  'delivery.failed': nothing,
  'upgrade.asked': ({ request }) => ({ request: refOf(request) }),
  'slice.ended': ({ denial }) => ({ denial: shownDenial(denial) }),
  'credential.ended': nothing,
  'deadline.reached': nothing,
  'gateway.draining': nothing,
  'socket.closed': nothing,
};

export const AUTHORIZATION_EVENTS: Table<AuthorizationEvent> = {
  'access.requested': ({ wish, from, mayOpen, auto, attempts }) => ({
    wish,
    client: from.clientId,
    mode: from.clientMode,
    mayOpen,
    auto,
    attempts,
  }),
  'request.attended': nothing,
  'request.approved': ({ request, scopes }) => ({ request: refOf(request), scopes }),
  'request.rejected': ({ request }) => ({ request: refOf(request) }),
  'request.withdrawn': ({ request }) => ({ request: refOf(request) }),
  'deadline.reached': nothing,
  'token.rotated': ({ scopes }) => ({ scopes }),
  'token.used': nothing,
  'token.reissued': nothing,
  'quiet.forgiven': nothing,
  'device.imported': ({ ceiling, grant }) => ({ ceiling, grant }),
  'grant.revoked': nothing,
  'device.removed': nothing,
};

function shownEvent(table: object, event: { readonly type: string }): Shown {
  const show = Object.hasOwn(table, event.type)
    ? (table as Readonly<Record<string, (event: unknown) => Shown>>)[event.type]
    : undefined;
  // The machine knows no other events; one that comes all the same is not even named.
  return show ? { type: event.type, ...show(event) } : { type: 'unlisted' };
}

export function connectionEvent(event: { readonly type: string }): Shown {
  return shownEvent(CONNECTION_EVENTS, event);
}

export function authorizationEvent(event: { readonly type: string }): Shown {
  return shownEvent(AUTHORIZATION_EVENTS, event);
}

/** What is only claimed is in `claimed`, so that nobody takes one for the other. */
function shownWho({ deviceId, role, client, isClaimed }: Who): Shown {
  const said = {
    device: fingerprint(deviceId),
    role,
    ...(client && { client: client.id, mode: client.mode }),
  };
  return isClaimed ? { claimed: said } : said;
}

/** `who` is null until a `connect` has come. */
export function connectionContext(who: Who | null, context: ConnectionContext): Shown {
  const { manner, commandLine, request, live, generation } = context;
  return { ...(who && shownWho(who)), manner, commandLine, request: refOf(request), live, generation };
}

export function authorizationContext(who: Who, record: AuthorizationRecord): Shown {
  const { ceiling, grant, request, quiet, tombstone, tokens, grantVersion } = record;
  return {
    ...shownWho(who),
    ceiling,
    grant,
    request: request && refOf(newestRef(request)),
    wish: request && newestRevision(request).scopes,
    quiet,
    tombstone,
    generation: tokens.current,
    grantVersion,
  };
}
