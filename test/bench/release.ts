/** From an owner's approval to the hello on the parked socket, in real time on loopback. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { newDevice } from '../protocol/device.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Child, startChild } from './child.ts';
import { type Figure, quantile } from './figures.ts';
import { SECRET } from './house.ts';

export interface ReleasePlan {
  readonly parked: number;
  readonly approvals: number;
}

interface Waiter {
  readonly client: RawClient;
  readonly requestId: string;
}

const AUTH = { token: SECRET } as const;

async function parkOne(url: string): Promise<Waiter> {
  const client = await RawClient.open(url);
  const scopes = ['operator.read'];
  await client.sendConnect({
    device: newDevice(),
    scopes,
    auth: AUTH,
    mode: 'node',
    caps: ['antechamber.wait'],
  });
  const pending = await client.event('connect.pending');
  return { client, requestId: pending.payload.requestId };
}

/** When the answer to the parked connect arrives, and that it lets the client in. */
async function helloAt({ client }: Waiter): Promise<bigint> {
  const [data] = await once(client.socket, 'message');
  const at = process.hrtime.bigint();
  const frame = JSON.parse(String(data));
  if (frame.payload?.type !== 'hello-ok') throw new Error(`not let in: ${String(data)}`);
  return at;
}

const millis = (from: bigint, to: bigint): number => Number(to - from) / 1e6;

/** A person decides now and then, not in a burst; and a poll of the store must not be met always at the same phase. */
const pause = (): Promise<void> => sleep(5 + Math.random() * 60);

async function byRpc(owner: RawClient, waiters: readonly Waiter[]): Promise<number[]> {
  const taken: number[] = [];
  for (const waiter of waiters) {
    const hello = helloAt(waiter);
    const started = process.hrtime.bigint();
    const answer = owner.request('device.pair.approve', { requestId: waiter.requestId });
    taken.push(millis(started, await hello));
    const { ok, error } = await answer;
    if (!ok) throw new Error(`not approved: ${JSON.stringify(error)}`);
    await pause();
  }
  return taken;
}

async function byOtherProcess(owner: Child, waiters: readonly Waiter[]): Promise<number[]> {
  const taken: number[] = [];
  for (const waiter of waiters) {
    const hello = helloAt(waiter);
    const started = await owner.call<string>('approve', { requestId: waiter.requestId });
    taken.push(millis(BigInt(started), await hello));
    await pause();
  }
  return taken;
}

function figuresOf(who: string, taken: readonly number[], limit: number, note: string): Figure[] {
  return [
    { name: `release ${who}: p50`, value: quantile(taken, 0.5), unit: 'ms', note },
    {
      name: `release ${who}: p99`,
      value: quantile(taken, 0.99),
      unit: 'ms',
      limit,
      lowest: Math.min(...taken),
      highest: Math.max(...taken),
      headline: `release ${who} p99`,
    },
  ];
}

export async function measureRelease({ parked, approvals }: ReleasePlan): Promise<Figure[]> {
  const server = startChild('./gateway-server.ts');
  const limits = { parked: parked * 2, parkedPerAddress: parked * 2 };
  const { url, folder } = await server.call<{ url: string; folder: string }>('start', { limits });
  const waiters: Waiter[] = [];
  while (waiters.length < parked) waiters.push(await parkOne(url));
  const owner = await RawClient.open(url);
  const hello = await owner.connect({ scopes: ['operator.admin'], auth: AUTH });
  if (!hello.ok) throw new Error(`the owner was refused: ${JSON.stringify(hello.error)}`);
  const other = startChild('./owner.ts');
  await other.call('open', { folder });
  const rpc = await byRpc(owner, waiters.splice(0, approvals));
  while (waiters.length < parked) waiters.push(await parkOne(url));
  const file = await byOtherProcess(other, waiters.splice(0, approvals));
  for (const { client } of waiters) client.socket.terminate();
  owner.socket.terminate();
  await other.stop();
  await server.stop();
  const note = `${approvals} approvals one by one while ${parked} wait, each synced to the disk`;
  return [
    ...figuresOf('by RPC', rpc, 50, `owner with the shared secret; ${note}`),
    ...figuresOf('by another process', file, 150, `owner on the same SQLite file; ${note}`),
  ];
}
