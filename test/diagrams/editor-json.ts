import type { AnyStateMachine } from 'xstate';

/**
 * The machine as Stately's editor imports it, and as xstate's own `createMachine` takes it: states, descriptions, tags,
 * and the names of guards and effects with the parameters that are fixed. What comes with an event is code, and is left
 * out.
 */
export function toEditorJson(machine: AnyStateMachine): string {
  return `${JSON.stringify(machine.config, null, 2)}\n`;
}
