import type { Command } from 'commander';
import { type Shell, withHelp, withSettings } from './verb.ts';

export function addServe(parent: Command, shell: Shell): void {
  const verb = parent
    .command('serve')
    .description('run a gateway; every option is also a key of the config file and ANTECHAMBER_<OPTION>')
    .action(async (flags) => {
      // The gateway is loaded only where one is run.
      const { serve } = await import('./serve.ts');
      await serve(flags, shell.io);
    });
  withSettings(verb, [
    'state-dir',
    'host',
    'port',
    'auth',
    'token',
    'token-file',
    'show-token',
    'tls-cert',
    'tls-key',
    'trusted-proxy',
    'local',
    'allowed-origin',
    'no-console',
    'deviceless',
    'auto-approve',
    'waiting',
    'waiting-mode',
    'slice',
    'request-lifetime',
    'quiet-period',
    'log-file',
    'log-level',
    'history-days',
    'history-keep',
    'metrics',
    'inspect',
    'notice-url',
    'notice-secret-file',
    'notice-allow-http',
  ]);
  withHelp(verb, [
    'serve',
    'serve --port 0 --state-dir ./state',
    'serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem',
    'serve --waiting hold --slice cli=5s --slice backend@3=2s',
  ]);
}
