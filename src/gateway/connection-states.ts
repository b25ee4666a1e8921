import type { ConnectionActor } from './effects.ts';

/** How many of these connections are in each state of the connection machine: `paired`, `upgradePending.held`. */
export function countStates(
  sessions: Iterable<{ readonly actor: Pick<ConnectionActor, 'getSnapshot'> }>,
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { actor } of sessions) {
    const { value } = actor.getSnapshot();
    const name = typeof value === 'string' ? value : Object.entries(value).flat().join('.');
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
