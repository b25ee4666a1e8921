import type { Command } from 'commander';
import { pickDevice } from './pick-device.ts';
import { fingerprint } from './shown.ts';
import { answer, type Shell, throughGate, withGateOptions, withHelp } from './verb.ts';

export function addDevicesForgive(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('forgive'))
    .description('end the quiet period: the device may ask again for what was declined')
    .argument('<device>', 'id, at least 6 characters of it, or label')
    .action((device: string, flags) =>
      throughGate(shell, flags, 'manage', async (work) => {
        const deviceId = pickDevice(await work.gate.list(), device, work.command);
        const forgiven = await work.gate.forgive(deviceId);
        answer(work, { deviceId, forgiven }, () => [
          forgiven
            ? `Device ${fingerprint(deviceId)} may ask again for what was declined.`
            : `Nothing was declined to device ${fingerprint(deviceId)}.`,
        ]);
      }),
    );
  withHelp(verb, ['devices forgive 43c0bd435c12']);
}
