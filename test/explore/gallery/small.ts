/** A small model of rules that somebody once had, explored until its bug shows. */
export interface Step<S> {
  /** Who did what, and what was seen. */
  readonly text: string;
  readonly next: S;
  /** Owners and strangers may act or not; programs and gateways go on by themselves. */
  readonly isFree?: boolean;
}

export interface Small<S> {
  readonly start: S;
  steps(state: S): readonly Step<S>[];
  /** A step that must never happen. */
  isWrong?(before: S, step: Step<S>): boolean;
  /** What must be reached from every state in which it is `due`, by what goes on by itself. */
  readonly goal?: { isDue(state: S): boolean; isReached(state: S): boolean };
}

interface Visit<S> {
  readonly state: S;
  readonly story: readonly string[];
}

const keyOf = (value: unknown): string => JSON.stringify(value);

/** A shortest story of the bug; undefined when there is none. */
export function bugIn<S>(model: Small<S>): readonly string[] | undefined {
  const queue: Visit<S>[] = [{ state: model.start, story: [] }];
  const seen = new Set([keyOf(model.start)]);
  for (const { state, story } of queue) {
    const doomed = doomOf(model, state);
    if (doomed) return [...story, ...doomed];
    for (const step of model.steps(state)) {
      if (model.isWrong?.(state, step)) return [...story, step.text];
      const key = keyOf(step.next);
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push({ state: step.next, story: [...story, step.text] });
    }
  }
  return undefined;
}

/** What goes on from a state for ever, if that never comes to the goal. */
function doomOf<S>(model: Small<S>, from: S): readonly string[] | undefined {
  const { goal } = model;
  if (!goal?.isDue(from)) return undefined;
  const seen = new Map([[keyOf(from), from]]);
  const round = new Set<string>();
  let isDead = false;
  for (const state of seen.values()) {
    if (goal.isReached(state)) return undefined;
    const going = model.steps(state).filter(({ isFree }) => !isFree);
    isDead ||= going.length === 0;
    for (const { text, next } of going) {
      seen.set(keyOf(next), seen.get(keyOf(next)) ?? next);
      round.add(text);
    }
  }
  return [...round, isDead ? 'nothing will ever happen again' : 'and so on, for ever'];
}
