import type { Command } from 'commander';
import { pickDevice } from './pick-device.ts';
import { fingerprint } from './shown.ts';
import { answer, type Shell, throughGate, withGateOptions, withHelp } from './verb.ts';

export function addDevicesRemove(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('remove'))
    .description('forget a device: its rights, tokens and connections end; it may ask again')
    .argument('<device>', 'id, at least 6 characters of it, or label')
    .action((device: string, flags) =>
      throughGate(shell, flags, 'manage', async (work) => {
        const deviceId = pickDevice(await work.gate.list(), device, work.command);
        await work.gate.remove(deviceId);
        answer(work, { deviceId }, () => [
          `Removed device ${fingerprint(deviceId)}; only an approval lets it in again.`,
        ]);
      }),
    );
  withHelp(verb, ['devices remove 43c0bd435c12', 'devices remove "old laptop"']);
}
