import type { AnyStateMachine } from 'xstate';
import { initialOf, leavesOf, type Row, rowsOf } from './walk.ts';

/**
 * The machine as a Mermaid state diagram that GitHub draws. Transitions that stay and only answer are left out, and
 * what joins the same two states shares one arrow: the picture shows who gets where, the table shows everything.
 */
export function toMermaid(machine: AnyStateMachine): string {
  const leaves = leavesOf(machine).map(({ name }) => name);
  const rows = rowsOf(machine).filter(changesSomething);
  const lines = leaves.flatMap((from) =>
    leaves.flatMap((to) => {
      const labels = rows.filter((row) => row.from === from && (row.to || row.from) === to).map(labelOf);
      return labels.length > 0 ? [`  ${idOf(from)} --> ${idOf(to)}: ${labels.join('<br/>')}`] : [];
    }),
  );
  return [
    `%% Generated from machines/${machine.id}.ts by \`npm run diagrams\`; do not edit.`,
    'stateDiagram-v2',
    '  direction TB',
    ...leaves.filter((name) => name.includes('.')).map((name) => `  state "${name}" as ${idOf(name)}`),
    `  [*] --> ${idOf(initialOf(machine))}`,
    ...lines,
    '',
  ].join('\n');
}

const isAnswer = (effect: string): boolean => effect.startsWith('reply(');

function changesSomething(row: Row): boolean {
  return row.to !== '' || !row.effects.every(isAnswer);
}

/** What is announced follows from what is done, but for the outcome of a request. */
function isDrawn(effect: string): boolean {
  return !isAnswer(effect) && (!effect.startsWith('announce(') || effect.includes('settled'));
}

function shortened(effect: string): string {
  return effect.replace(/^announce\(request\.settled (.*)\)$/, 'settled $1');
}

function labelOf({ event, guard, effects }: Row): string {
  const done = effects.filter(isDrawn).map(shortened).join(', ');
  return `${event}${guard && ` [${guard}]`}${done && ` / ${done}`}`;
}

/** Mermaid takes no dot in an id. */
function idOf(state: string): string {
  return state.replaceAll('.', '_');
}
