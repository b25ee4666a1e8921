/** Counterexamples as files: what happened, step by step, and played again on the machines that ship. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Happening, Joint } from './joint.ts';
import type { Explored, Violation } from './search.ts';
import { SHIPPED, type Ship } from './ship.ts';
import { namedPath } from './story.ts';
import type { World } from './world.ts';
import { LIVING, WORLDS } from './worlds.ts';

const FOLDER = new URL('./traces/', import.meta.url);

export interface Trace {
  readonly invariant: string;
  /** What found it: a rule that was switched off, or nothing. */
  readonly without: string;
  readonly world: string;
  /** Each step by the socket it happened at (-1: none), and by the words of its deed up to what came of it. */
  readonly steps: readonly { readonly place: number; readonly deed: string }[];
}

export interface Replayed {
  /** Steps that could be taken; fewer than the trace has when the machines that ship go another way. */
  readonly taken: number;
  readonly wrong: readonly string[];
}

/** What is done, without what comes of it: that may differ between a broken machine and the one that ships. */
export function deedOf({ kind, text }: Happening): string {
  if (kind === 'connect') return text.replace(/:.*$/, '');
  if (kind === 'owner' || kind === 'time') return text.replace(/ \(.*$/, '');
  if (kind === 'told') return 'is told of its record';
  if (kind === 'slice') return 'its slice is over';
  if (kind === 'hello') return 'is sent hello';
  return text;
}

export function traceOf(explored: Explored, { invariant, index, last }: Violation, without: string): Trace {
  const { legs, names } = namedPath(explored.joint, explored.states, index);
  const end = last ? [{ ...last, place: last.place < 0 ? -1 : (names[last.place] ?? 0) }] : [];
  const steps = [...legs, ...end].map((one) => ({ place: one.place, deed: deedOf(one) }));
  return { invariant, without, world: explored.joint.world.name, steps };
}

export function saveTrace(trace: Trace, name: string): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(new URL(`${name}.json`, FOLDER), `${JSON.stringify(trace, null, 2)}\n`);
}

export function savedTraces(): readonly (readonly [name: string, trace: Trace])[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => [name, JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Trace] as const);
}

export function worldNamed(name: string): World {
  const world = [...WORLDS, ...LIVING].find((one) => one.name === name);
  if (!world) throw new Error(`no world is called ${name}`);
  return world;
}

/** Plays the steps as long as they can be taken. Places are kept as they are: nothing is sorted on the way. */
export function replay({ world: name, steps }: Trace, ship: Ship = SHIPPED): Replayed {
  const world = worldNamed(name);
  const joint = new Joint(world, ship);
  let { device, token, places } = joint.start();
  const next = new Int32Array(world.sockets);
  const wrong: string[] = [];
  let taken = 0;
  for (const step of steps) {
    let found: { device: number; token: number; places: Int32Array } | undefined;
    joint.expand(device, token, places, next, (toDevice, toToken, to, happening) => {
      if (found || happening.place !== step.place || deedOf(happening) !== step.deed) return;
      wrong.push(...happening.wrong);
      found = { device: toDevice, token: toToken, places: Int32Array.from(to) };
    });
    if (!found) break;
    ({ device, token, places } = found);
    wrong.push(...joint.wrongAtRest(device, places));
    taken += 1;
  }
  return { taken, wrong };
}
