/** How a state was reached, told as who did what and what each saw. */
import type { Happening, Joint } from './joint.ts';
import { highOf, Packing } from './packing.ts';
import type { States } from './states.ts';

/** One step of a path, with the places as they were before symmetry made them interchangeable. */
interface Leg {
  readonly happening: Happening;
  /** Where each place of the next state was before. */
  readonly order: readonly number[];
}

/** The story up to state `index`, and `last` after it. */
export function storyOf(
  joint: Joint,
  states: States,
  index: number,
  last: Happening | null,
): readonly string[] {
  const line = (happening: Happening): string => {
    const { place, text } = happening;
    return place < 0 || joint.world.sockets === 1 ? subject(happening) : `socket ${place + 1} ${text}`;
  };
  const { legs, names } = namedPath(joint, states, index);
  const all = last ? [...legs, { ...last, place: last.place < 0 ? -1 : (names[last.place] ?? 0) }] : legs;
  return all.map(line);
}

/** The path with each place as it was at first: symmetry exchanges them on the way. */
export function namedPath(
  joint: Joint,
  states: States,
  index: number,
): { readonly legs: readonly Happening[]; readonly names: readonly number[] } {
  let names = Array.from({ length: joint.world.sockets }, (_, place) => place);
  const legs = legsTo(joint, states, index).map(({ happening, order }) => {
    const before = names;
    names = order.map((from) => before[from] ?? 0);
    return { ...happening, place: happening.place < 0 ? -1 : (before[happening.place] ?? 0) };
  });
  return { legs, names };
}

function subject({ place, text }: Happening): string {
  return place < 0 ? text : `the socket ${text}`;
}

function legsTo(joint: Joint, states: States, index: number): readonly Leg[] {
  const path: number[] = [];
  for (let at = index; at > 0; at = states.from[at] as number) path.unshift(at);
  let before = 0;
  return path.map((at) => {
    const leg = legBetween(joint, states, before, at);
    before = at;
    return leg;
  });
}

function legBetween(joint: Joint, states: States, before: number, after: number): Leg {
  const packing = new Packing(joint.world);
  const places = new Int32Array(joint.world.sockets);
  const next = new Int32Array(joint.world.sockets);
  packing.unpack(states.low[before] as number, places);
  const high = states.high[before] as number;
  let leg: Leg | undefined;
  joint.expand(high >>> 4, high & 15, places, next, (device, token, to, happening) => {
    if (leg || highOf(device, token) !== states.high[after]) return;
    const raw = [...to];
    if (packing.pack(to) !== states.low[after]) return;
    leg = { happening, order: orderOf(raw, joint.world.keeps) };
  });
  if (!leg) throw new Error('a state that nothing led to');
  return leg;
}

function orderOf(raw: readonly number[], keeps: boolean): readonly number[] {
  const places = raw.map((_, place) => place);
  return keeps ? places : places.sort((left, right) => (raw[left] ?? 0) - (raw[right] ?? 0) || left - right);
}
