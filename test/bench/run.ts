/** `npm run bench`: measures, prints a table, and fails when a figure is beyond its limit. */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { measureConnects } from './connects.ts';
import { type Figure, headlineOf, isMet, tableOf } from './figures.ts';
import { measureInspect } from './inspect.ts';
import { measureOfficial } from './official.ts';
import { measureParked } from './parked.ts';
import { measureRelease } from './release.ts';
import { measureWaiting } from './waiting.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '5' },
  },
});
const rounds = Number(values.rounds);

const PARTS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  connect: () => measureConnects({ rounds, count: 2000 }),
  parked: () => measureParked({ rounds, connections: 10_000 }),
  release: () => measureRelease({ parked: 1000, approvals: 300 }),
  waiting: () => measureWaiting({ episodes: 400, longestMs: 3_600_000 }),
  inspect: () => measureInspect({ rounds, count: 2000 }),
  official: () => measureOfficial({ episodes: 12, fromMs: 20_000, untilMs: 40_000 }),
};

const unknown = values.only.find((part) => !(part in PARTS));
if (unknown !== undefined) {
  process.stderr.write(`no part ${unknown}; there are: ${Object.keys(PARTS).join(', ')}\n`);
  process.exit(2);
}

const figures: Figure[] = [];
for (const [part, measure] of Object.entries(PARTS)) {
  if (values.only.length > 0 && !values.only.includes(part)) continue;
  process.stderr.write(`measuring ${part}\n`);
  const measured = await measure();
  // At once, because the whole run takes a quarter of an hour and may be interrupted.
  process.stderr.write(`${tableOf(measured)}\n\n`);
  figures.push(...measured);
}

const machine = {
  node: process.version,
  kernel: release(),
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
};
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
const short = figures.filter((figure) => !isMet(figure));
process.stdout.write(`${JSON.stringify(machine)}\n\n${tableOf(figures)}\n\n`);
for (const { name } of short) process.stdout.write(`falls short: ${name}\n`);
process.stdout.write(`${headlineOf(figures)}\n`);
if (short.length > 0) process.exitCode = 1;
