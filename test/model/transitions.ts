import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** One row of a machine, by what it says: the running machine is another object than the shipped one. */
export function nameOf({ source, eventType, guard, target }: AnyTransitionDefinition): string {
  const to = target?.map(({ id }) => id).join() ?? '(stays)';
  return `${source.id} ${eventType} [${guardOf(guard)}] ${to}`;
}

function guardOf(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  return typeof guard === 'object' && guard !== null && 'type' in guard ? String(guard.type) : '';
}

/** Every row of a machine. Throws when two of them read alike: then one could hide behind the other. */
export function transitionsOf(machine: AnyStateMachine): readonly string[] {
  const names = nodesOf(machine.root).flatMap((node) => [...node.transitions.values()].flat().map(nameOf));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new Error(`two transitions read alike: ${twice}`);
  return names.sort();
}

function nodesOf(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}
