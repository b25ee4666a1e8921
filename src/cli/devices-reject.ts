import type { Command } from 'commander';
import { fingerprint, shown } from './shown.ts';
import { answer, type Shell, throughGate, withGateOptions, withHelp } from './verb.ts';

export function addDevicesReject(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('reject'))
    .description('reject a request; what it asks for stays declined for a while')
    .argument('<request>', 'the request with the revision that you saw: <id>.r<revision>')
    .action((request: string, flags) =>
      throughGate(shell, flags, 'manage', async (work) => {
        const done = await work.gate.reject(request);
        const device = fingerprint(done.deviceId);
        answer(work, done, () => [
          `Rejected ${shown(done.requestId)} of device ${device}; what it had it keeps.`,
          `To let it ask again before the quiet period ends: ${work.command(`devices forgive ${device}`)}`,
        ]);
      }),
    );
  withHelp(verb, ['devices reject abcdefghijklmnop.r1']);
}
