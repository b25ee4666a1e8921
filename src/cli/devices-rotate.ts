import type { Command } from 'commander';
import { pickDevice, pickRole } from './pick-device.ts';
import { fingerprint, scopeList } from './shown.ts';
import { answer, repeated, type Shell, throughGate, withGateOptions, withHelp } from './verb.ts';

export function addDevicesRotate(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('rotate'))
    .description('give a device a new token; with --scope also set what it may use')
    .argument('<device>', 'id, at least 6 characters of it, or label')
    .option('--role <role>', 'operator or node; may be left away when it has one')
    .option('--scope <scope>', 'may use exactly these, inside what was approved (repeatable)', repeated)
    .action((device: string, flags) =>
      throughGate(shell, flags, 'manage', async (work) => {
        const list = await work.gate.list();
        const deviceId = pickDevice(list, device, work.command);
        const role = pickRole(list, deviceId, flags.role);
        const scopes = await work.gate.rotate(deviceId, role, flags.scope ?? null);
        answer(work, { deviceId, role, scopes }, () => [
          `Device ${fingerprint(deviceId)} gets a new ${role} token with its next connect; it may use ${scopeList(scopes)}.`,
          'Its present token stays good until it has used the new one. After theft use "devices revoke" instead.',
        ]);
      }),
    );
  withHelp(verb, ['devices rotate 43c0bd435c12', 'devices rotate 43c0bd435c12 --scope operator.read']);
}
