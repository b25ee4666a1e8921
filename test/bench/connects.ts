/** What an authenticated connect costs the server's CPU, beside a server that does nothing but verify. */
import { type Child, startChild } from './child.ts';
import { type Figure, ofRounds } from './figures.ts';

const DEVICES = 200;
/**
 * Both sides get the same arrivals, which neither is busy with all the time. With a client that waits for each answer the
 * slower side would pay for waking the client, and the faster one would not: that is no cost of a connect.
 */
const PER_SECOND = 300;

export interface ConnectPlan {
  readonly rounds: number;
  readonly count: number;
}

interface Side {
  readonly server: Child;
  readonly url: string;
}

async function microsPerConnect({ server, url }: Side, client: Child, count: number): Promise<number> {
  const before = await server.call<number>('cpu');
  await client.call('arrivals', { url, count, perSecond: PER_SECOND });
  return ((await server.call<number>('cpu')) - before) / count;
}

/** A gateway whose devices are approved, and the bare server with its hello. */
async function openSides(client: Child): Promise<{ readonly ours: Side; readonly bare: Side }> {
  const gateway = startChild('./gateway-server.ts');
  const limits = { parkedPerAddress: DEVICES, parked: DEVICES };
  const { url } = await gateway.call<{ url: string }>('start', { limits });
  await client.call('devices', { count: DEVICES });
  await client.call('park', { url, count: DEVICES, concurrency: 8 });
  await gateway.call('approveAll');
  await client.call('leave');
  const hello = await client.call<object>('hello', { url });
  const server = startChild('./bare-server.ts');
  const started = await server.call<{ url: string }>('start', { hello });
  return { ours: { server: gateway, url }, bare: { server, url: started.url } };
}

export async function measureConnects({ rounds, count }: ConnectPlan): Promise<Figure[]> {
  const client = startChild('./client.ts');
  const { ours, bare } = await openSides(client);
  const gateway: number[] = [];
  const baseline: number[] = [];
  for (const side of [bare, ours]) await microsPerConnect(side, client, count);
  for (let round = 0; round < rounds; round++) {
    // The order alternates, so that neither side always has the machine's better moment.
    const gatewayFirst = round % 2 === 0;
    if (gatewayFirst) gateway.push(await microsPerConnect(ours, client, count));
    baseline.push(await microsPerConnect(bare, client, count));
    if (!gatewayFirst) gateway.push(await microsPerConnect(ours, client, count));
  }
  await Promise.all([client.stop(), ours.server.stop(), bare.server.stop()]);
  const ratios = gateway.map((micros, round) => micros / (baseline[round] ?? Number.NaN));
  const note = `server CPU (user + system), ${rounds} rounds of ${count} connects, ${PER_SECOND} a second`;
  return [
    ofRounds(gateway, { name: 'connect: gateway', unit: 'us', note }),
    ofRounds(baseline, {
      name: 'connect: bare ws + verify',
      unit: 'us',
      note: 'the same ws options, key object cached, hello of the same shape',
    }),
    ofRounds(ratios, {
      name: 'connect: gateway / bare',
      unit: 'x',
      limit: 1.6,
      note: 'ratio of each round',
      headline: 'connect CPU',
    }),
  ];
}
