/**
 * I8a over an explored world: once all of the wish of socket 1's program is granted, and as long as nobody takes it
 * away, that program reaches hello, in at most two connects, whatever the others do. A path proves nothing: what is
 * looked for is a cycle that is fair (no move of socket 1 stays possible for ever without being made) and has no hello.
 */
import { may, stands } from '../machines/oracle.ts';
import { heldOf } from './device.ts';
import type { Joint } from './joint.ts';
import type { Kind } from './moves.ts';
import { highOf, Packing } from './packing.ts';
import { componentsOf, type Graph } from './scc.ts';
import type { Explored, Violation } from './search.ts';
import { isLive } from './slot.ts';
import { storyOf } from './story.ts';

/** Moves that are made in the end; owners, time and whatever goes wrong owe nobody anything. */
const CALM: readonly (Kind | 'owner' | 'time' | 'crash')[] = ['connect', 'told', 'hello', 'slice', 'leave'];
const CONNECT = 1;

export interface Liveness {
  /** States in which the program is granted everything and has no hello yet. */
  readonly waiting: number;
  /** Most connects that it makes from there on. */
  readonly mostConnects: number;
  /** States in which an owner's no had stopped it before, so that a person must start it. */
  readonly stopped: number;
  readonly violations: readonly Violation[];
}

export function livenessOf(explored: Explored): Liveness {
  const { joint, states } = explored;
  const { graph, stopped } = waitingGraph(explored);
  const violations: Violation[] = [];
  const note = (invariant: string, node: number): void => {
    if (violations.some((one) => one.invariant === invariant)) return;
    const index = graph.state[node] as number;
    violations.push({ invariant, story: storyOf(joint, states, index, null), index, last: null });
  };
  graph.enabled.forEach((enabled, node) => {
    if (enabled === 0) note('I8a a program is granted everything, and nothing will ever happen to it', node);
  });
  const { components, order } = componentsOf(graph);
  for (const component of components) {
    const trap = trapIn(graph, component, order);
    if (trap !== undefined) note('I8a a program goes round for ever without hello', trap);
  }
  const mostConnects = longest(graph, components, order);
  if (mostConnects > 2) note('I8a a program needs more than two connects', 0);
  return { waiting: graph.state.length, mostConnects, stopped, violations };
}

function isGranted(joint: Joint, device: number): boolean {
  const [program] = joint.world.programs;
  if (!program) return false;
  const { state, record } = heldOf(joint.devices.get(device), program.role).kept;
  return stands(state) && may(record.grant, program.wish);
}

/** Who has nothing but a token whose grace is over needs an owner (`devices reissue`) or a person with the secret. */
function holdsGoodToken(joint: Joint, token: number): boolean {
  const held = joint.tokens[token];
  return !joint.world.programs[0]?.usesToken || !held || held.fate === 'good';
}

function waitingGraph({ joint, states }: Explored): { readonly graph: Graph; readonly stopped: number } {
  const packing = new Packing(joint.world);
  const places = new Int32Array(joint.world.sockets);
  const next = new Int32Array(joint.world.sockets);
  const nodes = new Int32Array(states.size).fill(-1);
  const graph: Graph = { state: [], enabled: [], first: [], to: [], label: [] };
  let stopped = 0;
  for (let state = 0; state < states.size; state++) {
    packing.unpack(states.low[state] as number, places);
    const slot = joint.slots.get(places[0] as number);
    const high = states.high[state] as number;
    if (!isGranted(joint, high >>> 4) || !holdsGoodToken(joint, high & 15)) continue;
    if (isLive(slot.state) && !slot.lost) continue;
    if (slot.stopped) stopped += 1;
    else nodes[state] = graph.state.push(state) - 1;
  }
  for (const state of graph.state) {
    packing.unpack(states.low[state] as number, places);
    const high = states.high[state] as number;
    let enabled = 0;
    graph.first.push(graph.to.length);
    joint.expand(high >>> 4, high & 15, places, next, (device, token, to, { place, kind }) => {
      if (!CALM.includes(kind)) return;
      const label = place === 0 ? CALM.indexOf(kind) + 1 : 0;
      if (label > 0) enabled |= 1 << label;
      const node = nodes[states.find(highOf(device, token), packing.pack(to))] ?? -1;
      if (node < 0) return;
      graph.to.push(node);
      graph.label.push(label);
    });
    graph.enabled.push(enabled);
  }
  graph.first.push(graph.to.length);
  return { graph, stopped };
}

/** A node of the component, if a fair cycle goes through it. */
function trapIn(graph: Graph, component: readonly number[], order: Int32Array): number | undefined {
  let made = 0;
  let isCyclic = false;
  let always = -1;
  for (const node of component) always &= graph.enabled[node] as number;
  for (const { from, to, label } of edgesOf(graph, component)) {
    if (order[to] !== order[from]) continue;
    isCyclic = true;
    made |= 1 << label;
  }
  const isUnfair = (always & ~made & ~1) !== 0;
  return isCyclic && !isUnfair ? component[0] : undefined;
}

/** The most connects on any way to hello. Components come with the last ones first. */
function longest(graph: Graph, components: readonly (readonly number[])[], order: Int32Array): number {
  const most = new Float64Array(components.length);
  for (const edge of edgesOf(graph, components.flat())) {
    const own = order[edge.from] as number;
    const to = order[edge.to] as number;
    const cost = edge.label === CONNECT ? 1 : 0;
    const around = cost > 0 ? Infinity : 0;
    most[own] = Math.max(most[own] as number, to === own ? around : (most[to] as number) + cost);
  }
  return most.reduce((left, right) => Math.max(left, right), 0);
}

function* edgesOf(
  graph: Graph,
  nodes: readonly number[],
): Iterable<{ readonly from: number; readonly to: number; readonly label: number }> {
  for (const from of nodes) {
    for (let edge = graph.first[from] as number; edge < (graph.first[from + 1] as number); edge++) {
      yield { from, to: graph.to[edge] as number, label: graph.label[edge] as number };
    }
  }
}
