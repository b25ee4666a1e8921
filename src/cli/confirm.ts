import { existsSync } from 'node:fs';
import { CliError } from './exit.ts';
import { runningGateway } from './gateway-file.ts';
import { readSecret, sharedTokenPath } from './state.ts';

/** How long a running gateway may take to act on a decision before the owner is told that it is not confirmed. */
const PATIENCE_MS = 3000;

const UNCONFIRMED = 'decided, but the running gateway did not confirm that it closed the sockets concerned';
const NOBODY_TO_ASK =
  'decided; the running gateway has no shared secret, so it answers nobody without a device and cannot be asked ' +
  'whether the sockets concerned are closed yet: it closes them by itself when it reads the change';

/**
 * Waits until the gateway that runs on this folder has acted on everything up to `seq`: a decision that takes rights
 * away is told to its owner only when no socket lives on by them (I18). Answers what to warn of when a gateway runs and
 * cannot be asked; null when there is nothing to warn of.
 */
export async function unsettledWarning(
  folder: string,
  secret: string | null,
  seq: number,
  now: () => number,
): Promise<string | null> {
  const running = runningGateway(folder);
  if (!running) return null;
  const path = sharedTokenPath(folder);
  const own = secret ?? (existsSync(path) ? readSecret(path) : null);
  const { GatewayLink } = await import('./gateway-link.ts');
  const link = new GatewayLink({
    url: running.url,
    secret: own,
    purpose: 'look',
    timeoutMs: PATIENCE_MS,
    now,
  });
  try {
    await link.call('gateway.settled', { seq });
    return null;
  } catch (error) {
    // Without authentication nothing stands in for a device, so that no command line is an owner there.
    const isOpenToAll = error instanceof CliError && error.code === 'DEVICE_IDENTITY_REQUIRED';
    return isOpenToAll ? NOBODY_TO_ASK : UNCONFIRMED;
  } finally {
    await link.close();
  }
}
