import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attach } from '../../src/gateway/attach.ts';
import type { Census } from './census.ts';
import { takeCensus, watchTimers } from './census.ts';
import { Chaos } from './chaos.ts';
import { Disk, MemoryShelf, type Shelf } from './disk.ts';
import { type Ground, Site } from './gateway-process.ts';
import { Net } from './net.ts';
import { Oracle, type Violation } from './oracle.ts';
import { Population } from './population.ts';
import { Openings, ProcessStore } from './process-store.ts';
import { takeTimers } from './timers.ts';
import { World } from './world.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** How much time passes with faults, in hours; the quiet phase follows. */
  readonly hours: number;
  readonly onLine?: (line: string) => void;
  /** Parts that are broken on purpose, in the place of the real ones. */
  readonly makeStore?: (...args: ConstructorParameters<typeof ProcessStore>) => ProcessStore;
  readonly makeAttached?: typeof attach;
  readonly makeShelf?: () => Shelf;
}

export interface Result {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** The end of the trace, as far as it is about the first violation. */
  readonly suffix: readonly string[];
  readonly digest: string;
  readonly census: Census;
  readonly simulatedMs: number;
  readonly realMs: number;
}

/** A file system in memory, where there is one: the key ring waits for its disk. */
const MEMORY = '/dev/shm';
const HOUR_MS = 3_600_000;
/** The quiet phase: owners forgive and approve, and everybody gets in. */
const QUIET_MS = 5 * 60_000;
/** After everybody has left. */
const EMPTY_MS = 2 * 60_000;

/** Terms of the run: the shipped ones, or short ones, so that deadlines fall often. */
function termsOf(world: World): Ground['terms'] & { readonly lifetimeMs: number; readonly quietMs: number } {
  const { rng } = world;
  const isShort = rng.chance(0.6);
  return {
    lifetimeMs: isShort ? 3 * 60_000 : 15 * 60_000,
    quietMs: isShort ? 5 * 60_000 : 60 * 60_000,
    graceMs: isShort ? 60_000 : 10 * 60_000,
    retireMs: isShort ? 20 * 60_000 : 30 * 24 * HOUR_MS,
  };
}

/** Everything that takes part in one run. */
export class Simulation {
  readonly world: World;
  readonly oracle: Oracle;
  readonly disk: Disk;
  readonly ground: Ground;
  readonly sites: readonly Site[];
  readonly net: Net;
  readonly population: Population;
  readonly chaos: Chaos;
  readonly #folder: string;
  secret = 'simulated-secret-0';

  constructor(options: SimulationOptions) {
    this.#folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'antechamber-'));
    const world = new World(options.seed);
    this.world = world;
    world.trace.onLine = options.onLine;
    world.paceMs = world.rng.pick([2, 20, 100, 300]);
    const terms = termsOf(world);
    this.oracle = new Oracle(world, terms);
    this.oracle.secrets = [this.secret];
    const makeShelf = options.makeShelf ?? (() => new MemoryShelf());
    this.disk = new Disk(makeShelf, (commit) => this.oracle.committed(commit));
    this.oracle.disk = this.disk;
    const openings = new Openings();
    const makeStore = options.makeStore ?? ((...args) => new ProcessStore(...args));
    this.ground = {
      world,
      disk: this.disk,
      openings,
      folder: this.#folder,
      terms,
      limits: {
        parked: 60,
        parkedPerAddress: 24,
        unproven: 40,
        unprovenPerAddress: 16,
        bufferedBytes: 262_144,
        lockoutMs: 60_000,
      },
      autoApprove: world.rng.weighted([
        [7, 'first-pairing'],
        [2, 'all'],
        [1, 'none'],
      ] as const),
      mostStrangers: 25,
      secret: () => this.secret,
      makeStore: (process, faults) => makeStore(world, this.disk, openings, faults, process),
      makeAttached: options.makeAttached ?? attach,
      witness: this.oracle,
    };
    this.sites = ['g1', 'g2'].map((name) => new Site(this.ground, name));
    this.net = new Net(world, this.oracle, this.sites);
    this.population = new Population(this);
    this.chaos = new Chaos(this);
  }

  async run(hours: number): Promise<Census> {
    const { world, oracle } = this;
    const isOver = (): boolean => oracle.violations.length > 0;
    this.#look();
    this.population.begin();
    this.chaos.begin();
    await world.runUntil(hours * HOUR_MS, isOver);
    if (isOver()) return takeCensus(this);
    world.trace.add('world', 'no more faults');
    this.chaos.end();
    this.population.settle();
    await world.runUntil(world.nowMs + QUIET_MS, isOver);
    if (!isOver()) this.population.checkAllIn();
    this.population.leave();
    await world.runUntil(world.nowMs + EMPTY_MS, isOver);
    const census = takeCensus(this);
    if (!isOver()) for (const problem of census.leftovers) oracle.judge('growth', problem);
    return census;
  }

  end(): void {
    for (const { process } of this.sites) process?.kill(true);
    this.disk.shelf.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #look(): void {
    this.world.after(5000, () => {
      this.oracle.look();
      this.net.sweep();
      for (const { process } of this.sites) this.oracle.judge('status', process?.miscounted());
      this.#look();
    });
  }
}

/** Runs one seed from its beginning to its first violation, or to its end. */
export async function simulate(options: SimulationOptions): Promise<Result> {
  const startedAt = performance.now();
  const simulation = new Simulation(options);
  const { world, oracle } = simulation;
  const putTimersBack = takeTimers(world);
  const forgetTimers = watchTimers();
  const onRejection = (error: unknown): void => oracle.judge('rejection', `nobody handled: ${String(error)}`);
  process.on('unhandledRejection', onRejection);
  try {
    const census = await simulation.run(options.hours);
    const [first] = oracle.violations;
    return {
      seed: options.seed,
      violations: oracle.violations,
      suffix: first ? world.trace.last(60, first.about) : [],
      digest: world.trace.digest(),
      census,
      simulatedMs: world.nowMs,
      realMs: performance.now() - startedAt,
    };
  } finally {
    process.off('unhandledRejection', onRejection);
    forgetTimers();
    putTimersBack();
    simulation.end();
  }
}
