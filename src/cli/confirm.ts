import { existsSync } from 'node:fs';
import { runningGateway } from './gateway-file.ts';
import { readSecret, sharedTokenPath } from './state.ts';

/** How long a running gateway may take to act on a decision before the owner is told that it is not confirmed. */
const PATIENCE_MS = 3000;

/**
 * Waits until the gateway that runs on this folder has acted on everything up to `seq`: a decision that takes rights
 * away is told to its owner only when no socket lives on by them (I18). False when a gateway runs and cannot be asked.
 */
export async function confirmSettled(
  folder: string,
  secret: string | null,
  seq: number,
  now: () => number,
): Promise<boolean> {
  const running = runningGateway(folder);
  if (!running) return true;
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
    return true;
  } catch {
    return false;
  } finally {
    await link.close();
  }
}
