/** Reads a machine's transitions off the machine itself, so that no picture can say anything else than the code. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';

/** One row: in `from`, on `event`, when `guard` holds. */
export interface Row {
  readonly from: string;
  readonly event: string;
  /** Empty: otherwise. */
  readonly guard: string;
  /** Empty: it stays. */
  readonly to: string;
  readonly effects: readonly string[];
}

export interface Leaf {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
}

/** The states that a machine can be in, in the order in which they are written. */
export function leavesOf(machine: AnyStateMachine): readonly Leaf[] {
  return leafNodes(machine.root).map((node) => ({
    name: node.path.join('.'),
    description: node.description ?? '',
    tags: [...node.tags],
  }));
}

export function initialOf(machine: AnyStateMachine): string {
  return entered(machine.root).path.join('.');
}

/** Every transition of every state, in the order in which its guards are tried. */
export function rowsOf(machine: AnyStateMachine): readonly Row[] {
  return leafNodes(machine.root).flatMap((leaf) =>
    [leaf, ...ancestors(leaf)].flatMap((node) =>
      [...node.transitions.values()].flat().map((transition) => ({
        from: leaf.path.join('.'),
        event: transition.eventType,
        guard: nameOf(transition.guard),
        to: transition.target?.map((target) => entered(target).path.join('.')).join() ?? '',
        effects: transition.actions.map(describeEffect),
      })),
    ),
  );
}

function leafNodes(node: AnyStateNode): readonly AnyStateNode[] {
  const children = Object.values(node.states);
  return children.length === 0 ? [node] : children.flatMap(leafNodes);
}

function ancestors(node: AnyStateNode): readonly AnyStateNode[] {
  return node.parent ? [node.parent, ...ancestors(node.parent)] : [];
}

function entered(node: AnyStateNode): AnyStateNode {
  const [first] = Object.keys(node.states).length > 0 ? node.initial.target : [];
  return first ? entered(first) : node;
}

function nameOf(named: unknown): string {
  if (typeof named === 'string') return named;
  if (typeof named === 'object' && named !== null && 'type' in named) return String(named.type);
  // An inline function could not be drawn: the table would keep something to itself.
  if (named !== undefined) throw new Error('a guard or an effect without a name');
  return '';
}

/** `reply(covered)`: with the parameters that are fixed; the ones that come with the event are left out. */
function describeEffect(action: unknown): string {
  const params = typeof action === 'object' && action !== null && 'params' in action ? action.params : null;
  if (typeof params !== 'object' || params === null) return nameOf(action);
  return `${nameOf(action)}(${words(params).join(' ')})`;
}

function words(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(words) : [];
}
