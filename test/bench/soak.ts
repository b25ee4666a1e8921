/**
 * `npm run soak`: openclaw/openclaw#21688 for a day. One device whose grant is approvals and pairing; four programs of
 * it, each a process, come back every second and ask for read or write. Sockets, processes and the database are real;
 * the gateway's clock is turned by one second a round. In the end there must be ONE request and ONE line of audit,
 * memory as at the start, and one approval must let all four in.
 */
import { generateKeyPairSync } from 'node:crypto';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { TestClock } from '../support/clock.ts';
import { type Child, residentBytes, startChild } from './child.ts';
import { type Audited, type BenchHouse, openBenchHouse } from './house.ts';
import type { Attempt, Program } from './soak-client.ts';

const { values } = parseArgs({ options: { hours: { type: 'string', default: '24' } } });
const hours = Number(values.hours);
const rounds = Math.round(hours * 3600);

/** Memory is compared from here on: before, code is still being compiled and caches fill. */
const WARM_UP_ROUNDS = Math.min(1800, Math.floor(rounds / 4));
const MOST_GROWN_HEAP = 4 * 1024 * 1024;
const MOST_GROWN_RESIDENT = 32 * 1024 * 1024;

/** Write first: read is part of it, so that all four ask for what the first has asked for. */
const PROGRAMS: readonly Omit<Program, 'url' | 'privateKeyPem'>[] = [
  { scopes: ['operator.write'], protocol: 3, hangsUp: false },
  { scopes: ['operator.read'], protocol: 4, hangsUp: false },
  { scopes: ['operator.write'], protocol: 4, hangsUp: true },
  { scopes: ['operator.read'], protocol: 3, hangsUp: true },
];
const GRANT = ['operator.approvals', 'operator.pairing'];

interface Memory {
  readonly heap: number;
  readonly resident: number;
}

async function memory(): Promise<Memory> {
  const resident = await residentBytes();
  return { heap: process.memoryUsage().heapUsed, resident };
}

/** Four processes with the key of one device, which has got its first grant. */
async function startPrograms(house: BenchHouse): Promise<Child[]> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const own = {
    url: house.gateway.url,
    privateKeyPem: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
  };
  const programs = PROGRAMS.map(() => startChild('./soak-client.ts'));
  const [first] = programs;
  await first?.call('start', { ...own, scopes: GRANT, protocol: 4, hangsUp: true });
  await first?.call('attempt');
  for (const requestId of await house.openRequests()) await house.approve(requestId);
  await first?.call('leave');
  for (const [index, program] of programs.entries())
    await program.call('start', { ...own, ...PROGRAMS[index] });
  return programs;
}

/** What all attempts of the day came to. */
class Day {
  readonly requestIds = new Set<string>();
  readonly kinds = { parked: 0, refused: 0, hello: 0 };

  note({ kind, requestId }: Attempt): void {
    this.kinds[kind] += 1;
    if (requestId !== null) this.requestIds.add(requestId);
  }
}

/** One second: every program tries once, then the gateway does what is due. */
async function round(
  house: BenchHouse,
  clock: TestClock,
  programs: readonly Child[],
  day: Day,
): Promise<void> {
  const [first, ...rest] = programs;
  if (day.kinds.parked === 0 && first) day.note(await first.call<Attempt>('attempt'));
  const trying = day.kinds.parked + day.kinds.refused === 1 ? rest : programs;
  for (const attempt of await Promise.all(trying.map((program) => program.call<Attempt>('attempt'))))
    day.note(attempt);
  clock.advance(1000);
  await house.gateway.turn();
  await turnOfLoop();
}

const failures: string[] = [];
function expectThat(holds: boolean, what: string): void {
  process.stdout.write(`${holds ? 'ok  ' : 'FAIL'} ${what}\n`);
  if (!holds) failures.push(what);
}

const startedAt = performance.now();
const clock = new TestClock();
const house = await openBenchHouse({ clock, runTimers: false });
const programs = await startPrograms(house);
const auditedBefore = house.audited();
const day = new Day();
let before = await memory();
for (let second = 0; second < rounds; second++) {
  if (second === WARM_UP_ROUNDS) before = await memory();
  await round(house, clock, programs, day);
}
// Whoever is still parked is told to come back, so that no socket of the day is counted as growth.
for (let second = 0; second < 10; second++) {
  clock.advance(1000);
  await house.gateway.turn();
  await turnOfLoop();
}
const after = await memory();
const open = await house.openRequests();
const audited = auditedSince(auditedBefore);
const mega = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
const { parked, refused, hello } = day.kinds;
process.stdout.write(
  `${rounds} rounds (${hours} h of virtual time), ${parked + refused + hello} attempts: ${parked} parked, ${refused} refused at once, ${hello} let in\n`,
);
expectThat(
  open.length === 1 && day.requestIds.size === 1,
  `exactly 1 request: ${[...day.requestIds].join(', ')}`,
);
expectThat(
  audited.requests === 1 && audited.others === 0,
  `exactly 1 line of audit for the request: ${audited.requests}, others: ${audited.others}`,
);
expectThat(hello === 0, 'nobody is let in without a decision');
const logged = house.logged();
expectThat(logged <= Math.ceil(hours) * 8 + 16, `the log stays readable: ${logged} lines`);
const heap = after.heap - before.heap;
const resident = after.resident - before.resident;
expectThat(
  heap <= MOST_GROWN_HEAP,
  `heap ${mega(before.heap)} -> ${mega(after.heap)}, limit +${mega(MOST_GROWN_HEAP)}`,
);
expectThat(
  resident <= MOST_GROWN_RESIDENT,
  `resident ${mega(before.resident)} -> ${mega(after.resident)}, limit +${mega(MOST_GROWN_RESIDENT)}`,
);
for (const requestId of open) await house.approve(requestId);
const admitted = await Promise.all(programs.map((program) => program.call<Attempt>('attempt')));
expectThat(
  admitted.every(({ kind }, index) => kind === 'hello' && covers(admitted[index], PROGRAMS[index]?.scopes)),
  'one approval lets all four in, with what they asked for',
);
expectThat(
  (await house.openRequests()).length === 0 && auditedSince(auditedBefore).requests === 1,
  'and makes 0 new requests',
);
await Promise.all(programs.map((program) => program.stop()));
await house.stop();
process.stdout.write(
  `${failures.length === 0 ? 'passed' : 'FAILED'} in ${((performance.now() - startedAt) / 1000).toFixed(0)} s of real time\n`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

function auditedSince(earlier: Audited): Audited {
  const { requests, others } = house.audited();
  return {
    requests: requests - earlier.requests,
    others: others - earlier.others,
  };
}

function covers(attempt: Attempt | undefined, asked: readonly string[] = []): boolean {
  return asked.every((scope) => attempt?.scopes.includes(scope));
}
