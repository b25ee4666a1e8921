import type { AnyStateMachine } from 'xstate';
import { leavesOf, rowsOf } from './walk.ts';

/** Every pair of states that one step can join. Staying is always one of them: a record changes in place, too. */
export function movesOf(machine: AnyStateMachine): readonly (readonly [from: string, to: string])[] {
  const leaves = leavesOf(machine).map(({ name }) => name);
  const rows = rowsOf(machine);
  return leaves.flatMap((from) =>
    leaves
      .filter((to) => to === from || rows.some((row) => row.from === from && row.to === to))
      .map((to) => [from, to] as const),
  );
}

/** `src/store/moves.ts`: the store guards the moves without learning what a machine is. */
export function toMovesFile(machine: AnyStateMachine): string {
  const pairs = movesOf(machine).map(([from, to]) => `  ['${from}', '${to}'],`);
  return [
    `// Generated from machines/${machine.id}.ts by \`npm run diagrams\`; do not edit.`,
    '// Every pair of states that one step of the authorization machine can join. A role without a row is `unpaired`.',
    'export const LEGAL_MOVES: readonly (readonly [from: string, to: string])[] = [',
    ...pairs,
    '];',
    '',
  ].join('\n');
}
