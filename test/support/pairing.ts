import { covers } from '../../machines/policy.ts';
import type { OpenRequest } from '../../machines/record.ts';
import type { Role } from '../../machines/vocabulary.ts';
import { roleOf } from '../../src/authority/device.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import type { StoredEvent } from '../../src/store/store.ts';
import { type House, SHARED } from './harness.ts';
import { type Ask, type Frame, newDevice, type RawClient, type TestDevice } from './raw-client.ts';

export const READ = ['operator.read'];
export const WRITE = ['operator.write'];
export const ADMIN_BUNDLE = ['operator.admin', 'operator.approvals', 'operator.pairing'];
/** What is left of the bundle in the rotation of openclaw/openclaw#21688 that does not cover a read. */
export const MANAGE = ['operator.approvals', 'operator.pairing'];

/** A connect that waits: nothing of what it asks for is covered. */
export interface Waiting {
  readonly client: RawClient;
  /** The id of its `connect`, whose answer is withheld. */
  readonly connectId: string;
  readonly requestId: string;
}

export async function wait(house: House, ask: Ask): Promise<Waiting> {
  const client = await house.client();
  const connectId = await client.sendConnect({ auth: SHARED, ...ask });
  const { payload } = await client.event('connect.pending');
  return { client, connectId, requestId: payload.requestId };
}

/** Pairs a device by a connect and an owner's approval; answers the token of its hello. */
export async function pair(
  house: House,
  device: TestDevice,
  scopes: readonly string[],
  role: Role = 'operator',
): Promise<string> {
  const { client, connectId, requestId } = await wait(house, { device, scopes, role, mode: 'node' });
  const done = await approve(house.owner, requestId);
  if (!done.ok) throw new Error(`not approved: ${JSON.stringify(done.denial)}`);
  const hello = await client.response(connectId);
  await client.end();
  return hello.payload.auth.deviceToken;
}

/** A session that is let in. */
export async function live(house: House, ask: Ask): Promise<{ client: RawClient; hello: Frame['payload'] }> {
  const { client, answer } = await house.connect({ auth: SHARED, ...ask });
  if (!answer.ok) throw new Error(`not let in: ${JSON.stringify(answer.error)}`);
  return { client, hello: answer.payload };
}

/** The open request of a device's role; null when none is open. */
export async function openRequest(
  { authority }: Pick<House, 'authority'>,
  deviceId: string,
  role: Role = 'operator',
): Promise<OpenRequest | null> {
  const device = await authority.load(deviceId);
  return device ? roleOf(device, role).record.request : null;
}

export async function grantOf(
  { authority }: Pick<House, 'authority'>,
  deviceId: string,
  role: Role = 'operator',
): Promise<readonly string[]> {
  const device = await authority.load(deviceId);
  return device ? roleOf(device, role).record.grant : [];
}

/** All that was written about a device, or only the events of these types. */
export async function history(
  { store }: Pick<House, 'store'>,
  deviceId: string,
  ...types: readonly string[]
): Promise<readonly StoredEvent[]> {
  const events = await store.history({ deviceId, limit: 100_000 });
  return types.length === 0 ? events : events.filter(({ type }) => types.includes(type));
}

export const ASKED = ['request.opened', 'request.widened'] as const;

/** Throws when a `device.pair.list` shows this device between two states (I15): gone, twice, or asking for what it has. */
export function checkListed(list: Frame['payload'], deviceId: string): void {
  const paired = list.paired.filter((row: { deviceId: string }) => row.deviceId === deviceId);
  const pending = list.pending.filter((row: { deviceId: string }) => row.deviceId === deviceId);
  const shown = JSON.stringify({ paired, pending });
  if (paired.length !== 1 || pending.length > 1) throw new Error(`between two states: ${shown}`);
  const grant = paired[0].tokens[0].scopes;
  for (const { scopes, missing } of pending) {
    const isPhantom = covers(grant, scopes) || missing.length === 0;
    if (isPhantom) throw new Error(`asks for what it has: ${shown}`);
  }
}

/** Whatever came before, the gateway lets a device in and answers it. */
export async function expectServing(house: House): Promise<void> {
  const device = newDevice();
  await pair(house, device, READ);
  const { client } = await live(house, { device, scopes: READ });
  const health = await client.request('health');
  if (!health.ok) throw new Error(`not served: ${JSON.stringify(health)}`);
}
