/** What it costs the gateway's CPU that somebody looks inside: a connection's life with inspection, beside one without. */
import { type Child, startChild } from './child.ts';
import { type Figure, ofRounds } from './figures.ts';

const DEVICES = 200;
const CONCURRENCY = 4;

export interface InspectPlan {
  readonly rounds: number;
  readonly count: number;
}

interface Side {
  readonly server: Child;
  readonly url: string;
  /** Where its actors can be looked at; undefined where they cannot. */
  readonly socketUrl?: string;
}

interface Seen {
  readonly frames: number;
  readonly bytes: number;
  readonly missed: number;
}

async function microsPerLife({ server, url }: Side, client: Child, count: number): Promise<number> {
  const before = await server.call<number>('cpu');
  await client.call('connects', { url, count, concurrency: CONCURRENCY });
  return ((await server.call<number>('cpu')) - before) / count;
}

/** A gateway that has approved all devices of the client. */
async function openSide(client: Child, inspected: boolean): Promise<Side> {
  const server = startChild('./inspected-server.ts');
  const started = await server.call<Omit<Side, 'server'>>('start', { inspected, parked: DEVICES });
  await client.call('park', { url: started.url, count: DEVICES, concurrency: 8 });
  await server.call('approveAll');
  await client.call('leave');
  return { server, ...started };
}

export async function measureInspect({ rounds, count }: InspectPlan): Promise<Figure[]> {
  const client = startChild('./client.ts');
  const onlooker = startChild('./onlooker.ts');
  await client.call('devices', { count: DEVICES });
  const off = await openSide(client, false);
  const on = await openSide(client, true);
  const looked: number[] = [];
  const unseen: number[] = [];
  const baseline: number[] = [];
  const measures: readonly (() => Promise<unknown>)[] = [
    async () => baseline.push(await microsPerLife(off, client, count)),
    async () => unseen.push(await microsPerLife(on, client, count)),
    async () => {
      await onlooker.call('look', { socketUrl: on.socketUrl });
      looked.push(await microsPerLife(on, client, count));
      await onlooker.call('leave');
    },
  ];
  for (const side of [off, on]) await microsPerLife(side, client, count);
  for (let round = 0; round < rounds; round++) {
    // The order turns, so that none of them always has the machine's better moment.
    for (let turn = 0; turn < measures.length; turn++) await measures[(round + turn) % measures.length]?.();
  }
  const seen = await onlooker.call<Seen>('seen');
  await Promise.all([client, onlooker, off.server, on.server].map((child) => child.stop()));
  return figuresOf({ looked, unseen, baseline }, seen, { rounds, count });
}

function figuresOf(
  { looked, unseen, baseline }: Readonly<Record<'looked' | 'unseen' | 'baseline', readonly number[]>>,
  { frames, bytes, missed }: Seen,
  { rounds, count }: InspectPlan,
): Figure[] {
  const lives = rounds * count;
  const over = (micros: readonly number[]): number[] =>
    micros.map((one, round) => one / (baseline[round] ?? Number.NaN));
  const note = `server CPU (user + system), ${rounds} rounds of ${count} connects, ${CONCURRENCY} at a time`;
  return [
    ofRounds(baseline, { name: 'inspect: off', unit: 'us', note }),
    ofRounds(looked, { name: 'inspect: on, one viewer reads all', unit: 'us', note }),
    ofRounds(over(looked), {
      name: 'inspect: viewer / off',
      unit: 'x',
      limit: 1.5,
      note: 'ratio of each round',
      headline: 'inspection CPU',
    }),
    ofRounds(over(unseen), {
      name: 'inspect: on, nobody looks / off',
      unit: 'x',
      note: 'ratio of each round',
    }),
    { name: 'inspect: frames a life', value: frames / lives, unit: '', note: `${missed} missed` },
    { name: 'inspect: KiB a life', value: bytes / lives / 1024, unit: 'KiB' },
    // A viewer that missed frames would make looking seem cheap.
    { name: 'inspect: frames missed', value: missed, unit: '', limit: 0 },
  ];
}
