/**
 * Would the tests notice? Puts one mistake at a time into the product and runs the suites until enough of them fail:
 * two for a mistake in a guard, one for any other. `--only TEXT` takes the mutants whose family and name hold it, `--all` asks
 * every suite about every mutant. Exits 1 when a mutant survives that is not named as equivalent.
 */
import { parseArgs } from 'node:util';
import { authorizationMachine } from '../../machines/authorization.ts';
import { connectionMachine } from '../../machines/connection.ts';
import { EFFECTS } from './effects.ts';
import { EQUIVALENT } from './equivalent.ts';
import { Judge } from './judge.ts';
import { mutantsOf } from './machine-mutants.ts';
import { RUNTIME_MUTANTS } from './runtime-mutants.ts';
import { type Family, SUITES, type Suite } from './suites.ts';

interface Suspect {
  readonly name: string;
  readonly family: Family;
  /** Suites that must notice it. */
  readonly enough: number;
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    all: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
  },
});

function suspects(): readonly Suspect[] {
  const machines = [connectionMachine, authorizationMachine] as const;
  const inMachines = machines.flatMap((machine) =>
    mutantsOf(machine, EFFECTS).map(({ name, kind }) => ({
      name,
      family: machine.id as 'connection' | 'authorization',
      enough: kind === 'guard' ? 2 : 1,
    })),
  );
  const inCode = RUNTIME_MUTANTS.map(({ name, file }) => {
    const family: Family = file.startsWith('src/gateway/') ? 'gateway' : 'core';
    return { name, family, enough: 1 };
  });
  return [...inMachines, ...inCode].filter(({ name, family }) => `${family} ${name}`.includes(values.only));
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Suite -> how many mutants it was asked about, and how many of them it noticed. */
const rates = new Map<string, { asked: number; killed: number }>();

const sound = new Map<Suite, Promise<void>>();

/** A suite that fails without any mistake would notice all of them. */
async function checkSuite(judge: Judge, suite: Suite): Promise<void> {
  const failed = await judge.judge('', suite);
  if (failed.length > 0) throw new Error(`the suite ${suite.name} fails by itself: ${failed.join('; ')}`);
}

async function killersOf(judge: Judge, { name, family, enough }: Suspect): Promise<readonly string[]> {
  const killers: string[] = [];
  for (const suite of SUITES[family]) {
    if (!values.all && killers.length >= enough) break;
    const rate = rates.get(`${family} by ${suite.name}`) ?? { asked: 0, killed: 0 };
    rates.set(`${family} by ${suite.name}`, rate);
    if (!sound.has(suite)) sound.set(suite, checkSuite(judge, suite));
    await sound.get(suite);
    rate.asked += 1;
    if ((await judge.judge(name, suite)).length === 0) continue;
    rate.killed += 1;
    killers.push(suite.name);
  }
  return killers;
}

const all = suspects();
const judges = Array.from({ length: Number(values.jobs) }, () => new Judge());
const left = [...all];
const survivors: string[] = [];
let killed = 0;
let equivalent = 0;
const work = async (judge: Judge): Promise<void> => {
  for (let next = left.shift(); next; next = left.shift()) {
    const killers = await killersOf(judge, next);
    const isKilled = killers.length >= next.enough;
    const reason = EQUIVALENT[next.name];
    if (isKilled) killed += 1;
    else if (reason) equivalent += 1;
    else survivors.push(`${next.name} (${killers.join(', ') || 'nobody'})`);
    say(`${isKilled ? 'killed' : reason ? 'equivalent' : 'SURVIVES'}  ${next.name}  ${killers.join(', ')}`);
    if (isKilled && reason) survivors.push(`${next.name} is named as equivalent, and was noticed`);
  }
};
await Promise.all(judges.map(work));
for (const judge of judges) judge.close();

for (const [name, { asked, killed: noticed }] of [...rates].sort()) {
  say(`${name.padEnd(28)} ${noticed} of ${asked}, ${((100 * noticed) / asked).toFixed(1)} %`);
}
for (const survivor of survivors) say(`SURVIVES  ${survivor}`);
const rate = (100 * killed) / Math.max(1, all.length - equivalent);
say(
  `mutants: ${killed} of ${all.length - equivalent} killed (${rate.toFixed(1)} %), ${equivalent} equivalent`,
);
process.exitCode = survivors.length === 0 && all.length > 0 ? 0 : 1;
