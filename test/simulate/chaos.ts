import type { StoreFaults } from './faults.ts';
import { seededDevice } from './identity.ts';
import type { Simulation } from './simulation.ts';
import { type Malice, Stranger } from './stranger.ts';

const MINUTE_MS = 60_000;
const LONGEST_SPELL_MS = 60_000;

/** Everything that goes wrong, each kind at random times of its own. */
export class Chaos {
  readonly #simulation: Simulation;
  #isOver = false;
  #secrets = 0;
  #spellUntilMs = 0;
  count = 0;
  kills = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  begin(): void {
    this.#often(12_000, () => this.#spoilLink());
    this.#often(8 * MINUTE_MS, () => this.#kill());
    this.#often(25 * MINUTE_MS, () => this.#drain());
    this.#often(35 * MINUTE_MS, () => this.#cutPower());
    this.#often(6 * MINUTE_MS, () => this.#spell());
    this.#often(20 * MINUTE_MS, () => this.#turnClock());
    this.#often(30 * MINUTE_MS, () => this.#changeSecret());
    this.#often(7 * MINUTE_MS, () => this.#flood());
    this.#often(20_000, () => this.#restartSick());
    this.#often(2 * MINUTE_MS, () => this.#rebootHost());
  }

  /** Nothing goes wrong any more; what is broken is repaired. */
  end(): void {
    this.#isOver = true;
    this.#heal();
    this.#restartSick();
  }

  #often(meanMs: number, happen: () => void): void {
    const { world } = this.#simulation;
    world.after(world.rng.around(meanMs), () => {
      if (this.#isOver) return;
      happen();
      this.#often(meanMs, happen);
    });
  }

  #note(what: string): void {
    this.count += 1;
    this.#simulation.world.trace.add('chaos', what);
  }

  #spoilLink(): void {
    const { world, net } = this.#simulation;
    const { links } = net;
    if (links.length === 0) return;
    const link = world.rng.pick(links);
    const how = world.rng.weighted([
      [4, 'cut'],
      [2, 'vanish'],
      [1, 'hush'],
      [2, 'stall'],
    ] as const);
    this.#note(`${how} ${link.name}`);
    if (how === 'stall') link.stall(world.rng.between(500, 20_000));
    else link[how]();
  }

  #kill(): void {
    const { world, oracle, sites } = this.#simulation;
    const site = world.rng.pick(sites);
    this.#note(`kill ${site.name}`);
    this.kills += 1;
    site.kill(world.rng.chance(0.2));
    oracle.died(site.name);
  }

  #drain(): void {
    const { world, sites } = this.#simulation;
    const site = world.rng.pick(sites);
    this.#note(`stop ${site.name}`);
    site.drain();
  }

  #cutPower(): void {
    const { world, oracle, sites, disk } = this.#simulation;
    for (const site of sites) site.kill(true);
    for (const { name } of sites) oracle.died(name);
    const lost = disk.lose((unflushed) => world.rng.below(unflushed + 1));
    oracle.lost(disk.commits);
    this.kills += sites.length;
    this.#note(`power cut: ${lost} commits are lost`);
  }

  #spell(): void {
    const { world, sites } = this.#simulation;
    const { rng } = world;
    const lastsMs = rng.between(1000, LONGEST_SPELL_MS);
    this.#spellUntilMs = world.nowMs + lastsMs;
    this.#note(`the disk is bad for ${Math.round(lastsMs)} ms`);
    for (const { process } of sites) if (process && rng.chance(0.7)) this.afflict(process.faults);
    world.after(lastsMs, () => {
      if (world.nowMs >= this.#spellUntilMs) this.#heal();
    });
  }

  /** Whatever is wrong with the disk now is wrong for this process, too. */
  afflict(faults: StoreFaults): void {
    const { world } = this.#simulation;
    const { rng } = world;
    if (world.nowMs >= this.#spellUntilMs) return;
    faults.failShare = rng.chance(0.6) ? rng.pick([0.02, 0.2, 0.6]) : 0;
    faults.flushFailShare = rng.chance(0.3) ? 0.3 : 0;
    faults.slowMs = rng.pick([4, 40, 1000, 3000]);
    faults.feedLagMs = rng.chance(0.3) ? 500 : 0;
  }

  #heal(): void {
    for (const { process } of this.#simulation.sites) process?.faults.heal();
  }

  #restartSick(): void {
    for (const site of this.#simulation.sites) {
      if (!site.process?.isAlive || !site.process.store.isSick) continue;
      this.#note(`${site.name} cannot promise anything any more and is started again`);
      site.kill(false);
      this.#simulation.oracle.died(site.name);
    }
  }

  /** All programs of one computer dial at once. */
  #rebootHost(): void {
    const { world, population } = this.#simulation;
    const host = world.rng.pick(population.hosts);
    this.#note(`${host.name} is started anew`);
    for (const program of population.programs.filter((one) => one.host === host)) {
      program.stop();
      world.after(1000 + world.rng.between(0, 30), () => program.start());
    }
  }

  #turnClock(): void {
    const { world } = this.#simulation;
    const { rng } = world;
    const byMs = rng.chance(0.4)
      ? -rng.between(100, 5 * MINUTE_MS)
      : rng.between(100, rng.pick([5000, 120 * MINUTE_MS]));
    world.turn(byMs);
    this.#note(`the clock is set by ${Math.round(byMs / 1000)} s`);
  }

  #changeSecret(): void {
    const simulation = this.#simulation;
    const { sites, oracle, population, world } = simulation;
    this.#secrets += 1;
    simulation.secret = `simulated-secret-${this.#secrets}`;
    oracle.secrets = [simulation.secret];
    this.#note('the shared secret is changed');
    for (const { process } of sites) {
      if (!process?.isServing) continue;
      world.running = process;
      process.attached.setAuth({ mode: 'token', secret: simulation.secret });
      oracle.secretChanged(process, simulation.secret);
    }
    population.newSecret(simulation.secret);
  }

  #flood(): void {
    const { world, net } = this.#simulation;
    const { rng } = world;
    const many = 5 + rng.below(60);
    const malice = rng.weighted<Malice>([
      [4, 'asks'],
      [1, 'guesses'],
      [1, 'says nothing'],
      [1, 'says nonsense'],
      [1, 'says too much'],
    ]);
    const address = `198.51.100.${1 + rng.below(200)}`;
    this.#note(`${many} strangers: each ${malice}`);
    for (let index = 0; index < many; index++) {
      world.after(rng.between(0, 20_000), () => {
        const from = rng.chance(0.8) ? address : `198.51.100.${1 + rng.below(200)}`;
        const device = seededDevice(rng);
        new Stranger(world, net, malice, { device, address: from, secret: this.#simulation.secret });
      });
    }
  }
}
