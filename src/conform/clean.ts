import type { Throwaway } from './device.ts';
import { type List, Owner, type Row } from './owner.ts';
import type { Target } from './target.ts';
import type { Trace } from './trace.ts';

const CLEANING_MS = 30_000;

/**
 * Takes back what the run has made: its open requests, then its devices, the owner's own last. Answers, in words, what
 * is left. Never rejects. It has a deadline of its own, so that it also runs after Ctrl-C.
 */
export async function cleanUp(
  target: Target,
  devices: readonly Throwaway[],
  ownerDevice: Throwaway | null,
  trace: Trace,
): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(CLEANING_MS);
  const own = new Set([...devices, ...(ownerDevice ? [ownerDevice] : [])].map(({ id }) => id));
  try {
    const owner = await Owner.open(target, { device: ownerDevice, trace, signal });
    await sweep(owner, own, ownerDevice);
    const left = leftovers(await owner.list(), own, ownerDevice);
    if (ownerDevice) left.push(...(await removeOwner(owner, ownerDevice)));
    owner.end();
    return left;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [
      `up to ${own.size} devices, their names begin with "conform": no owner could clean up (${reason})`,
    ];
  }
}

async function sweep(owner: Owner, own: ReadonlySet<string>, ownerDevice: Throwaway | null): Promise<void> {
  const isOurs = ({ deviceId }: Row): boolean => own.has(deviceId) && deviceId !== ownerDevice?.id;
  const first = await owner.list();
  const known = new Set([...first.pending, ...first.paired].filter(isOurs).map(({ deviceId }) => deviceId));
  for (const deviceId of known) await owner.remove(deviceId);
  // Some gateways leave the request when they remove its device, or know no device that was never approved.
  const { pending, declined } = await owner.list();
  for (const { requestId } of pending.filter(isOurs)) await owner.reject(requestId);
  for (const { deviceId } of declined.filter(isOurs)) {
    await owner.call('device.quiet.forgive', { deviceId });
  }
}

function leftovers(list: List, own: ReadonlySet<string>, ownerDevice: Throwaway | null): string[] {
  const isLeft = ({ deviceId }: { readonly deviceId: string }): boolean =>
    own.has(deviceId) && deviceId !== ownerDevice?.id;
  return [
    ...list.pending
      .filter(isLeft)
      .map(({ requestId, deviceId }) => `request ${requestId} of device ${deviceId}`),
    ...list.paired.filter(isLeft).map(({ deviceId }) => `device ${deviceId}`),
    ...list.declined.filter(isLeft).map(({ deviceId }) => `what was declined to device ${deviceId}`),
  ];
}

async function removeOwner(owner: Owner, { id }: Throwaway): Promise<readonly string[]> {
  const { ok, message } = await owner.remove(id);
  return ok ? [] : [`device ${id}, the owner of this run: ${message}`];
}
