import type { SnapshotFrom } from 'xstate';
import { authorizationMachine } from '../../machines/authorization.ts';
import type { AccessRequested, AuthorizationEvent } from '../../machines/authorization-events.ts';
import { DEFAULT_TERMS, newestRevision, nextDeadline, type Terms } from '../../machines/record.ts';
import type { RequestedScopes, RequestRef } from '../../machines/vocabulary.ts';
import type { RoleRecord } from '../../src/authority/device.ts';
import { READ, WISH } from './conditions.ts';
import { nameOf } from './transitions.ts';

export type Snapshot = SnapshotFrom<typeof authorizationMachine>;

export const MINUTE = 60_000;
const THIRD = 'operator.questions';
/** Few of everything; what was declined, and old tokens, end before a request that is open meanwhile. */
export const TERMS: Terms = {
  ...DEFAULT_TERMS,
  graceMs: 4 * MINUTE,
  quietMs: 10 * MINUTE,
  quietEpisodes: 1,
  revisions: 2,
};
/** So much later that the lifetime of a request is worth renewing. */
export const LATER_MS = 8 * MINUTE;
/** The model's clock stands still but for deadlines; the gateway's is turned as far as its own record says. */
const NOW = 0;
export const OPEN_ID = 'aaaaaaaaaaaaaaaa';
export const GONE: RequestRef = { id: 'zzzzzzzzzzzzzzzz', revision: 1 };

const owner = { at: NOW, by: 'owner', terms: TERMS };
const asks = (wish: readonly string[], more: Partial<AccessRequested> = {}): AccessRequested => ({
  type: 'access.requested',
  wish: wish as RequestedScopes,
  requestId: OPEN_ID,
  from: {},
  mayOpen: true,
  auto: false,
  episodesElsewhere: 0,
  attempts: 1,
  at: NOW,
  terms: TERMS,
  ...more,
});
const open = (revision: number): RequestRef => ({ id: OPEN_ID, revision });
const approves = (request: RequestRef, scopes: readonly string[] | null = null): AuthorizationEvent => ({
  ...owner,
  type: 'request.approved',
  request,
  scopes,
});
const rejects = (request: RequestRef): AuthorizationEvent => ({
  ...owner,
  type: 'request.rejected',
  request,
});

/** Another gateway's word of the device; the same words have the same fingerprint. */
const brings = (scopes: readonly string[]): AuthorizationEvent => ({
  ...owner,
  type: 'device.imported',
  ceiling: scopes,
  grant: scopes,
  tokenHash: 'the hash of a token',
  epoch: 1,
  fingerprint: scopes.join(),
  approvedAtMs: NOW,
});

const ALWAYS: readonly AuthorizationEvent[] = [
  asks([READ]),
  asks(WISH),
  asks(WISH, { auto: true }),
  asks(WISH, { mayOpen: false }),
  { ...owner, type: 'quiet.forgiven' },
  { ...owner, type: 'grant.revoked' },
  approves(GONE),
  rejects(GONE),
  { type: 'request.withdrawn', request: GONE, at: NOW },
];

function aboutTheRequest({ context: { request, quiet, tokens } }: Snapshot): readonly AuthorizationEvent[] {
  if (!request) return [];
  const newest = open(request.revisions.length);
  const { scopes } = newestRevision(request);
  // Nothing else may fall due in the time that has to pass.
  const isRenewable =
    request.expiresAtMs === NOW + TERMS.lifetimeMs &&
    Object.keys(quiet).length === 0 &&
    (tokens.retireAtMs ?? Infinity) > NOW + LATER_MS;
  return [
    approves(newest),
    approves(newest, [READ]),
    approves(newest, ['operator.admin']),
    rejects(newest),
    { type: 'request.withdrawn', request: newest, at: NOW },
    ...(newest.revision > 1 ? [approves(open(1)), rejects(open(1)), asks([THIRD])] : []),
    ...(isRenewable
      ? [
          asks(scopes, { at: NOW + LATER_MS }),
          { type: 'request.attended', at: NOW + LATER_MS, attempts: 0, terms: TERMS } as const,
        ]
      : []),
  ];
}

function aboutTheToken({ value, context: { tokens } }: Snapshot): readonly AuthorizationEvent[] {
  if (value !== 'paired' && value !== 'upgradePending') return [];
  const rotations = [null, [READ], WISH].map(
    (scopes) => ({ ...owner, type: 'token.rotated', scopes }) as const,
  );
  return [
    // Two rotations are as good as ten.
    ...(tokens.current - tokens.floor < 2 ? rotations : []),
    { type: 'token.used', generation: tokens.current, at: NOW, terms: TERMS },
    { ...owner, type: 'token.reissued' },
  ];
}

