import { expect } from 'vitest';
import { authorizationMachine } from '../../machines/authorization.ts';
import type { AuthorizationEvent } from '../../machines/authorization-events.ts';
import type { step } from '../../src/authority/step.ts';
import { eventName, project, roleRecordOf, type Snapshot } from './authorization-cases.ts';
import type { AuthorizationPath } from './authorization-paths.ts';
import { AuthorizationStage } from './authorization-stage.ts';
import { answered, inAnswer, inList, listed } from './shown.ts';
import { nameOf, passedOver } from './transitions.ts';
import { walk } from './walk.ts';

/** One line for each change, and one more for a request that it ends (I8b); a renewal has none. */
function linesFor(before: Snapshot, { type }: AuthorizationEvent, after: Snapshot): number {
  const kept = (snapshot: Snapshot): string =>
    JSON.stringify([project(roleRecordOf(snapshot)), snapshot.context.tokens.retireAtMs]);
  if (kept(before) === kept(after)) return 0;
  const hasOwnLine = ['token.rotated', 'grant.revoked', 'device.removed', 'device.imported'].includes(type);
  const settles = before.context.request !== null && after.context.request === null;
  return hasOwnLine && settles ? 2 : 1;
}

/** The rows that the running authority took, and those whose guards said no before them. */
export function rowsSeen(steps: readonly Parameters<typeof step>[]): {
  readonly taken: readonly string[];
  readonly passed: readonly string[];
} {
  const seen = steps.map(([{ state, record }, event]) => {
    const value = state as Snapshot['value'];
    const before = authorizationMachine.resolveState({ value, context: record });
    const rows = authorizationMachine.getTransitionData(before, event);
    return { taken: rows.map(nameOf), passed: passedOver(before, event.type, rows) };
  });
  return { taken: seen.flatMap(({ taken }) => taken), passed: seen.flatMap(({ passed }) => passed) };
}

/** Walks one path with a real gateway: what is stored, listed, answered and audited after each step. */
export async function driveAuthorization(path: AuthorizationPath, store: 'memory' | 'sqlite'): Promise<void> {
  const stage = await AuthorizationStage.open(store);
  let visited = 0;
  let lines = 0;
  await walk({
    machine: authorizationMachine,
    steps: path.steps,
    test: (params) => path.test(params),
    cause: (event) => stage.cause(event as AuthorizationEvent),
    reached: async (state: Snapshot) => {
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
    },
  });
}

export function shownStory({ steps }: AuthorizationPath): string {
  return steps
    .slice(1)
    .map(({ event }) => eventName(event as AuthorizationEvent))
    .join(', ');
}
