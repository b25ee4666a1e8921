/** Beyond every bound: seeded random walks through a world that is too big to be explored. */
import { type Happening, Joint } from './joint.ts';
import { SHIPPED } from './ship.ts';
import type { World } from './world.ts';
import { BEYOND } from './worlds.ts';

const STEPS_OF_ONE = 200;

export interface Walked {
  readonly steps: number;
  /** Different states that were seen. */
  readonly states: number;
  readonly seconds: number;
  readonly violations: readonly { readonly invariant: string; readonly story: readonly string[] }[];
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

interface Choice {
  readonly device: number;
  readonly token: number;
  readonly places: Int32Array;
  readonly happening: Happening;
}

export function walk(walks: number, seed: number, world: World = BEYOND): Walked {
  const joint = new Joint(world, SHIPPED);
  const random = seeded(seed);
  const seen = new Set<string>();
  const violations = new Map<string, readonly string[]>();
  const startedMs = performance.now();
  let steps = 0;
  for (let round = 0; round < walks; round++) {
    const story: string[] = [];
    for (const { device, token, places, happening } of wayThrough(joint, random)) {
      steps += 1;
      seen.add(`${device} ${token} ${[...places].sort((left, right) => left - right)}`);
      const { place, text, wrong } = happening;
      story.push(place < 0 ? text : `socket ${place + 1} ${text}`);
      for (const one of [...wrong, ...joint.wrongAtRest(device, places)]) {
        if (!violations.has(one)) violations.set(one, [...story]);
      }
    }
  }
  return {
    steps,
    states: seen.size,
    seconds: (performance.now() - startedMs) / 1000,
    violations: [...violations].map(([invariant, story]) => ({ invariant, story })),
  };
}

function* wayThrough(joint: Joint, random: () => number): Iterable<Choice> {
  const next = new Int32Array(joint.world.sockets);
  let at: Omit<Choice, 'happening'> = joint.start();
  for (let step = 0; step < STEPS_OF_ONE; step++) {
    const choices: Choice[] = [];
    joint.expand(at.device, at.token, at.places, next, (device, token, to, happening) =>
      choices.push({ device, token, places: Int32Array.from(to), happening }),
    );
    // Owners and clocks have many verbs: a socket is as likely as all of them together.
    const atSockets = choices.filter(({ happening }) => happening.place >= 0);
    const pool = random() < 0.7 && atSockets.length > 0 ? atSockets : choices;
    const chosen = pool[Math.floor(random() * pool.length)];
    if (!chosen) return;
    at = chosen;
    yield chosen;
  }
}
