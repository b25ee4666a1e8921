/** `openclaw health` of 2026.9.6 connects as a backend, and prints what the gateway says for a person to read. */
import { expect, it } from 'vitest';
import { reject } from '../../src/authority/request-decisions.ts';
import { openHouse, SHARED } from '../support/harness.ts';
import { READ, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

/** A `connect` in whose client block this display name stands; it is not signed. */
function named(displayName: string) {
  return (params: Record<string, unknown>) => ({
    ...params,
    client: { ...(params.client as object), displayName },
  });
}

it.each([
  { displayName: 'gateway:health', code: 'PAIRING_DECLINED' },
  // A program that stays stops coming back on this code alone.
  { displayName: 'kitchen', code: 'PAIRING_REQUIRED' },
])('a rejected backend named $displayName is told $code', async ({ displayName, code }) => {
  const house = await openHouse();
  const ask = { device: newDevice(), scopes: READ, mode: 'backend', forge: named(displayName) };
  const { requestId } = await wait(house, ask);
  await reject(house.owner, requestId);
  const { answer } = await house.connect({ ...ask, auth: SHARED });
  expect(answer.error.details).toMatchObject({ code, reason: 'declined', outcome: 'rejected' });
});
