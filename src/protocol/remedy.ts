/** The commands that a refused person, or the owner they ask, can run. Every text that names one takes it from here. */
import { formatRequestId, type RequestRef } from '../../machines/vocabulary.ts';

/** Names the one revision that was asked for, because an approval decides nothing else (I2). */
export function approveRemedy(request: RequestRef): string {
  const id = formatRequestId(request);
  return `antechamber devices approve ${id} (or: openclaw devices approve ${id})`;
}

/** Lists what is open, for a peer that has no id to name. */
export const LIST_REMEDY = 'antechamber devices list (or: openclaw devices list)';

/** Lifts the quiet period of a declined or revoked device. */
export function forgiveRemedy(deviceId: string | undefined): string {
  return `antechamber devices forgive ${deviceId ?? '<deviceId>'}`;
}

/** Accepts a superseded token for a while, so that its device gets the current one; no token of before a restored backup. */
export function reissueRemedy(deviceId: string | undefined): string {
  return `antechamber devices reissue ${deviceId ?? '<deviceId>'}`;
}
