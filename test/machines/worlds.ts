import type {
  AccessRequested,
  AuthorizationEvent,
  DeviceImported,
} from '../../machines/authorization-events.ts';
import {
  type AuthorizationRecord,
  FRESH,
  type Imported,
  type OpenRequest,
  type Terms,
} from '../../machines/record.ts';
import type { RequestedScopes } from '../../machines/vocabulary.ts';
import type { RoleRecord } from '../../src/authority/device.ts';
import type { World } from './explore.ts';
import { ADMIN, READ, type Scopes, WRITE } from './oracle.ts';

/** Every record is looked at at this time; later is `TICK` more. Times of a record are kept relative to it. */
export const NOW = 1_000;
const TICK = 4;
/** Of which all times are multiples, so that time has few values. */
export const TERMS: Terms = {
  lifetimeMs: 2 * TICK,
  longestLifeMs: 3 * TICK,
  quietMs: 2 * TICK,
  graceMs: 2 * TICK,
  retireMs: 2 * TICK,
  quietEpisodes: 2,
  revisions: 2,
};

/** The request that is open bears this id in every record; one that opens in a step bears the next. */
export const OPEN = 'aaaaaaaaaaaaaaaa';
const NEXT = 'bbbbbbbbbbbbbbbb';
const GONE = 'zzzzzzzzzzzzzzzz';

const owner = { at: NOW, by: 'owner', terms: TERMS };
const sorted = (scopes: Scopes): RequestedScopes => [...scopes].sort() as Scopes as RequestedScopes;

export function asks(wish: Scopes, more: Partial<AccessRequested> = {}): AccessRequested {
  return {
    type: 'access.requested',
    wish: sorted(wish),
    requestId: NEXT,
    from: {},
    mayOpen: true,
    auto: false,
    episodesElsewhere: 0,
    attempts: 1,
    at: NOW,
    terms: TERMS,
    ...more,
  };
}

function asking(wishes: readonly Scopes[]): readonly AuthorizationEvent[] {
  return wishes.flatMap((wish) => [
    asks(wish),
    asks(wish, { mayOpen: false }),
    asks(wish, { auto: true }),
    asks(wish, { episodesElsewhere: TERMS.quietEpisodes }),
  ]);
}

/** Every decision on every revision, whole, in part and beyond, and the ones that name what is not there. */
function deciding({ record }: RoleRecord, parts: readonly (Scopes | null)[]): readonly AuthorizationEvent[] {
  const revisions = record.request?.revisions.length ?? 0;
  const refs = Array.from({ length: revisions + 1 }, (_, index) => ({ id: OPEN, revision: index + 1 }));
  refs.push({ id: GONE, revision: 1 });
  return [
    ...refs.flatMap((request) => [
      ...parts.map((scopes) => ({ ...owner, type: 'request.approved', request, scopes }) as const),
      { ...owner, type: 'request.rejected', request } as const,
    ]),
    { type: 'request.withdrawn', request: { id: OPEN, revision: 1 }, at: NOW },
    { type: 'request.withdrawn', request: { id: GONE, revision: 1 }, at: NOW },
  ];
}

const OWNERS_OTHER_VERBS: readonly AuthorizationEvent[] = [
  { ...owner, type: 'quiet.forgiven' },
  { ...owner, type: 'grant.revoked' },
  { ...owner, type: 'device.removed' },
];
const TIME: readonly AuthorizationEvent[] = [
  { type: 'request.attended', at: NOW, attempts: 1, terms: TERMS },
  { type: 'deadline.reached', at: NOW },
  { type: 'deadline.reached', at: NOW + TICK },
];
const rotations = (sets: readonly (Scopes | null)[]): readonly AuthorizationEvent[] =>
  sets.map((scopes) => ({ ...owner, type: 'token.rotated', scopes }) as const);

/** What another gateway knows; the same words of it have the same fingerprint. */
const brings = (ceiling: Scopes, grant: Scopes, tokenHash: string | null): DeviceImported => ({
  ...owner,
  type: 'device.imported',
  ceiling,
  grant,
  tokenHash,
  epoch: 1,
  fingerprint: JSON.stringify([ceiling, grant, tokenHash]),
  approvedAtMs: NOW,
});

/** The floor of the generations in every record. */
const FLOOR = 3;
const NO_TOKENS = { ...FRESH.tokens, current: FLOOR, oldest: FLOOR, floor: FLOOR };

