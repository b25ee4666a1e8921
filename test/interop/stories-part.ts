/** Every story with a gateway of its own, and what it must have shown. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startOurs } from './gateways.ts';
import { node, otherClient } from './hosts.ts';
import type { Ground } from './journeys-part.ts';
import type { Release } from './releases.ts';
import { expired, older, refusals, revoked, type Seen, type Story, seed, waiting } from './stories.ts';

interface Told {
  readonly name: string;
  readonly story: Story;
  readonly flags?: readonly string[];
}

const STORIES: readonly Told[] = [
  { name: 'openclaw/openclaw#21688', story: seed },
  { name: 'waiting', story: waiting },
  { name: 'an older revision', story: older },
  { name: 'what a refused person is told', story: refusals },
  { name: 'what a revoked device is told', story: revoked },
  { name: 'what an expired request is told', story: expired, flags: ['--request-lifetime', '5s'] },
];

async function tell(release: Release, { name, story, flags = [] }: Told, ground: Ground): Promise<void> {
  const { report, cache, secret } = ground;
  process.stderr.write(`${release.version}: ${name}\n`);
  const folder = join(ground.folder, release.version, name.replace(/\W+/g, '-'));
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const gateway = await startOurs({ folder: join(folder, 'gateway'), secret, flags });
  let seen: readonly Seen[];
  try {
    seen = await story({ cache, release, gateway, home });
  } catch (cause) {
    seen = [{ what: (cause as Error).message, isRight: false }];
  } finally {
    await gateway.stop();
  }
  report.print(`openclaw ${release.version}: ${name}`);
  for (const { what, isRight, said } of seen) {
    report.print(`  ${isRight ? 'ok' : 'FAILED'}  ${what}`);
    if (!isRight) report.problem(`${release.version}, ${name}: ${what}\n${said ?? ''}`);
  }
  report.print('');
  report.count('things seen in stories', seen.length);
}

export async function runStories(release: Release, ground: Ground): Promise<void> {
  for (const told of STORIES) await tell(release, told, ground);
}

/** Once for each generation; the client of another project speaks the newer protocol alone. */
export async function runHosts(release: Release, ground: Ground): Promise<void> {
  await tell(release, { name: 'openclaw node run', story: node }, ground);
  if (release.protocol === 4) await tell(release, { name: 'openclaw-node', story: otherClient }, ground);
}
