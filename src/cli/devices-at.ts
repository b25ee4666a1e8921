import type { Command } from 'commander';
import type { Past, RolePast } from '../authority/past.ts';
import { readDuration } from './duration.ts';
import { CliError, EXIT, usage } from './exit.ts';
import { timestamp } from './history-line.ts';
import { pickDevice } from './pick-device.ts';
import { fingerprint, scopeList, shown } from './shown.ts';
import { answer, type Shell, throughGate, withGateOptions, withHelp } from './verb.ts';

export function addDevicesAt(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('at'))
    .description('a device as it was at a moment: its state, what it might use, what was open')
    .argument('<device>', 'id (also of a removed device), at least 6 characters of it, or label')
    .requiredOption('--time <time>', 'a time such as 2026-11-23T16:00:00Z, or how long ago, such as 2h')
    .action((device: string, flags) => {
      const atMs = readMoment(flags.time, shell.io.now());
      return throughGate(shell, flags, 'look', async (work) => {
        const deviceId = pickDevice(await work.gate.list(), device, work.command);
        const past = await work.gate.at(deviceId, atMs);
        if (!past) {
          const message = `nothing is known of device ${fingerprint(deviceId)}; see "${work.command('devices list')}"`;
          throw new CliError(EXIT.nothing, 'unknown-device', message);
        }
        answer(work, past, () => pastLines(past));
      });
    });
  withHelp(verb, [
    'devices at 43c0bd435c12 --time 2h',
    'devices at 43c0bd435c12 --time 2026-11-23T16:00:00Z --json',
  ]);
}

/** Epoch ms. A time to the second means its end, so that what `devices log` shows of a second has happened in it. */
export function readMoment(text: string, now: number): number {
  const agoMs = readDuration(text);
  if (agoMs !== undefined) return now - agoMs;
  const match = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(\.\d{1,3})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/.exec(text);
  const atMs = match ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs) || atMs < 0) {
    throw usage(
      `--time ${shown(text)} is not allowed; allowed: a time such as 2026-11-23T16:00:00Z, or 15m, 2h, 7d`,
    );
  }
  const isToTheSecond = /:\d\d:\d\d/.test(text) && match?.[1] === undefined;
  return isToTheSecond ? atMs + 999 : atMs;
}

function pastLines({ deviceId, atMs, roles }: Past): readonly string[] {
  const head = `Device ${fingerprint(deviceId)} at ${timestamp(atMs)}`;
  return roles.length === 0 ? [`${head}: nothing was known of it.`] : [head, ...roles.flatMap(roleLines)];
}

function roleLines({ role, state, grant, request, last }: RolePast): readonly string[] {
  const by = last?.by ? ` by ${shown(last.by)}` : '';
  return [
    `As ${role}: ${shown(state)}; it might use ${scopeList(grant)}.`,
    ...(request ? [`  It waited for ${scopeList(request.scopes)} (${shown(request.requestId)}).`] : []),
    last
      ? `  Last: ${shown(last.type)} at ${timestamp(last.atMs)}${by}.`
      : '  The history does not go back so far; this is what the next entry says of before.',
  ];
}
