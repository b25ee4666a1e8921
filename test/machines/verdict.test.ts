/** What one connection is told of the record (TABLES R10 to R13): level-triggered, so a table of records says it all. */
import { describe, expect, it } from 'vitest';
import type { Denial } from '../../machines/denial.ts';
import { type AuthorizationRecord, FRESH, PAIRING } from '../../machines/record.ts';
import { denialFor, pairingReason, readRecord, type Settled } from '../../machines/verdict.ts';
import type { GrantedScopes, Outcome, RequestedScopes } from '../../machines/vocabulary.ts';
import { deepFreeze } from './explore.ts';
import { READ, WRITE } from './oracle.ts';

const NOW = 1_000;
const REQUEST = { id: 'aaaaaaaaaaaaaaaa', revision: 1 };

function record(more: Partial<AuthorizationRecord> = {}): AuthorizationRecord {
  return deepFreeze(structuredClone({ ...FRESH, ...more }));
}
const granted = (...scopes: string[]): GrantedScopes => scopes as readonly string[] as GrantedScopes;
const open = (...scopes: string[]): AuthorizationRecord['request'] => ({
  id: REQUEST.id,
  revisions: [{ scopes: scopes as readonly string[] as RequestedScopes, atMs: 0, from: {} }],
  askedBy: {},
  openedAtMs: 0,
  expiresAtMs: 2_000,
  endsAtMs: 3_000,
  attempts: 1,
});
const reader = { grant: granted(READ), ceiling: granted(READ) };

describe('what a connection sees of the record', () => {
  it('R1b is not covered without standing, however little it asks for', () => {
    for (const state of ['unpaired', 'pairingPending', 'revoked', 'revokedPending']) {
      expect(readRecord(state, record(), [], NOW).covered, state).toBe(false);
    }
    expect(readRecord('paired', record(), [], NOW).covered).toBe(true);
    expect(readRecord('upgradePending', record({ request: open(READ) }), [], NOW).covered).toBe(true);
  });

  it('R13 has the covered part of its wish to use, also when the rest is declined', () => {
    const view = readRecord('paired', record({ ...reader, quiet: { [WRITE]: 2_000 } }), [READ, WRITE], NOW);
    expect(view).toMatchObject({ covered: false, live: [READ], open: null, quietUntilMs: 2_000 });
  });

  it('has nothing to use without standing, whatever the record still says', () => {
    expect(readRecord('revoked', record(reader), [READ], NOW).live).toEqual([]);
  });

  it('waits for the open request only if that would give it what it wants', () => {
    const kept = record({ ...reader, request: open(WRITE) });
    expect(readRecord('upgradePending', kept, [READ, WRITE], NOW).open).toEqual(REQUEST);
    expect(readRecord('upgradePending', kept, ['operator.admin'], NOW).open).toBeNull();
    expect(readRecord('upgradePending', kept, [READ], NOW)).toMatchObject({ covered: true, open: null });
  });

  it('R6 is quiet only when all that it lacks is, and until the first of it may be asked for again', () => {
    const kept = record({ ...reader, quiet: { [WRITE]: 2_000, 'operator.pairing': 1_500 } });
    const quiet = (wish: readonly string[], at = NOW) => readRecord('paired', kept, wish, at).quietUntilMs;
    expect(quiet([WRITE, 'operator.pairing'])).toBe(1_500);
    expect(quiet([WRITE, 'operator.talk'])).toBeNull();
    expect(quiet([READ])).toBeNull();
    expect(quiet(['operator.pairing'], 1_500)).toBeNull();
  });
});

describe('why a connection is not let in (R11, R12)', () => {
  const why = (
    state: string,
    kept: AuthorizationRecord,
    settled: Settled | null = null,
    wait = true,
    declined = false,
  ): Denial =>
    denialFor(
      readRecord(state, kept, [WRITE], NOW),
      { role: 'operator', wish: [WRITE], otherRoles: [], declined },
      kept,
      settled,
      wait,
    );
  const ended = (outcome: Outcome): Settled => ({ request: REQUEST, outcome });

  it('names the open request, and how it settled only when none is open', () => {
    const kept = record({ ...reader, request: open(WRITE) });
    expect(why('upgradePending', kept, ended('rejected'))).toMatchObject({
      code: 'PAIRING_REQUIRED',
      reason: 'scope-upgrade',
      request: REQUEST,
      wait: true,
    });
  });

  it.each<readonly [Outcome, string]>([
    ['rejected', 'DECLINED'],
    ['narrowed', 'DECLINED'],
    ['expired', 'REQUEST_ENDED'],
    ['withdrawn', 'REQUEST_ENDED'],
    ['removed', 'REQUEST_ENDED'],
    ['superseded', 'REQUEST_ENDED'],
  ])('I6 tells %s as %s and as nothing else', (outcome, code) => {
    expect(why('paired', record(reader), ended(outcome))).toMatchObject({ code, outcome, request: REQUEST });
  });

  it('I5 asks the device to come back when nobody knows how its request ended', () => {
    expect(why('paired', record(reader))).toMatchObject({
      code: 'PAIRING_REQUIRED',
      request: null,
      wait: true,
    });
    expect(why('paired', record(reader), ended('approved'))).toMatchObject({ code: 'PAIRING_REQUIRED' });
    expect(why('paired', record(reader), null, false)).toMatchObject({ wait: false });
  });

  it('says revoked before anything else, until it may ask again', () => {
    const kept = record({ quiet: { [PAIRING]: 2_000, [WRITE]: 2_000 } });
    expect(why('revoked', kept, ended('rejected'))).toMatchObject({ code: 'REVOKED', quietUntilMs: 2_000 });
    expect(why('revoked', record())).toMatchObject({ code: 'PAIRING_REQUIRED', reason: 'role-upgrade' });
  });

  it('says declined while everything that it lacks is quiet', () => {
    const kept = record({ ...reader, quiet: { [WRITE]: 2_000 } });
    expect(why('paired', kept)).toMatchObject({ code: 'DECLINED', outcome: 'rejected', quietUntilMs: 2_000 });
  });

  it('says declined to a device that asked too often, though some of its wish is new (I13)', () => {
    expect(why('paired', record(reader), null, true, true)).toMatchObject({ code: 'DECLINED' });
  });

  it('names the open request also to a wish that goes beyond it: an owner begins there', () => {
    const kept = record({ request: open(READ) });
    expect(why('pairingPending', kept)).toMatchObject({ code: 'PAIRING_REQUIRED', request: REQUEST });
  });

  it('tells the peer what its own device has', () => {
    const denial = why('paired', record(reader));
    expect(denial).toMatchObject({ standing: { role: 'operator', wish: [WRITE], grant: [READ] } });
    expect('standing' in denial && denial.standing.approvedRoles).toEqual(['operator']);
  });

  it.each([
    ['paired', [], 'scope-upgrade'],
    ['unpaired', [], 'not-paired'],
    ['removed', [], 'not-paired'],
    ['unpaired', ['node'], 'role-upgrade'],
    ['revoked', [], 'role-upgrade'],
  ] as const)('%s with other roles %j needs %s', (standing, otherRoles, reason) => {
    expect(pairingReason(standing, otherRoles)).toBe(reason);
  });
});
