import { existsSync } from 'node:fs';
import { isLoopback } from '../gateway/locality.ts';
import { unsettledWarning } from './confirm.ts';
import { readDuration } from './duration.ts';
import { FileGate } from './file-gate.ts';
import type { Gate, Purpose } from './gate.ts';
import type { Io } from './io.ts';
import type { CommandFor } from './refused.ts';
import { termsOf } from './serve-settings.ts';
import type { Resolved } from './settings.ts';
import { openState, readSecret, requireState, sharedTokenPath } from './state.ts';

const DEFAULT_TIMEOUT_MS = 10_000;

/** The state folder, or with a `url` that gateway. Rejects with a CliError or what opening the folder reports. */
export async function openGate(
  resolved: Resolved,
  purpose: Purpose,
  io: Io,
  command: CommandFor,
): Promise<Gate> {
  const { values, stateDir } = resolved;
  if (values.url !== undefined) return openRpcGate(resolved, values.url, purpose, io);
  requireState(stateDir, io);
  const state = await openState({ folder: stateDir, clock: io, terms: termsOf(values) });
  if (state.restoredFromBackup) io.err(`warning: ${restoredText(stateDir, command)}\n`);
  return new FileGate(state, io.user, command, async (seq) => {
    const secret = resolved.secret ? secretFor(resolved, 'ws://localhost') : null;
    const warning = await unsettledWarning(stateDir, secret, seq, io.now);
    if (warning !== null) io.err(`warning: ${warning}\n`);
  });
}

export function restoredText(folder: string, command: CommandFor): string {
  return (
    `the database in ${folder} is older than its keys remember: it came from a backup. Every decision since that ` +
    `backup is gone, revocations and removals too: look through "${command('devices list')}" and decide them again. ` +
    'Device tokens of before do not count any more; a device is let in by connecting once with the shared token'
  );
}

async function openRpcGate(resolved: Resolved, url: string, purpose: Purpose, io: Io): Promise<Gate> {
  const secret = secretFor(resolved, url);
  // The client and its protocol are not worth loading for a verb on the state folder.
  const [{ GatewayLink }, { RpcGate }] = await Promise.all([
    import('./gateway-link.ts'),
    import('./rpc-gate.ts'),
  ]);
  const timeoutMs = readDuration(resolved.values.timeout ?? '') ?? DEFAULT_TIMEOUT_MS;
  return new RpcGate(new GatewayLink({ url, secret, purpose, timeoutMs, now: io.now }));
}

/** The named secret; for a gateway of this machine else the one of the state folder, which no other host may see. */
export function secretFor(
  { secret, stateDir }: Pick<Resolved, 'secret' | 'stateDir'>,
  url: string,
): string | null {
  if (secret) return 'text' in secret ? secret.text : readSecret(secret.file);
  const { hostname } = new URL(url);
  const isOwn = hostname === 'localhost' || isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'));
  const path = sharedTokenPath(stateDir);
  return isOwn && existsSync(path) ? readSecret(path) : null;
}
