/** Breadth-first over every state of a world, so that the story of whatever goes wrong is a shortest one. */
import { type Happening, Joint } from './joint.ts';
import { highOf, Packing } from './packing.ts';
import { namesOf, SHIPPED, type Ship } from './ship.ts';
import { States } from './states.ts';
import { storyOf } from './story.ts';
import type { World } from './world.ts';

export interface Violation {
  /** The invariant, as the oracle or the rules call it. */
  readonly invariant: string;
  /** What happened before, from the first state on. */
  readonly story: readonly string[];
  /** The state in which it happened, and the step that broke it; null when the state itself is wrong. */
  readonly index: number;
  readonly last: Happening | null;
}

export interface Explored {
  readonly joint: Joint;
  readonly states: States;
  readonly transitions: number;
  readonly depth: number;
  readonly seconds: number;
  readonly violations: readonly Violation[];
  /** The transitions of the shipped machines that were taken in it. */
  readonly taken: ReadonlySet<string>;
}

export interface SearchOptions {
  readonly ship?: Ship;
  /** End at the first invariant whose name begins so; default: never. */
  readonly until?: string;
  /** Called now and then with the number of states. */
  readonly onProgress?: (done: number, joint: Joint, states: number) => void;
}

export function explore(world: World, options: SearchOptions = {}): Explored {
  const ship = options.ship ?? SHIPPED;
  const joint = new Joint(world, ship);
  const packing = new Packing(world);
  const states = new States();
  const start = joint.start();
  states.add(highOf(start.device, start.token), packing.pack(start.places), -1);
  const found = new Map<string, Violation>();
  const places = new Int32Array(world.sockets);
  const next = new Int32Array(world.sockets);
  const startedMs = performance.now();
  let transitions = 0;
  let index = 0;
  let depth = 0;
  let layerEnd = 1;
  let isFound = false;

  const note = (invariant: string, last: Happening | null): void => {
    if (found.has(invariant)) return;
    isFound ||= options.until !== undefined && invariant.startsWith(options.until);
    found.set(invariant, { invariant, story: storyOf(joint, states, index, last), index, last });
  };
  const visit = (device: number, token: number, to: Int32Array, happening: Happening): void => {
    transitions += 1;
    if (happening.wrong.length > 0) for (const wrong of happening.wrong) note(wrong, happening);
    states.add(highOf(device, token), packing.pack(to), index);
  };
  for (; index < states.size; index++) {
    if (index === layerEnd) {
      depth += 1;
      layerEnd = states.size;
    }
    if (states.size > world.mostStates)
      throw new Error(`${world.name}: more than ${world.mostStates} states`);
    if ((index & 0x3ffff) === 0x3ffff) options.onProgress?.(index, joint, states.size);
    const high = states.high[index] as number;
    packing.unpack(states.low[index] as number, places);
    for (const wrong of joint.wrongAtRest(high >>> 4, places)) note(wrong, null);
    if (isFound) break;
    joint.expand(high >>> 4, high & 15, places, next, visit);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const violations = [...found.values()];
  return { joint, states, transitions, depth, seconds, violations, taken: joint.stepper.taken };
}

/** The transitions of the shipped machines that none of these explorations took. */
export function untaken(explored: readonly { readonly taken: ReadonlySet<string> }[]): readonly string[] {
  const taken = new Set(explored.flatMap(({ taken: one }) => [...one]));
  return [...namesOf(SHIPPED).values()].filter((name) => !taken.has(name));
}
