import type { Command } from 'commander';
import { pickDevice, pickRole } from './pick-device.ts';
import { fingerprint } from './shown.ts';
import { answer, type Shell, throughGate, withGateOptions, withHelp } from './verb.ts';

export function addDevicesReissue(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('reissue'))
    .description('let a device come back with a token that is too old, and hand it the present one')
    .argument('<device>', 'id, at least 6 characters of it, or label')
    .option('--role <role>', 'operator or node; may be left away when it has one')
    .action((device: string, flags) =>
      throughGate(shell, flags, 'manage', async (work) => {
        const list = await work.gate.list();
        const deviceId = pickDevice(list, device, work.command);
        const role = pickRole(list, deviceId, flags.role);
        await work.gate.reissue(deviceId, role);
        answer(work, { deviceId, role }, () => [
          `Device ${fingerprint(deviceId)} may come back with an old ${role} token for a short while.`,
        ]);
      }),
    );
  withHelp(verb, ['devices reissue 43c0bd435c12', 'devices reissue 43c0bd435c12 --role node']);
}
