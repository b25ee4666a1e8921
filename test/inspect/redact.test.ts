/** What leaves the process, value by value; and that nothing else does. */
import { describe, expect, it } from 'vitest';
import type { AuthorizationEvent } from '../../machines/authorization-events.ts';
import type { ConnectionEvent } from '../../machines/connection-setup.ts';
import type { Denial } from '../../machines/denial.ts';
import { DEFAULT_TERMS, FRESH } from '../../machines/record.ts';
import type { View } from '../../machines/verdict.ts';
import type { GrantedScopes, RequestedScopes } from '../../machines/vocabulary.ts';
import {
  AUTHORIZATION_EVENTS,
  authorizationContext,
  authorizationEvent,
  CONNECTION_EVENTS,
  connectionContext,
  connectionEvent,
} from '../../src/inspect/redact.ts';

const READ = ['operator.read'] as readonly string[] as GrantedScopes & RequestedScopes;
const REF = { id: 'abcdefghijklmnop', revision: 2 };
const HIDDEN = 'hidden-value';
const DEVICE = '43c0bd435c12'.padEnd(64, 'f');

/** The same value with a field that nobody named, in each object of it. */
function poisoned<T>(value: T): T {
  if (Array.isArray(value)) return value.map(poisoned) as T;
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([key, field]) => [key, poisoned(field)]);
  const more = { token: HIDDEN, nonce: HIDDEN, signature: HIDDEN, publicKey: HIDDEN, password: HIDDEN };
  return { ...Object.fromEntries(fields), ...more } as T;
}

const denial: Denial = {
  code: 'PAIRING_REQUIRED',
  reason: 'scope-upgrade',
  request: REF,
  wait: true,
  standing: { role: 'operator', wish: READ, grant: [], approvedRoles: ['operator'] },
};
const view: View = {
  standing: 'paired',
  covered: false,
  live: READ,
  open: REF,
  openUntilMs: 900,
  quietUntilMs: null,
  generation: 3,
  grantVersion: 4,
};
const shownView = {
  standing: 'paired',
  covered: false,
  live: READ,
  open: 'abcdefghijklmnop.r2',
  openUntilMs: 900,
  quietUntilMs: null,
};
const shownDenial = {
  code: 'PAIRING_REQUIRED',
  reason: 'scope-upgrade',
  request: 'abcdefghijklmnop.r2',
  wait: true,
  standing: { role: 'operator', wish: READ, grant: [], approvedRoles: ['operator'] },
};

const CONNECTION: readonly (readonly [ConnectionEvent, object])[] = [
  [
    { type: 'connect.received', manner: 'auto', commandLine: true },
    { manner: 'auto', commandLine: true },
  ],
  [{ type: 'frame.illegal' }, {}],
  [{ type: 'proof.accepted' }, {}],
  [
    { type: 'proof.refused', denial: { code: 'CREDENTIAL_INVALID', problem: 'token-mismatch' } },
    { denial: { code: 'CREDENTIAL_INVALID', problem: 'token-mismatch' } },
  ],
  [
    { type: 'proof.refused', denial: { code: 'RATE_LIMITED', retryAfterMs: 500 } },
    { denial: { code: 'RATE_LIMITED', retryAfterMs: 500 } },
  ],
  [
    { type: 'record.read', view, denial, outcome: 'expired' },
    { view: shownView, denial: shownDenial, outcome: 'expired' },
  ],
  [
    { type: 'record.read', view: { ...view, covered: true }, denial, outcome: null },
    { view: { ...shownView, covered: true }, outcome: null },
  ],
  [{ type: 'authority.failed' }, {}],
  [{ type: 'delivery.flushed', view }, { view: shownView }],
  [{ type: 'delivery.failed' }, {}],
  [{ type: 'upgrade.asked', request: REF }, { request: 'abcdefghijklmnop.r2' }],
  [{ type: 'slice.ended', denial }, { denial: shownDenial }],
  [{ type: 'credential.ended' }, {}],
  [{ type: 'deadline.reached' }, {}],
  [{ type: 'gateway.draining' }, {}],
  [{ type: 'socket.closed' }, {}],
];

