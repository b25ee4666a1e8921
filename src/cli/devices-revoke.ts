import type { Command } from 'commander';
import { pickDevice, pickRole } from './pick-device.ts';
import { fingerprint } from './shown.ts';
import { answer, type Shell, throughGate, withGateOptions, withHelp } from './verb.ts';

export function addDevicesRevoke(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('revoke'))
    .description('take a role away at once: rights, tokens and connections; the answer to theft')
    .argument('<device>', 'id, at least 6 characters of it, or label')
    .option('--role <role>', 'operator or node; may be left away when it has one')
    .action((device: string, flags) =>
      throughGate(shell, flags, 'manage', async (work) => {
        const list = await work.gate.list();
        const deviceId = pickDevice(list, device, work.command);
        const role = pickRole(list, deviceId, flags.role);
        await work.gate.revoke(deviceId, role);
        answer(work, { deviceId, role }, () => [
          `Device ${fingerprint(deviceId)} is no ${role} any more; only an approval brings that back.`,
        ]);
      }),
    );
  withHelp(verb, ['devices revoke 43c0bd435c12', 'devices revoke 43c0bd435c12 --role node']);
}