/** Rights, requests and quiet in full; the tokens, which no other rule looks at, are taken out. */
export function worldOfRights(scopes: Scopes): World {
  const wishes = [[], ...scopes.map((scope) => [scope]), scopes];
  const parts = [null, ...wishes, [ADMIN]];
  const [one = ''] = scopes;
  const imports = [brings(scopes, [ADMIN, one], null), brings(scopes, scopes, null)];
  const fixed = [...asking(wishes), ...OWNERS_OTHER_VERBS, ...TIME, ...rotations(parts), ...imports];
  return {
    start: { state: 'unpaired', record: shifted(FRESH, 0) },
    mostStates: 40_000,
    events: (from) => [...fixed, ...deciding(from, parts)],
    normalise: ({ state, record }, event) => ({
      state,
      record: { ...shifted(record, event.at - NOW), tokens: NO_TOKENS, imported: withoutToken(record) },
    }),
  };
}

/** Tokens, generations and their times in full; the quiet is taken out, and nobody asks for much. */
export function worldOfTokens(): World {
  const wishes = [[READ], [WRITE]];
  const imports = [null, 'one'].map((hash) => brings([READ], [READ], hash));
  const fixed = [...asking(wishes), ...OWNERS_OTHER_VERBS, ...TIME, ...imports];
  return {
    start: { state: 'unpaired', record: shifted(FRESH, 0) },
    mostStates: 40_000,
    events: (from) => {
      const { current, floor } = from.record.tokens;
      const generations = Array.from({ length: current - floor + 2 }, (_, index) => floor + index);
      return [
        ...fixed,
        ...deciding(from, [null]),
        // Two rotations that were never used are as bad as ten.
        ...(current - floor < 3 ? rotations([null, [READ]]) : []),
        ...generations.map(
          (generation) => ({ type: 'token.used', generation, at: NOW, terms: TERMS }) as const,
        ),
        { ...owner, type: 'token.reissued' },
      ];
    },
    normalise: ({ state, record }, event) => ({
      state,
      record: { ...shifted(record, event.at - NOW), quiet: {}, quietEpisodesMs: [] },
    }),
  };
}

/** Which generation it is makes no difference where tokens are taken out, nor what was said, once more was decided. */
function withoutToken({ imported }: AuthorizationRecord): AuthorizationRecord['imported'] {
  const fingerprint = imported?.isUntouched === true ? imported.fingerprint : '';
  return imported && { ...imported, fingerprint, generation: 0 };
}

/** The same record `by` later, seen from then: no rule looks at a time that is not listed here. */
function shifted(record: AuthorizationRecord, by: number): AuthorizationRecord {
  const { tokens, request, quiet } = record;
  // Not 1, where every mistake about the floor would look like the first generation.
  const below = tokens.floor - FLOOR;
  return {
    ...record,
    request: request && shiftedRequest(request, by),
    quiet: Object.fromEntries(
      Object.entries(quiet)
        .map(([scope, until]) => [scope, until - by] as const)
        .sort(),
    ),
    quietEpisodesMs: record.quietEpisodesMs.map(() => 0),
    tokens: {
      ...tokens,
      current: tokens.current - below,
      oldest: tokens.oldest - below,
      floor: FLOOR,
      retireAtMs: tokens.retireAtMs === null ? null : tokens.retireAtMs - by,
    },
    grantVersion: 0,
    approvedAtMs: null,
    rotatedAtMs: null,
    revokedAtMs: null,
    imported: record.imported && shiftedImport(record.imported, tokens.floor),
  };
}

/** Below the floor one generation is as dead as another. */
function shiftedImport(imported: Imported, floor: number): Imported {
  const isDead = imported.generation < floor;
  return { ...imported, generation: isDead ? 0 : imported.generation - floor + FLOOR };
}

function shiftedRequest(request: OpenRequest, by: number): OpenRequest {
  const [first, ...rest] = request.revisions.map((revision) => ({ ...revision, atMs: 0 }));
  if (!first) throw new Error('a request without a revision');
  return {
    id: OPEN,
    revisions: [first, ...rest],
    askedBy: {},
    openedAtMs: 0,
    expiresAtMs: request.expiresAtMs - by,
    endsAtMs: request.endsAtMs - by,
    attempts: 1,
  };
}
