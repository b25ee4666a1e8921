import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** One row of a machine, by what it says: the running machine is another object than the shipped one. */
export function nameOf({ source, eventType, guard, target }: AnyTransitionDefinition): string {
  const to = target?.map(({ id }) => id).join() ?? '(stays)';
  return `${source.id} ${eventType} [${guardOf(guard)}] ${to}`;
}

function guardOf(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  return typeof guard === 'object' && guard !== null && 'type' in guard ? String(guard.type) : '';
}

/**
 * Every row of a machine. Throws when two of them read alike, because one could hide behind the other, and at rows that
 * no list of events leads to: those of no event and those of any event.
 */
export function transitionsOf(machine: AnyStateMachine): readonly string[] {
  const names = rowsOf(machine).map(nameOf);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new Error(`two transitions read alike: ${twice}`);
  return names.sort();
}

/** Every row that has a guard: in a run of the machine it has to be taken and to be passed over. */
export function guardedOf(machine: AnyStateMachine): readonly string[] {
  return rowsOf(machine).filter(isGuarded).map(nameOf).sort();
}

/** The rows whose guard said no to an event: those before the one that was taken, or all when none was. */
export function passedOver(
  before: AnyMachineSnapshot,
  type: string,
  taken: readonly AnyTransitionDefinition[],
): readonly string[] {
  return before._nodes.flatMap((node) => {
    const rows = node.transitions.get(type) ?? [];
    const at = rows.findIndex((row) => taken.includes(row));
    return rows
      .slice(0, at < 0 ? rows.length : at)
      .filter(isGuarded)
      .map(nameOf);
  });
}

const isGuarded = ({ guard }: AnyTransitionDefinition): boolean => guard !== undefined;

function rowsOf(machine: AnyStateMachine): readonly AnyTransitionDefinition[] {
  return nodesOf(machine.root).flatMap((node) => {
    if (node.always && node.always.length > 0) throw new Error(`${node.id} moves without an event`);
    const wild = [...node.transitions.keys()].find((type) => type.includes('*'));
    if (wild !== undefined) throw new Error(`${node.id} has a row for ${wild}, whatever that may be`);
    return [...node.transitions.values()].flat();
  });
}

function nodesOf(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}
