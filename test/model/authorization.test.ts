import { beforeEach, describe, expect, it, vi } from 'vitest';
import { authorizationMachine } from '../../machines/authorization.ts';
import { step } from '../../src/authority/step.ts';
import { driveAuthorization, rowsSeen, shownStory } from './authorization-drive.ts';
import { authorizationPaths } from './authorization-paths.ts';
import { guardedOf, transitionsOf } from './transitions.ts';

// Spied on and otherwise as it is: which row of the table the authority took is told by nothing else.
vi.mock(import('../../src/authority/step.ts'), { spy: true });

const { all, chosen, stories } = authorizationPaths();

const UNPAIRED = ['unpaired', 'pairingPending', 'revoked', 'revokedPending'];
/** Rows that no gateway takes: what asks has been answered before the machine is. */
const NEVER_ASKED = [
  // Most connects: they change nothing, and no step is computed for them.
  ...['paired', 'upgradePending'].map((state) => `${state} access.requested [covered] (stays)`),
  // The refusal names the scopes that are too many.
  ...['paired', 'upgradePending'].map((state) => `${state} token.rotated [beyondCeiling] (stays)`),
  // There is no token to rotate or to reissue, and the caller is told so.
  ...UNPAIRED.flatMap((state) => [`${state} token.rotated [] (stays)`, `${state} token.reissued [] (stays)`]),
  // What no list shows is not known to anybody who could remove it.
  'unpaired device.removed [] authorization.unpaired',
].map((row) => `authorization.${row}`);

const ALL_STATES = [...UNPAIRED, 'paired', 'upgradePending'];
/** Guards that are never asked in vain: the authority takes no step where nothing is due, old or new. */
const NEVER_REFUSED = [
  ...ALL_STATES.map((state) => `${state} deadline.reached [somethingIsDue] (stays)`),
  ...['pairingPending', 'upgradePending', 'revokedPending'].map(
    (state) => `${state} request.attended [renewalIsDue] (stays)`,
  ),
  ...['paired', 'upgradePending'].map((state) => `${state} token.used [firstUse] (stays)`),
].map((row) => `authorization.${row}`);

describe('the paths through the authorization machine', () => {
  it('are as many as two wishes, one owner and a clock make', () => {
    // Every state by every transition; then as many of them as it takes to see each transition lead to each landmark.
    expect([all.length, chosen.length, stories.length]).toEqual([2138, 190, 18]);
    const states = new Set(chosen.flatMap(({ steps }) => steps.map(({ state }) => state.value)));
    expect([...states].sort()).toEqual(Object.keys(authorizationMachine.states).sort());
  });
});

describe.each(['memory', 'sqlite'] as const)('the records of a real gateway in the %s store', (store) => {
  const taken = new Set<string>();
  const passed = new Set<string>();
  beforeEach(() => {
    vi.mocked(step).mockClear();
    return () => {
      const seen = rowsSeen(vi.mocked(step).mock.calls);
      for (const row of seen.taken) taken.add(row);
      for (const row of seen.passed) passed.add(row);
    };
  });

  for (const path of [...chosen, ...stories]) it(shownStory(path), () => driveAuthorization(path, store));

  it('take every transition of the machine but those that it is never asked for', () => {
    const rows = transitionsOf(authorizationMachine);
    expect(rows.filter((row) => !taken.has(row)).sort()).toEqual([...NEVER_ASKED].sort());
  });

  it('pass over every transition with a guard but those whose guard is never asked in vain', () => {
    const guarded = guardedOf(authorizationMachine);
    expect(guarded.length).toBeGreaterThan(60);
    expect(guarded.filter((row) => !passed.has(row))).toEqual([...NEVER_REFUSED].sort());
  });
});
