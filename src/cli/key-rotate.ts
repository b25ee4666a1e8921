import type { Command } from 'commander';
import { rotateTokenKey } from '../authority/keys.ts';
import { resolveSettings } from './settings.ts';
import { requireState } from './state.ts';
import { type Shell, withHelp, withSettings } from './verb.ts';

export function addKeyRotate(parent: Command, shell: Shell): void {
  const verb = parent
    .command('rotate')
    .description('add a key that signs device tokens from the next start on; older keys go on verifying')
    .option('--json', 'print JSON')
    .action((flags) => {
      const { io } = shell;
      const { stateDir } = resolveSettings(flags, io);
      requireState(stateDir, io);
      const keyId = rotateTokenKey(stateDir);
      const text = flags.json
        ? JSON.stringify({ keyId })
        : `Key ${keyId} signs device tokens from the next start of the gateway on. Tokens of before stay good.`;
      io.out(`${text}\n`);
    });
  withHelp(withSettings(verb, ['state-dir']), ['key rotate']);
}
