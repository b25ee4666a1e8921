import type { Command } from 'commander';
import type { DeviceList } from '../authority/listing.ts';
import type { NoticeTrouble } from '../notices/notice-memo.ts';
import { EXIT } from './exit.ts';
import { runningGateway } from './gateway-file.ts';
import { timestamp } from './history-line.ts';
import { resolveSettings } from './settings.ts';
import { shown } from './shown.ts';
import { answer, type Shell, throughGate, type Work, withGateOptions, withHelp } from './verb.ts';

export function addStatus(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('status'))
    .description('whether a gateway runs, and how many devices wait; exit code 4 when none runs')
    .action((flags) =>
      throughGate(shell, flags, 'status', async (work) => {
        const counts = countsOf(await work.gate.list());
        const { values, stateDir } = resolveSettings(flags, shell.io);
        // A gateway that was asked and has answered runs.
        const url = values.url ?? runningGateway(stateDir)?.url ?? null;
        const notices = await work.gate.noticeTrouble();
        report(work, { where: work.gate.where, url, ...counts, notices });
      }),
    );
  withHelp(verb, ['status', 'status --json', 'status --url ws://127.0.0.1:18789']);
}

interface Status {
  readonly where: string;
  readonly url: string | null;
  readonly waiting: number;
  readonly approved: number;
  readonly revoked: number;
  readonly declined: number;
  readonly notices: NoticeTrouble | null;
}

function countsOf({ pending, paired, declined }: DeviceList): Omit<Status, 'where' | 'url' | 'notices'> {
  const approved = paired.filter(({ roles }) => roles.length > 0).length;
  return {
    waiting: pending.length,
    approved,
    revoked: paired.length - approved,
    declined: declined.length,
  };
}

function report(work: Work, status: Status): void {
  const { where, url, waiting, approved, revoked, declined, notices } = status;
  if (url === null) work.shell.exitCode = EXIT.unreachable;
  answer(work, { running: url !== null, ...status }, () => [
    url === null
      ? `gateway: not running; start it with "${work.command('serve')}"`
      : `gateway: running at ${url}`,
    `devices: ${waiting} waiting, ${approved} approved, ${revoked} revoked, ${declined} declined (${where})`,
    ...(notices
      ? [`notices: they do not get through since ${timestamp(notices.sinceMs)}: ${shown(notices.problem)}`]
      : []),
    ...(waiting > 0 ? [`to see what waits: ${work.command('devices list')}`] : []),
  ]);
}