/** What the gateway can do to one (device, role), with two wishes, one owner and a clock. */
export function events(snapshot: Snapshot): AuthorizationEvent[] {
  const { value, context } = snapshot;
  return [
    ...ALWAYS,
    { type: 'deadline.reached', at: nextDeadline(context) ?? NOW },
    // What no list shows cannot be removed.
    ...(value === 'unpaired' ? [] : [{ ...owner, type: 'device.removed' } as const]),
    ...aboutTheRequest(snapshot),
    ...aboutTheToken(snapshot),
  ];
}

/** What the model and a store both know of a record: all of it but ids, times and counts. */
export function project({ state, record }: RoleRecord) {
  const { ceiling, grant, request, quiet, quietEpisodesMs, tombstone, tokens, imported } = record;
  return {
    state,
    ceiling,
    grant,
    revisions: request?.revisions.map(({ scopes }) => scopes) ?? [],
    quiet: Object.keys(quiet).sort(),
    episodes: quietEpisodesMs.length,
    tombstone,
    accepted: tokens.current - tokens.oldest,
    reissuable: tokens.current - tokens.floor,
    delivered: tokens.delivered,
    retires: tokens.retireAtMs !== null,
    imported: imported?.isUntouched ?? null,
  };
}

/** All of a record that makes a difference to what can follow. */
export function identify(snapshot: Snapshot): string {
  const { request, tokens, imported } = snapshot.context;
  const times = [request?.expiresAtMs, tokens.retireAtMs];
  return JSON.stringify([project(roleRecordOf(snapshot)), times, imported?.fingerprint]);
}

export const roleRecordOf = ({ value, context }: Snapshot): RoleRecord => ({ state: value, record: context });

export function transitionName(snapshot: Snapshot, event: AuthorizationEvent): string {
  return authorizationMachine.getTransitionData(snapshot, event).map(nameOf).join() || 'none';
}

/** What takes a third scope, which would make the states too many to be explored, or a longer past. */
export const STORIES: readonly (readonly AuthorizationEvent[])[] = [
  [asks(WISH), asks([READ], { auto: true })],
  [
    asks(WISH),
    approves(open(1), [READ]),
    asks([THIRD]),
    { type: 'request.withdrawn', request: open(1), at: NOW },
    asks([THIRD]),
  ],
  ...[asks([THIRD]), asks([THIRD], { auto: true }), asks([THIRD], { mayOpen: false })].map((last) => [
    asks([READ]),
    approves(open(1)),
    asks(WISH),
    last,
  ]),
  ...[approves(open(1)), approves(open(2), ['operator.approvals'])].map((last) => [
    asks([READ]),
    approves(open(1)),
    asks(WISH),
    asks([THIRD]),
    last,
  ]),
  // What names a request of before reaches the machine only where there was one.
  ...[approves(GONE), rejects(GONE), { type: 'request.withdrawn', request: GONE, at: NOW } as const].map(
    (last): readonly AuthorizationEvent[] => [
      asks(WISH),
      approves(open(1)),
      { ...owner, type: 'grant.revoked' },
      { ...owner, type: 'quiet.forgiven' },
      asks(WISH),
      last,
    ],
  ),
];

const forgives: AuthorizationEvent = { ...owner, type: 'quiet.forgiven' };
const revokes: AuthorizationEvent = { ...owner, type: 'grant.revoked' };
const rotates: AuthorizationEvent = { ...owner, type: 'token.rotated', scopes: null };
/** What another gateway knew of the device; with it, every state would be there several times over. */
export const IMPORTS: readonly (readonly AuthorizationEvent[])[] = [
  [brings([READ]), brings([READ]), brings(WISH), rotates, brings([READ]), brings(WISH)],
  [asks([READ]), brings([READ])],
  [asks(WISH), brings([READ]), brings([READ]), brings(WISH)],
  [brings([READ]), asks(WISH), brings([]), approves(open(1)), brings([READ])],
  [asks([READ]), approves(open(1)), asks(WISH), brings(WISH)],
  [asks([READ]), rejects(open(1)), brings([READ]), forgives, asks([READ]), brings([READ])],
  [brings([READ]), forgives, asks([READ])],
  [brings([READ]), revokes, brings([READ]), brings(WISH), forgives, asks(WISH), brings([READ]), brings(WISH)],
];

/** An event in the words of a test's name. */
export function eventName(event: AuthorizationEvent): string {
  const { type, wish, scopes, auto, mayOpen, request } = event as unknown as Record<string, unknown>;
  const { id, revision } = (request ?? {}) as Partial<RequestRef>;
  const named = revision && (id === GONE.id ? 'gone' : `r${revision}`);
  return [type, wish, scopes, auto && 'local', mayOpen === false && 'probe', named].filter(Boolean).join(' ');
}
