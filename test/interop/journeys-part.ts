/** Every journey with both gateways at once: the matrix, each difference with its reason, and the recordings. */
import { join } from 'node:path';
import { compare, type Difference } from './compare.ts';
import { factsOf } from './facts.ts';
import { type Gateway, type GatewayPlan, startOurs, startTheirs } from './gateways.ts';
import type { Cache } from './install.ts';
import { JOURNEYS, type Journey } from './journeys.ts';
import { leftBehind } from './left-behind.ts';
import { type Cell, matrix } from './matrix.ts';
import type { Known } from './plain-text.ts';
import { writeRecording } from './recordings.ts';
import type { Release } from './releases.ts';
import type { Report } from './report.ts';
import { type Stop, type Travelled, travel } from './travel.ts';
import { WANTED } from './wanted.ts';

export interface Ground {
  readonly cache: Cache;
  readonly report: Report;
  /** A folder for all that this run makes. */
  readonly folder: string;
  readonly secret: string;
  /** Whether the frames that passed replace the fixtures. */
  readonly record: boolean;
  /** The names of the journeys to take; none for all. */
  readonly journeys: readonly string[];
}

interface Side {
  readonly travelled: Travelled;
  readonly known: Known;
}

const COLUMNS: Readonly<Record<string, string>> = { '2026.2.19': '2.19', '2026.9.6': '9.6' };

/** Where a published command line decides by itself when it takes the gateway's store for its own. */
const APPROVED_HERE = /^file .*\bdevices\/(paired|pending)\.json|: device_pairing_(paired|pending) /;

function knownOf(travelled: Travelled, gateway: Gateway, secret: string): Known {
  const texts = new Map([
    [travelled.home, 'home'],
    [gateway.folder, 'gateway'],
    [String(travelled.port), 'port'],
    [String(gateway.port), 'port'],
    [secret, 'secret'],
    ...travelled.requests,
  ]);
  return { names: travelled.names, texts };
}

async function side(
  journey: Journey,
  release: Release,
  { cache, secret }: Ground,
  folder: string,
  start: (plan: GatewayPlan) => Promise<Gateway>,
): Promise<Side> {
  const gateway = await start({ folder: join(folder, 'gateway'), secret });
  try {
    const travelled = await travel(journey, { cache, release, gateway, home: join(folder, 'home') });
    return { travelled, known: knownOf(travelled, gateway, secret) };
  } finally {
    await gateway.stop();
  }
}

/** Whether our gateway made of the command what it must. */
function failure({ ours, ran }: Stop): string | undefined {
  const said = ran.out + ran.err;
  if (ours === 'works') return ran.code === 0 ? undefined : `exit ${ran.code}: ${said.slice(-600)}`;
  return ours.test(said) ? undefined : `does not say ${ours}: ${said.slice(-600)}`;
}

function judge(subject: string, differences: readonly Difference[], { report }: Ground): readonly string[] {
  for (const { fact, reason } of differences) {
    report.count('differences explained', reason === undefined ? 0 : 1);
    if (reason === undefined) report.problem(`${subject}: unexplained: ${fact}`);
    else report.explain(reason);
  }
  return [...new Set(differences.map(({ reason }) => reason ?? 'UNEXPLAINED'))];
}

function cellOf(stop: Stop, marks: readonly string[], failed: string | undefined): string {
  if (failed !== undefined) return 'FAILED';
  const does = stop.ours === 'works' ? 'ok' : 'told';
  return [does, ...marks.map((mark) => `~${mark}`)].join(' ');
}

async function journeyCells(journey: Journey, release: Release, ground: Ground): Promise<readonly Cell[]> {
  const { generation, name } = journey;
  const folder = join(ground.folder, generation, name.replace(/\W+/g, '-'));
  const [ours, theirs] = await Promise.all([
    side(journey, release, ground, join(folder, 'ours'), startOurs),
    side(journey, release, ground, join(folder, 'theirs'), (plan) =>
      startTheirs(ground.cache, release, plan),
    ),
  ]);
  const column = `${COLUMNS[generation]} ${name}`;
  const cells = ours.travelled.stops.map((stop, at): Cell => {
    const subject = `${generation}, ${name}, openclaw ${stop.cli}`;
    const other = theirs.travelled.stops[at] as Stop;
    const failed = failure(stop);
    if (failed !== undefined) ground.report.problem(`${subject}: ${failed}`);
    const differences = compare(
      subject,
      factsOf(stop.ran, stop.passed, ours.known),
      factsOf(other.ran, other.passed, theirs.known),
      WANTED,
    );
    ground.report.count('commands');
    return { row: stop.cli, column, text: cellOf(stop, judge(subject, differences, ground), failed) };
  });
  const subject = `${generation}, ${name}, state folder`;
  const kept = leftBehind(ours.travelled.home, ours.known);
  for (const line of kept.filter((one) => APPROVED_HERE.test(one)))
    ground.report.problem(`${subject}: decided beside the gateway: ${line}`);
  const left = compare(subject, kept, leftBehind(theirs.travelled.home, theirs.known), WANTED);
  ground.report.count('state folders');
  if (ground.record) writeRecording(journey, ours.travelled, ours.known);
  const marks = judge(subject, left, ground);
  return [...cells, { row: '(state folder)', column, text: marks.length === 0 ? 'same' : marks.join(' ') }];
}

export async function runJourneys(release: Release, ground: Ground): Promise<void> {
  const cells: Cell[] = [];
  const { journeys } = ground;
  const taken = JOURNEYS.filter(({ name }) => journeys.length === 0 || journeys.includes(name));
  for (const journey of taken.filter(({ generation }) => generation === release.version)) {
    process.stderr.write(`${release.version}: ${journey.name}\n`);
    cells.push(...(await journeyCells(journey, release, ground)));
  }
  ground.report.print(`${matrix(`openclaw ${release.version}`, cells)}\n`);
}
