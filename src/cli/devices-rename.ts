import type { Command } from 'commander';
import { pickDevice } from './pick-device.ts';
import { fingerprint, shown } from './shown.ts';
import { answer, type Shell, throughGate, withGateOptions, withHelp } from './verb.ts';

export function addDevicesRename(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('rename'))
    .description('give a device a label; what it calls itself stays beside it')
    .argument('<device>', 'id, at least 6 characters of it, or label')
    .argument('<label>', '1 to 64 characters')
    .action((device: string, label: string, flags) =>
      throughGate(shell, flags, 'manage', async (work) => {
        const deviceId = pickDevice(await work.gate.list(), device, work.command);
        await work.gate.rename(deviceId, label);
        answer(work, { deviceId, label }, () => [
          `Device ${fingerprint(deviceId)} is now called ${shown(label)}.`,
        ]);
      }),
    );
  withHelp(verb, ['devices rename 43c0bd435c12 "kitchen tablet"']);
}
