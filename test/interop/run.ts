/**
 * `npm run interop`: the published command lines of OpenClaw with a real `antechamber serve`, compared with the
 * gateways that they were made for. Ends with 1 when anything differs without a reason, or does not work.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runApprovals } from './approvals-part.ts';
import { install } from './install.ts';
import { JOURNEYS } from './journeys.ts';
import { type Ground, runJourneys } from './journeys-part.ts';
import { isAlone, runAlone } from './namespace.ts';
import { RELEASES, type Release } from './releases.ts';
import { Report } from './report.ts';
import { runHosts, runStories } from './stories-part.ts';
import { WANTED } from './wanted.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    version: { type: 'string', multiple: true, default: [] },
    journey: { type: 'string', multiple: true, default: [] },
    record: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

const PARTS: Readonly<Record<string, (release: Release, ground: Ground) => Promise<void>>> = {
  journeys: runJourneys,
  approvals: runApprovals,
  stories: runStories,
  hosts: runHosts,
};

function chosen<T>(names: readonly string[], all: readonly T[], nameOf: (one: T) => string): readonly T[] {
  const unknown = names.find((name) => !all.some((one) => nameOf(one) === name));
  if (unknown !== undefined) {
    process.stderr.write(`no ${unknown}; there are: ${all.map(nameOf).join(', ')}\n`);
    process.exit(2);
  }
  return names.length === 0 ? all : all.filter((one) => names.includes(nameOf(one)));
}

/** Reasons in the order in which they are written, with how often each was needed. */
function printReasons(report: Report, isWhole: boolean): void {
  report.print('Every difference from the published gateways is wanted:');
  for (const { id, why, sometimes } of WANTED) {
    const count = report.explained.get(id) ?? 0;
    if (count > 0) report.print(`  ~${id} (${count}): ${why}`);
    else if (isWhole && !sometimes) report.problem(`the reason ${id} explains no difference any more`);
  }
  report.print('');
}

/** A part that breaks off fails the run; the others still tell what they see. */
async function take(part: string, release: Release, ground: Ground): Promise<void> {
  try {
    await PARTS[part]?.(release, ground);
  } catch (cause) {
    ground.report.problem(`${release.version}, ${part}: broke off: ${(cause as Error).message}`);
  }
}

async function run(
  releases: readonly Release[],
  parts: readonly string[],
  isWhole: boolean,
): Promise<boolean> {
  const report = new Report();
  const folder = mkdtempSync(join(tmpdir(), 'antechamber-interop-'));
  const secret = randomBytes(24).toString('hex');
  try {
    const cache = await install(releases);
    const ground = { cache, report, folder, secret, record: values.record, journeys: values.journey };
    for (const release of releases) {
      for (const part of parts) await take(part, release, ground);
    }
  } finally {
    if (values.keep) process.stderr.write(`kept: ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  if (parts.includes('journeys')) printReasons(report, isWhole);
  return report.end();
}

const releases = chosen(values.version, RELEASES, ({ version }) => version);
const names = new Set(JOURNEYS.map(({ name }) => name));
chosen(values.journey, [...names], (name) => name);
const parts = chosen(values.only, Object.keys(PARTS), (part) => part);
if (isAlone()) {
  const isWhole = releases.length === RELEASES.length && values.journey.length === 0;
  process.exitCode = (await run(releases, parts, isWhole)) ? 0 : 1;
} else {
  await install(releases);
  const code = await runAlone();
  if (code === undefined) {
    process.stderr.write(
      'no network of its own can be made here; it needs Linux, and root or user namespaces\n',
    );
    process.exitCode = 2;
  } else process.exitCode = code;
}
