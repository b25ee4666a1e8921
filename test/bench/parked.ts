/** What a parked connection holds in memory, beside an idle `ws` connection that nobody asked for anything. */
import { type Child, startChild } from './child.ts';
import { type Figure, ofRounds } from './figures.ts';

export interface ParkedPlan {
  readonly rounds: number;
  readonly connections: number;
}

/** Two processes of clients, because one more than halves the file descriptors that a process may have. */
const CLIENTS = 2;
const WARM_UP = 300;

async function inAll(
  clients: readonly Child[],
  command: 'park' | 'idle',
  url: string,
  connections: number,
): Promise<void> {
  const count = Math.ceil(connections / clients.length);
  await Promise.all(clients.map((client) => client.call(command, { url, count, concurrency: 16 })));
}

/** Bytes of resident memory that each connection adds to a fresh server. */
async function bytesEach(
  server: Child,
  url: string,
  clients: readonly Child[],
  command: 'park' | 'idle',
  connections: number,
): Promise<number> {
  // Compiled code and the first pages of the heap are not the connections' doing.
  await inAll(clients, command, url, WARM_UP);
  await Promise.all(clients.map((client) => client.call('leave')));
  const before = await server.call<number>('resident');
  await inAll(clients, command, url, connections);
  const there = await server.call<number>(command === 'park' ? 'parked' : 'sessions');
  if (there !== connections) throw new Error(`${there} of ${connections} connections are there`);
  const after = await server.call<number>('resident');
  await Promise.all(clients.map((client) => client.call('leave')));
  await server.stop();
  return (after - before) / connections;
}

async function parkedRound(clients: readonly Child[], connections: number): Promise<number> {
  const server = startChild('./gateway-server.ts');
  const most = connections + WARM_UP;
  const limits = { parked: most, parkedPerAddress: most, parkedPerRole: most };
  const { url } = await server.call<{ url: string }>('start', { limits });
  return bytesEach(server, url, clients, 'park', connections);
}

async function idleRound(clients: readonly Child[], connections: number): Promise<number> {
  const server = startChild('./bare-server.ts');
  const { url } = await server.call<{ url: string }>('start', { hello: {} });
  return bytesEach(server, url, clients, 'idle', connections);
}

export async function measureParked({ rounds, connections }: ParkedPlan): Promise<Figure[]> {
  const clients = Array.from({ length: CLIENTS }, () => startChild('./client.ts'));
  const count = Math.ceil(connections / CLIENTS);
  await Promise.all(clients.map((client) => client.call('devices', { count })));
  const parked: number[] = [];
  const idle: number[] = [];
  for (let round = 0; round < rounds; round++) {
    parked.push(await parkedRound(clients, connections));
    idle.push(await idleRound(clients, connections));
  }
  await Promise.all(clients.map((client) => client.stop()));
  const kilobytes = (bytes: readonly number[]): number[] => bytes.map((each) => each / 1024);
  const ratios = parked.map((bytes, round) => bytes / (idle[round] ?? Number.NaN));
  const note = `resident memory, ${connections} connections of as many devices, after gc, ${rounds} fresh servers`;
  return [
    ofRounds(kilobytes(parked), { name: 'parked: gateway', unit: 'KiB each', note }),
    ofRounds(kilobytes(idle), {
      name: 'parked: idle bare ws',
      unit: 'KiB each',
      note: 'a challenge sent, nothing received, the same ws options',
    }),
    ofRounds(ratios, {
      name: 'parked: gateway / bare',
      unit: 'x',
      limit: 2.5,
      note: 'ratio of each round',
      headline: 'parked memory',
    }),
  ];
}
