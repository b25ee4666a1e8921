/** `npm run explore`: every world to its end, or one of them, or random walks beyond all bounds, or the gallery. */
import { parseArgs } from 'node:util';
import { exploreCrowd } from './crowd.ts';
import { GALLERY, told } from './gallery/gallery.ts';
import { livenessOf } from './liveness.ts';
import { type Explored, explore, untaken, type Violation } from './search.ts';
import { saveTrace, traceOf } from './traces.ts';
import { walk } from './walks.ts';
import type { World } from './world.ts';
import { LIVING, WORLDS } from './worlds.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const figure = (count: number): string => count.toLocaleString('en-US');

const { values } = parseArgs({
  options: {
    world: { type: 'string' },
    walks: { type: 'string' },
    seed: { type: 'string', default: '1' },
    gallery: { type: 'boolean', default: false },
  },
});

interface Total {
  states: number;
  transitions: number;
  violations: number;
  readonly explored: { readonly taken: ReadonlySet<string> }[];
}

function report(total: Total, explored: Explored, more: string): void {
  const { joint, states, transitions, depth, seconds, violations } = explored;
  const rate = figure(Math.round(states.size / Math.max(seconds, 0.001)));
  const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
  say(
    `${joint.world.name.padEnd(30)} ${figure(states.size).padStart(12)} states ` +
      `${figure(transitions).padStart(13)} transitions  depth ${depth}  ${seconds.toFixed(0)} s  ` +
      `${rate} states/s  ${memory} MB${more}`,
  );
  for (const violation of violations) tellOf(explored, violation);
  total.states += states.size;
  total.transitions += transitions;
  total.violations += violations.length;
  total.explored.push({ taken: explored.taken });
}

function tellOf(explored: Explored, violation: Violation): void {
  const name = `${explored.joint.world.name}-${violation.invariant}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  say(`\n${violation.invariant}\n  ${violation.story.join('\n  ')}\n  saved as traces/${name}.json\n`);
  saveTrace(traceOf(explored, violation, ''), name);
}

function lives(total: Total, world: World): void {
  const explored = explore(world);
  const { waiting, mostConnects, stopped, violations } = livenessOf(explored);
  const more = `  I8a: ${figure(waiting)} states wait for hello, at most ${mostConnects} connects, ${stopped} stopped before`;
  report(total, explored, more);
  for (const { invariant, story } of violations) say(`\n${invariant}\n  ${story.join('\n  ')}\n`);
  total.violations += violations.length;
}

async function exploreAll(): Promise<number> {
  const total: Total = { states: 0, transitions: 0, violations: 0, explored: [] };
  const isWanted = ({ name }: { readonly name: string }): boolean => !values.world || name === values.world;
  const wanted = [...WORLDS, ...LIVING, { name: 'crowd' }].filter(isWanted);
  if (wanted.length === 0) throw new Error(`no world is called ${values.world}`);
  for (const world of WORLDS.filter(isWanted)) report(total, explore(world), '');
  for (const world of LIVING.filter(isWanted)) lives(total, world);
  if (isWanted({ name: 'crowd' })) total.violations += await crowd();
  const missing = values.world ? [] : untaken(total.explored);
  if (missing.length > 0) say(`\nnever taken:\n  ${missing.join('\n  ')}`);
  say(
    `\n${figure(total.states)} states, ${figure(total.transitions)} transitions, ${total.violations} violations, ` +
      `${missing.length} transitions of the machines never taken`,
  );
  return total.violations + missing.length;
}

async function crowd(): Promise<number> {
  const { states, transitions, seconds, violations } = await exploreCrowd();
  say(
    `${'crowd'.padEnd(30)} ${figure(states).padStart(12)} states ${figure(transitions).padStart(13)} transitions  ${seconds.toFixed(0)} s`,
  );
  for (const { invariant, story } of violations) say(`\n${invariant}\n  ${story.join('\n  ')}\n`);
  return violations.length;
}

function walkAll(walks: number): number {
  const { steps, states, seconds, violations } = walk(walks, Number(values.seed));
  say(
    `${figure(walks)} walks, ${figure(steps)} steps, ${figure(states)} states, ${seconds.toFixed(0)} s, seed ${values.seed}`,
  );
  for (const { invariant, story } of violations) say(`\n${invariant}\n  ${story.join('\n  ')}`);
  return violations.length;
}

if (values.gallery) for (const exhibit of GALLERY) say(`${told(exhibit).join('\n')}\n`);
else process.exitCode = (values.walks ? walkAll(Number(values.walks)) : await exploreAll()) > 0 ? 1 : 0;
