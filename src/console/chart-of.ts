/** The authorization machine as a graph, read off the machine itself. */
import { authorizationMachine } from '../../machines/authorization.ts';

export interface Edge {
  readonly from: string;
  readonly to: string;
  /** What happens, in the machine's words. */
  readonly events: readonly string[];
}

const nodes = Object.values(authorizationMachine.root.states);

export const stateNames: readonly string[] = nodes.map(({ key }) => key);

export const descriptions: Readonly<Record<string, string>> = Object.fromEntries(
  nodes.map(({ key, description = '' }) => [key, description]),
);

/** One edge for each pair of states that some event leads from and to. */
export const edges: readonly Edge[] = nodes.flatMap(({ key: from, transitions }) => {
  const to = new Map<string, Set<string>>();
  for (const [event, list] of transitions) {
    for (const target of list.flatMap((one) => one.target ?? [])) {
      if (target.key === from) continue;
      to.set(target.key, (to.get(target.key) ?? new Set()).add(event));
    }
  }
  return [...to].map(([key, events]) => ({ from, to: key, events: [...events] }));
});
