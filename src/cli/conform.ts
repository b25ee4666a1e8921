import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CASES, selected } from '../conform/cases.ts';
import type { Credentials } from '../conform/device.ts';
import { toJunit } from '../conform/junit.ts';
import { NoOwner } from '../conform/owner.ts';
import { Unreachable } from '../conform/peer.ts';
import { conform, type Report } from '../conform/run.ts';
import { Target } from '../conform/target.ts';
import { resultLines, summaryLines } from './conform-text.ts';
import { CliError, EXIT, usage } from './exit.ts';
import { secretFor } from './open-gate.ts';
import { type Flags, resolveSettings } from './settings.ts';
import { isGatewayUrl } from './settings-table.ts';
import { shown } from './shown.ts';
import { repeated, type Shell, withHelp, withSettings } from './verb.ts';

const ABOUT = 'what a gateway of this protocol keeps of I1 to I18: runs cases against it, and cleans up';

export function addConform(parent: Command, shell: Shell): void {
  const verb = parent
    .command('conform')
    .argument('<ws-url>', 'the gateway, ws:// or wss://')
    .description(ABOUT)
    .option('--i-own-this-gateway', 'you may pair, approve, revoke and remove devices there')
    .option('--only <id>', 'one case or one invariant, such as I7 (repeatable)', repeated)
    .option('--json', 'print JSON, with all frames')
    .option('--junit <path>', 'write JUnit XML there as well')
    .option('--password <secret>', 'shared password, for a gateway that wants one instead of a token')
    .option('--as-remote', 'devices connect as if through a proxy (default for a loopback address)')
    .option('--no-as-remote', 'devices connect as they are, so that they may count as local')
    .action((url: string, flags: Flags) => run(shell, url, flags));
  withHelp(withSettings(verb, ['state-dir', 'token', 'token-file']), [
    'conform ws://127.0.0.1:18789 --token-file secret --i-own-this-gateway',
    'conform wss://gateway.example --token-file secret --only I7 --only I17 --i-own-this-gateway',
  ]);
}

const WHY_ASKED =
  'conform pairs throw-away devices, approves, rejects, rotates, revokes and removes them, and connects many times: ' +
  'run it only against a gateway that is yours, and say so with --i-own-this-gateway. It touches no device but its ' +
  'own, and takes away what it made';

async function run(shell: Shell, url: string, flags: Flags): Promise<void> {
  const { io } = shell;
  if (!isGatewayUrl(url)) throw usage(`${shown(url)} is no ws:// or wss:// URL`);
  if (flags.iOwnThisGateway !== true) throw usage(WHY_ASKED);
  const cases = selected((flags.only as readonly string[] | undefined) ?? []);
  if (cases.length === 0)
    throw usage(`--only names no case; there are ${CASES.map(({ id }) => id).join(', ')}`);
  const shared = credentials(flags, url, shell);
  const bare = new Target({ url, shared, asRemote: false });
  const asRemote = (flags.asRemote as boolean | undefined) ?? bare.isLoopback;
  const isJson = flags.json === true;
  const junit = typeof flags.junit === 'string' ? resolve(flags.junit) : null;
  // Found out now, not after everything has run.
  if (junit !== null) writeFileSync(junit, '');
  const print = (lines: readonly string[]): void => io.out(`${lines.join('\n')}\n`);
  const signal = io.interrupted();
  const options = { url, shared, asRemote, cases, signal, now: io.now };
  const report = await conform({
    ...options,
    onResult: (result) => isJson || print(resultLines(result, io.columns)),
    onWaiting: (id) => io.err(`waiting: approve request ${shown(id)} on the gateway, as its owner\n`),
  }).catch((error) => {
    throw explained(error, url);
  });
  print(isJson ? [JSON.stringify(report, null, 2)] : summaryLines(report, io.columns));
  if (junit !== null) writeFileSync(junit, toJunit(report));
  if (!isGood(report)) shell.exitCode = EXIT.failed;
}

function isGood({ results, interrupted }: Report): boolean {
  return !interrupted && results.every(({ verdict }) => verdict === 'pass' || verdict === 'not-applicable');
}

function credentials(flags: Flags, url: string, { io }: Shell): Credentials {
  const { password } = flags;
  if (typeof password === 'string') {
    if (flags.token !== undefined || flags.tokenFile !== undefined)
      throw usage('--password or a token, not both');
    return { password };
  }
  const token = secretFor(resolveSettings(flags, io), url);
  return token === null ? {} : { token };
}

function explained(error: unknown, url: string): unknown {
  if (error instanceof Unreachable) {
    const text = `no gateway answers at ${url}: ${shown(error.message)}`;
    return new CliError(EXIT.unreachable, 'unreachable', text);
  }
  if (!(error instanceof NoOwner)) return error;
  const text =
    `${url} lets this program manage no devices: ${shown(error.message)}; give its shared secret with --token-file or ` +
    "--password, run this on the gateway's own machine, or approve the device of this run when it asks";
  return new CliError(EXIT.failed, 'no-owner', text);
}
