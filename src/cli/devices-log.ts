import type { Command } from 'commander';
import { CliError, EXIT, usage } from './exit.ts';
import { historyLine } from './history-line.ts';
import { pickDevice } from './pick-device.ts';
import { fingerprint } from './shown.ts';
import { answer, type Shell, throughGate, withGateOptions, withHelp } from './verb.ts';

const MOST_LINES = 10_000;

export function addDevicesLog(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('log'))
    .description('the history of a device, one line for each change, oldest first')
    .argument('<device>', 'id (also of a removed device), at least 6 characters of it, or label')
    .option('--limit <lines>', 'the newest so many', '200')
    .action((device: string, flags) => {
      const limit = readLimit(flags.limit);
      return throughGate(shell, flags, 'look', async (work) => {
        const deviceId = pickDevice(await work.gate.list(), device, work.command);
        const events = await work.gate.history(deviceId, limit);
        if (events.length === 0) {
          const message = `nothing is known of device ${fingerprint(deviceId)}; see "${work.command('devices list')}"`;
          throw new CliError(EXIT.nothing, 'unknown-device', message);
        }
        answer(work, { deviceId, events }, () => events.map((event) => historyLine({ ...event, deviceId })));
      });
    });
  withHelp(verb, ['devices log 43c0bd435c12', 'devices log "kitchen tablet" --limit 20 --json']);
}

function readLimit(text: string): number {
  const limit = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : Number.NaN;
  if (limit <= MOST_LINES) return limit;
  throw usage(
    `--limit ${JSON.stringify(text)} is not allowed; allowed: a whole number from 1 to ${MOST_LINES}`,
  );
}
