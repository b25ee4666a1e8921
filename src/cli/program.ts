import { Command } from 'commander';
import { addConform } from './conform.ts';
import { addDevicesApprove } from './devices-approve.ts';
import { addDevicesAt } from './devices-at.ts';
import { addDevicesExplain } from './devices-explain.ts';
import { addDevicesForgive } from './devices-forgive.ts';
import { addDevicesList } from './devices-list.ts';
import { addDevicesLog } from './devices-log.ts';
import { addDevicesReissue } from './devices-reissue.ts';
import { addDevicesReject } from './devices-reject.ts';
import { addDevicesRemove } from './devices-remove.ts';
import { addDevicesRename } from './devices-rename.ts';
import { addDevicesRevoke } from './devices-revoke.ts';
import { addDevicesRotate } from './devices-rotate.ts';
import { addDevicesWatch } from './devices-watch.ts';
import { addImportOpenclaw } from './import-openclaw.ts';
import { addKeyRotate } from './key-rotate.ts';
import { addServe } from './serve-verb.ts';
import { addStatus } from './status.ts';
import type { Shell } from './verb.ts';
import { VERSION } from './version.ts';

/** The whole command line. It throws a CommanderError instead of ending the process. */
export function buildProgram(shell: Shell): Command {
  const { io } = shell;
  const program = new Command('antechamber')
    .description('Device authorization for WebSocket gateways: a device that must wait, waits.')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(--help says more)')
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  addServe(program, shell);
  addStatus(program, shell);
  addConform(program, shell);
  const devices = program.command('devices').description('see and decide what devices may do');
  addDevicesList(devices, shell);
  addDevicesApprove(devices, shell);
  addDevicesReject(devices, shell);
  addDevicesRemove(devices, shell);
  addDevicesRename(devices, shell);
  addDevicesRotate(devices, shell);
  addDevicesRevoke(devices, shell);
  addDevicesForgive(devices, shell);
  addDevicesReissue(devices, shell);
  addDevicesLog(devices, shell);
  addDevicesExplain(devices, shell);
  addDevicesAt(devices, shell);
  addDevicesWatch(devices, shell);
  addImportOpenclaw(program.command('import').description('take over the devices of another gateway'), shell);
  addKeyRotate(program.command('key').description('the keys that device tokens are made with'), shell);
  return program;
}
