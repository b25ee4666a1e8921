import type { Command } from 'commander';
import { watchLine } from './history-line.ts';
import { type Shell, throughGate, withGateOptions, withHelp } from './verb.ts';

export function addDevicesWatch(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('watch'))
    .description('tell each change as it happens, until Ctrl-C')
    .action((flags) =>
      throughGate(shell, flags, 'look', async ({ gate, json }) => {
        const { io } = shell;
        const signal = io.interrupted();
        await gate.watch(
          (row) => io.out(`${json ? JSON.stringify(row) : watchLine(row)}\n`),
          signal,
          () => io.err(`watching ${gate.where}; Ctrl-C ends\n`),
        );
      }),
    );
  withHelp(verb, ['devices watch', 'devices watch --json --url ws://127.0.0.1:18789']);
}
