import { isDeepStrictEqual } from 'node:util';
import { authorizationMachine } from '../../machines/authorization.ts';
import type { AuthorizationEvent } from '../../machines/authorization-events.ts';
import type { RoleRecord } from '../../src/authority/device.ts';
import { type Step, step } from '../../src/authority/step.ts';

/** A small closed world: where it starts, what can happen, and what of a record makes no difference. */
export interface World {
  readonly start: RoleRecord;
  events(from: RoleRecord): readonly AuthorizationEvent[];
  /** The same record with its times relative and its counters small, so that the world is finite. */
  normalise(next: RoleRecord, event: AuthorizationEvent): RoleRecord;
  /** More states than this is a mistake in the world, not a bigger world. */
  readonly mostStates: number;
}

export type Check = (before: RoleRecord, event: AuthorizationEvent, taken: Step) => readonly string[];

export interface Exploration {
  readonly states: number;
  readonly steps: number;
  readonly values: ReadonlySet<string>;
  /** The transitions that were taken, as the machine's own objects. */
  readonly taken: ReadonlySet<unknown>;
  /** The first of each kind, with a shortest story. */
  readonly violations: readonly string[];
}

interface Visit {
  readonly node: RoleRecord;
  readonly from: Visit | null;
  readonly event: AuthorizationEvent | null;
}

/** Breadth-first over everything that can be reached, up to the first violation: its story is a shortest one. */
export function explore(world: World, check: Check): Exploration {
  const start: Visit = { node: deepFreeze(structuredClone(world.start)), from: null, event: null };
  const seen = new Set([keyOf(start.node)]);
  const queue = [start];
  const violations = new Map<string, string>();
  const taken = new Set<unknown>();
  let steps = 0;
  for (const visit of queue) {
    for (const event of world.events(visit.node)) {
      steps++;
      noteTransition(taken, visit.node, event);
      const done = step(visit.node, event);
      for (const problem of check(visit.node, event, done)) {
        violations.set(problem, violations.get(problem) ?? `${problem}\n${storyOf(visit, event, done)}`);
      }
      const node = deepFreeze(world.normalise(done.next, event));
      const key = keyOf(node);
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > world.mostStates) throw new Error(`more than ${world.mostStates} states: not finite?`);
      queue.push({ node, from: visit, event });
    }
    if (violations.size > 0) break;
  }
  return {
    states: seen.size,
    steps,
    values: new Set(queue.map(({ node }) => node.state)),
    taken,
    violations: [...violations.values()],
  };
}

/** Every transition of the machine, by state and event, as the objects that `noteTransition` collects. */
export function allTransitions(): ReadonlyMap<unknown, string> {
  return new Map(
    Object.values(authorizationMachine.root.states).flatMap((node) =>
      [...node.transitions.values()].flat().map((transition, index) => {
        const guard = transition.guard as { readonly type: string } | undefined;
        const target = transition.target?.[0]?.key ?? '(stays)';
        const name = `${node.key} ${transition.eventType} [${guard?.type ?? ''}] ${target} #${index}`;
        return [transition, name] as const;
      }),
    ),
  );
}

// Asked of the machine beside the step, because a step does not say which row of the table it took.
function noteTransition(taken: Set<unknown>, { state, record }: RoleRecord, event: AuthorizationEvent): void {
  const snapshot = authorizationMachine.resolveState({ value: state as 'paired', context: record });
  for (const transition of authorizationMachine.getTransitionData(snapshot, event)) taken.add(transition);
}

const keyOf = ({ state, record }: RoleRecord): string => JSON.stringify([state, record]);

/** Frozen all the way down: a step that wrote into what it was given would throw. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

export function isSame(left: RoleRecord, right: RoleRecord): boolean {
  return left.state === right.state && isDeepStrictEqual(left.record, right.record);
}

function storyOf(visit: Visit, event: AuthorizationEvent, done: Step): string {
  const lines = [
    `  ${brief(event)} => ${done.next.state} ${done.verdict} ${JSON.stringify(done.next.record)}`,
  ];
  lines.unshift(`  in ${visit.node.state} ${JSON.stringify(visit.node.record)}`);
  for (let at: Visit | null = visit; at?.event; at = at.from) {
    lines.unshift(`  ${brief(at.event)} => ${at.node.state}`);
  }
  return lines.join('\n');
}

function brief(event: AuthorizationEvent): string {
  const { terms: _terms, from: _from, ...rest } = event as unknown as Record<string, unknown>;
  return JSON.stringify(rest);
}
