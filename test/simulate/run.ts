import { parseArgs } from 'node:util';
import { simulate } from './simulation.ts';
import { SqliteShelf } from './sqlite-shelf.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    hours: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    disk: { type: 'string', default: 'memory' },
    trace: { type: 'boolean', default: false },
  },
});

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const first = Number(values.seed);
const hours = Number(values.hours);
let simulatedMs = 0;
let realMs = 0;
let checks = 0;

for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const result = await simulate({
    seed,
    hours,
    ...(values.trace && { onLine: print }),
    ...(values.disk === 'sqlite' && { makeShelf: () => new SqliteShelf() }),
  });
  const { census, violations } = result;
  simulatedMs += result.simulatedMs;
  realMs += result.realMs;
  for (const count of census.checked.values()) checks += count;
  print(
    `seed ${seed}: ${census.connects} connects, ${census.hellos} let in, ${census.decisions} decisions, ` +
      `${census.events} events, ${census.faults} faults, ${census.kills} kills, ${census.steps} steps, trace ${result.digest}`,
  );
  const [violation] = violations;
  if (!violation) continue;
  for (const line of result.suffix) print(line);
  print(
    `seed ${seed} breaks ${violation.invariant} after ${Math.round(violation.atMs / 1000)} s: ${violation.what}`,
  );
  print(`replay: npm run simulate -- --seed ${seed} --hours ${hours} --trace`);
  process.exitCode = 1;
  break;
}

const perMinute = simulatedMs / 3_600_000 / (realMs / 60_000);
print(`${perMinute.toFixed(1)} simulated hours per minute, ${checks} checks of invariants`);