const at = { at: 1, by: HIDDEN, terms: DEFAULT_TERMS };
const AUTHORIZATION: readonly (readonly [AuthorizationEvent, object])[] = [
  [
    {
      ...at,
      type: 'access.requested',
      wish: READ,
      requestId: HIDDEN,
      from: { clientId: 'cli', clientMode: 'backend', displayName: HIDDEN, address: HIDDEN },
      mayOpen: true,
      auto: false,
      attempts: 2,
      episodesElsewhere: 0,
    },
    { wish: READ, client: 'cli', mode: 'backend', mayOpen: true, auto: false, attempts: 2 },
  ],
  [{ ...at, type: 'request.attended', attempts: 3 }, {}],
  [
    { ...at, type: 'request.approved', request: REF, scopes: READ },
    { request: 'abcdefghijklmnop.r2', scopes: READ },
  ],
  [{ ...at, type: 'request.rejected', request: REF }, { request: 'abcdefghijklmnop.r2' }],
  [{ ...at, type: 'request.withdrawn', request: REF }, { request: 'abcdefghijklmnop.r2' }],
  [{ ...at, type: 'deadline.reached' }, {}],
  [{ ...at, type: 'token.rotated', scopes: null }, { scopes: null }],
  [{ ...at, type: 'token.used', generation: 2 }, {}],
  [{ ...at, type: 'token.reissued' }, {}],
  [{ ...at, type: 'quiet.forgiven' }, {}],
  [
    {
      ...at,
      type: 'device.imported',
      ceiling: READ,
      grant: READ,
      tokenHash: HIDDEN,
      epoch: 1,
      fingerprint: HIDDEN,
      approvedAtMs: 1,
    },
    { ceiling: READ, grant: READ },
  ],
  [{ ...at, type: 'grant.revoked' }, {}],
  [{ ...at, type: 'device.removed' }, {}],
];

const typesIn = (samples: readonly (readonly [{ readonly type: string }, object])[]): ReadonlySet<string> =>
  new Set(samples.map(([{ type }]) => type));

describe('every event', () => {
  it('that a table shows has a sample here', () => {
    expect(typesIn(CONNECTION)).toEqual(new Set(Object.keys(CONNECTION_EVENTS)));
    expect(typesIn(AUTHORIZATION)).toEqual(new Set(Object.keys(AUTHORIZATION_EVENTS)));
  });
});

describe('an event of a connection', () => {
  it.each(CONNECTION)('%o', (event, shown) => {
    expect(connectionEvent(poisoned(event))).toEqual({ type: event.type, ...shown });
  });

  it('that no machine knows is not even named', () => {
    expect(connectionEvent({ type: HIDDEN })).toEqual({ type: 'unlisted' });
    expect(connectionEvent({ type: 'toString' })).toEqual({ type: 'unlisted' });
  });
});

describe('an event of the authority', () => {
  it.each(AUTHORIZATION)('%o', (event, shown) => {
    expect(authorizationEvent(poisoned(event))).toEqual({ type: event.type, ...shown });
  });
});

describe('a context', () => {
  const client = { id: 'cli', mode: 'backend' };

  it('of a connection names the device by its fingerprint', () => {
    const context = { manner: 'auto', commandLine: false, request: REF, live: READ, generation: 1 } as const;
    const who = poisoned({ deviceId: DEVICE, role: 'operator', client, isClaimed: false } as const);
    const shown = { ...context, request: 'abcdefghijklmnop.r2' };
    expect(connectionContext(who, poisoned(context))).toEqual({
      device: '43c0bd435c12',
      role: 'operator',
      client: 'cli',
      mode: 'backend',
      ...shown,
    });
    expect(connectionContext({ ...who, isClaimed: true }, poisoned(context))).toEqual({
      claimed: { device: '43c0bd435c12', role: 'operator', client: 'cli', mode: 'backend' },
      ...shown,
    });
    expect(connectionContext(null, poisoned(context))).toEqual(shown);
  });

  it('of a device in a role has no token in it, nor the hash of one', () => {
    const record = {
      ...FRESH,
      grant: READ,
      quiet: { 'operator.admin': 77 },
      imported: { tokenHash: HIDDEN, generation: 1, epoch: 1, fingerprint: HIDDEN, isUntouched: true },
      request: {
        id: REF.id,
        revisions: [{ scopes: READ, atMs: 1, from: { displayName: HIDDEN } }],
        askedBy: { 'operator.read': { client: HIDDEN, atMs: 1 } },
        openedAtMs: 1,
        expiresAtMs: 2,
        endsAtMs: 3,
        attempts: 1,
      },
    } as const;
    const who = { deviceId: DEVICE, role: 'operator', client: null, isClaimed: false } as const;
    // What is asked, granted and declined is by scope; whatever scopes there are is shown.
    const { quiet } = record;
    expect(authorizationContext(poisoned(who), { ...poisoned(record), quiet })).toEqual({
      device: '43c0bd435c12',
      role: 'operator',
      ceiling: [],
      grant: READ,
      request: 'abcdefghijklmnop.r1',
      wish: READ,
      quiet: { 'operator.admin': 77 },
      tombstone: false,
      generation: 1,
      grantVersion: 0,
    });
  });
});
