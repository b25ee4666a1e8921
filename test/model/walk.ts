import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';

/** One step of a path: the first one's event is `xstate.init`. */
interface PathStep<S> {
  readonly state: S;
  readonly event: { readonly type: string };
}

/** What @xstate/test is given to test a path with. */
export interface PathTest<S> {
  readonly states: { readonly '*': (state: S) => Promise<void> };
  readonly events: Readonly<
    Record<string, (step: { readonly event: { readonly type: string } }) => Promise<void>>
  >;
}

export interface Walk<S> {
  readonly machine: AnyStateMachine;
  readonly steps: readonly PathStep<S>[];
  /** Has @xstate/test test the path. */
  readonly test: (params: PathTest<S>) => Promise<unknown>;
  /** Brings one event about. */
  readonly cause: (event: { readonly type: string }) => Promise<void>;
  /** Holds what is there against where the path says that it leads. */
  readonly reached: (state: S) => Promise<void>;
}

/**
 * Has a path tested, and throws where @xstate/test would pass in silence: it skips an event without an executor and a
 * state without a test, and takes for a step what no state has a row for, or a machine that failed before it began.
 */
export async function walk<S extends AnyMachineSnapshot>(path: Walk<S>): Promise<void> {
  const { machine, steps } = path;
  if (steps.length < 2) throw new Error('a path without a step tests nothing');
  for (const [index, { state, event }] of steps.entries()) {
    if (state.status === 'error') throw new Error(`the machine ${machine.id} failed: ${String(state.error)}`);
    const before = steps[index - 1]?.state;
    const isKnown = !before || before._nodes.some((node) => node.transitions.has(event.type));
    if (!isKnown) throw new Error(`${machine.id} has no row for ${event.type} where the path has it`);
  }
  let visited = 0;
  let caused = 0;
  const cause = async ({ event }: { readonly event: { readonly type: string } }): Promise<void> => {
    if (event.type === 'xstate.init') return;
    caused += 1;
    await path.cause(event);
  };
  const reached = async (state: S): Promise<void> => {
    visited += 1;
    await path.reached(state);
  };
  const events = Object.fromEntries(steps.map(({ event }) => [event.type, cause]));
  await path.test({ states: { '*': reached }, events });
  if (visited !== steps.length) throw new Error(`${visited} of ${steps.length} states were looked at`);
  if (caused !== steps.length - 1)
    throw new Error(`${caused} of ${steps.length - 1} events were brought about`);
}

/** The paths, of which there must be some: a bound that leaves nothing would pass in silence. */
export function atLeast<T>(fewest: number, paths: readonly T[]): readonly T[] {
  if (paths.length < fewest) throw new Error(`${paths.length} paths, and not at least ${fewest}`);
  return paths;
}
