/** The table of `devices approve <id>`: what a device has, what it asks for, and which gateway's command does it. */
import { join } from 'node:path';
import { type Approval, approveAll } from './approvals.ts';
import { type Gateway, type GatewayPlan, startOurs, startTheirs } from './gateways.ts';
import type { Ground } from './journeys-part.ts';
import { type Cell, matrix } from './matrix.ts';
import type { Release } from './releases.ts';

async function all(
  release: Release,
  { cache, secret }: Ground,
  folder: string,
  start: (plan: GatewayPlan) => Promise<Gateway>,
): Promise<readonly Approval[]> {
  const gateway = await start({ folder: join(folder, 'gateway'), secret });
  try {
    return await approveAll({ cache, release, gateway, home: join(folder, 'home') });
  } finally {
    await gateway.stop();
  }
}

const short = (scopes: readonly string[]): string =>
  scopes.map((scope) => scope.replace('operator.', '')).join(' + ') || 'nothing';

const works = ({ code, isIn }: Approval): boolean => code === 0 && isIn;

export async function runApprovals(release: Release, ground: Ground): Promise<void> {
  const { version } = release;
  process.stderr.write(`${version}: approvals\n`);
  const folder = join(ground.folder, version, 'approvals');
  const [ours, theirs] = await Promise.all([
    all(release, ground, join(folder, 'ours'), startOurs),
    all(release, ground, join(folder, 'theirs'), (plan) => startTheirs(ground.cache, release, plan)),
  ]);
  const cells = ours.flatMap((approval, at): readonly Cell[] => {
    const row = `${short(approval.approved)} -> ${short([approval.wished])}`;
    const there = theirs[at] as Approval;
    if (!works(approval)) ground.report.problem(`${version}, approving ${row}: ${approval.said}`);
    return [
      { row, column: 'here', text: works(approval) ? 'works' : 'FAILED' },
      { row, column: `gateway ${version}`, text: works(there) ? 'works' : 'fails' },
    ];
  });
  ground.report.count('approvals', ours.length);
  ground.report.count(
    `approvals that fail at ${version}'s own gateway`,
    theirs.filter((one) => !works(one)).length,
  );
  ground.report.print(`${matrix(`openclaw ${version} devices approve`, cells)}\n`);
}
