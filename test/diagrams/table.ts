import type { AnyStateMachine } from 'xstate';
import { rowsOf } from './walk.ts';

const HEAD = ['state', 'event', 'guard', 'next', 'effects'];

/** The machine as a table in aligned columns: the first row whose guard holds is taken, `-` means none. */
export function toTable(machine: AnyStateMachine): string {
  const rows = rowsOf(machine).map((row) => [
    row.from,
    row.event,
    row.guard || '-',
    row.to || '(stays)',
    row.effects.join(', ') || '-',
  ]);
  const lines = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = lines.map((line, index) => {
    const isNewState = index > 0 && line[0] !== lines[index - 1]?.[0];
    const padded = line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ');
    return `${isNewState ? '\n' : ''}${padded.trimEnd()}`;
  });
  return `${text.join('\n')}\n`;
}
