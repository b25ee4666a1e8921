import { beforeEach, describe, expect, it, vi } from 'vitest';
import { authorizationMachine } from '../../machines/authorization.ts';
import type { AuthorizationEvent } from '../../machines/authorization-events.ts';
import { step } from '../../src/authority/step.ts';
import {
  authorizationPaths,
  project,
  roleRecordOf,
  type Snapshot,
  transitionName,
  type Walk,
} from './authorization-cases.ts';
import { AuthorizationStage } from './authorization-stage.ts';
import { answered, inAnswer, inList, listed } from './shown.ts';
import { transitionsOf } from './transitions.ts';

// Spied on and otherwise as it is: which row of the table the authority took is told by nothing else.
vi.mock(import('../../src/authority/step.ts'), { spy: true });

const { model, all, chosen, stories } = authorizationPaths();

/** One line for each change, and one more for a request that it ends (I8b); a renewal has none. */
function linesFor(before: Snapshot, { type }: AuthorizationEvent, after: Snapshot): number {
  const kept = (snapshot: Snapshot): string =>
    JSON.stringify([project(roleRecordOf(snapshot)), snapshot.context.tokens.retireAtMs]);
  if (kept(before) === kept(after)) return 0;
  const hasOwnLine = ['token.rotated', 'grant.revoked', 'device.removed', 'device.imported'].includes(type);
  const settles = before.context.request !== null && after.context.request === null;
  return hasOwnLine && settles ? 2 : 1;
}

/** The rows that the running authority took. */
function takenRows(): readonly string[] {
  return vi.mocked(step).mock.calls.map(([{ state, record }, event]) => {
    const value = state as Snapshot['value'];
    return transitionName(authorizationMachine.resolveState({ value, context: record }), event);
  });
}

async function drive(path: Walk, store: 'memory' | 'sqlite'): Promise<void> {
  const stage = await AuthorizationStage.open(store);
  let visited = 0;
  let lines = 0;
  const cause = async ({ event }: { readonly event: { readonly type: string } }) => {
    if (event.type !== 'xstate.init') await stage.cause(event as AuthorizationEvent);
  };
  const types = path.steps.map(({ event }) => event.type);
  const events = Object.fromEntries(types.map((type) => [type, cause]));
  const reached = async (state: Snapshot) => {
    const taken = path.steps[visited]?.event as AuthorizationEvent;
    const before = path.steps[visited - 1]?.state;
    visited += 1;
    if (before) lines += linesFor(before, taken, state);
    const record = project(roleRecordOf(state));
    const stored = await stage.stored();
    expect(project(stored)).toEqual(record);
    expect(inList(await stage.list())).toEqual(listed(record, stage.openId));
    expect(inAnswer(await stage.probe())).toBe(answered(record, stage.openId));
    expect(stage.house.audit).toHaveLength(lines);
  };
  await model.testPath(path, { states: { '*': reached }, events });
  expect(visited).toBe(path.steps.length);
}

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

describe('the paths through the authorization machine', () => {
  it('are as many as two wishes, one owner and a clock make', () => {
    // Every state by every transition; then as many of them as it takes to see each transition lead to each landmark.
    expect([all.length, chosen.length, stories.length]).toEqual([2217, 198, 17]);
    const states = new Set(chosen.flatMap(({ steps }) => steps.map(({ state }) => state.value)));
    expect([...states].sort()).toEqual(Object.keys(authorizationMachine.states).sort());
  });
});

describe.each(['memory', 'sqlite'] as const)('the records of a real gateway in the %s store', (store) => {
  const taken = new Set<string>();
  beforeEach(() => {
    vi.mocked(step).mockClear();
    return () => {
      for (const row of takenRows()) taken.add(row);
    };
  });

  for (const path of [...chosen, ...stories]) it(shown(path), () => drive(path, store));

  it('take every transition of the machine but those that it is never asked for', () => {
    const rows = transitionsOf(authorizationMachine);
    expect(rows.filter((row) => !taken.has(row)).sort()).toEqual([...NEVER_ASKED].sort());
  });
});

function shown({ steps }: Walk): string {
  return steps
    .slice(1)
    .map(({ event }) => {
      const { type, wish, scopes, auto, request } = event as unknown as Record<string, never>;
      return [type, wish, scopes, auto && 'local', request && JSON.stringify(request)]
        .filter(Boolean)
        .join(' ');
    })
    .join(', ');
}
