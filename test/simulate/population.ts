import { everythingOf, somethingOf } from './decisions.ts';
import { FileOwner } from './file-owner.ts';
import { Host, seededDevice } from './identity.ts';
import { RpcOwner } from './owner.ts';
import { PROFILES } from './profiles.ts';
import { Program } from './program.ts';
import { isWithin } from './rights.ts';
import type { Simulation } from './simulation.ts';

const HOSTS = 7;
/** How long owners forgive before programs are started again: longer than an address is locked out for wrong guesses. */
const FORGIVING_MS = 90_000;
/** Connects after an approval within which a program is let in (I8a). */
const MOST_CONNECTS = 2;

/** Everybody who means well: hosts with their programs, and owners. */
export class Population {
  readonly #simulation: Simulation;
  readonly programs: Program[] = [];
  readonly hosts: Host[] = [];
  readonly owners: RpcOwner[] = [];
  readonly #names = new Map<string, string>();
  #files = 0;
  #isQuiet = false;
  #hasLeft = false;
  #awayUntilMs = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    simulation.oracle.nameOf = (deviceId) => this.#names.get(deviceId) ?? 'stranger';
    const { rng } = simulation.world;
    for (let index = 1; index <= HOSTS; index++) {
      const isLocal = rng.chance(0.25);
      const address = isLocal ? '127.0.0.1' : `203.0.113.${index}`;
      const host = new Host(`host-${index}`, seededDevice(rng), { address, isLocal });
      host.secret = simulation.secret;
      this.#names.set(host.device.id, host.name);
      this.hosts.push(host);
      for (let count = 1 + rng.below(4); count > 0; count--) this.#addProgram(host);
    }
  }

  get deviceIds(): readonly string[] {
    return this.hosts.map(({ device }) => device.id);
  }

  get decisions(): number {
    return this.owners.reduce((sum, { decided }) => sum + decided, this.#files);
  }

  #addProgram(host: Host): void {
    const { world, net } = this.#simulation;
    const profile = world.rng.weighted(PROFILES);
    this.programs.push(new Program(world, net, `${host.name}/${profile.name}`, host, profile));
  }

  begin(): void {
    const { world, net } = this.#simulation;
    const { rng } = world;
    for (const program of this.programs) {
      world.after(rng.between(0, 60_000), () => program.start());
      this.#people(program);
    }
    for (const name of ['owner-1', 'owner-2']) {
      const owner = new RpcOwner(world, net, name, () => this.#simulation.secret);
      this.owners.push(owner);
      this.#decideOn(owner);
    }
    this.#useFile();
    this.#losesSecret();
    this.#goAway();
  }

  /** Now and then no owner is there for a while, and what waits may expire. */
  #goAway(): void {
    const { world } = this.#simulation;
    world.after(world.rng.around(10 * 60_000), () => {
      this.#awayUntilMs = world.nowMs + world.rng.between(60_000, 20 * 60_000);
      this.#goAway();
    });
  }

  get #isAway(): boolean {
    return !this.#isQuiet && this.#simulation.world.nowMs < this.#awayUntilMs;
  }

  /** Visitors come again; what paused is started again by somebody, some day. */
  #people(program: Program): void {
    const { world } = this.#simulation;
    const isVisitor = program.profile.stays !== 'always';
    world.after(world.rng.around(isVisitor ? 90_000 : 300_000), () => {
      if (this.#hasLeft) return;
      if (!this.#isQuiet || !isVisitor) program.start();
      this.#people(program);
    });
  }

  #decideOn(owner: RpcOwner): void {
    const { world } = this.#simulation;
    const { rng } = world;
    world.after(this.#isQuiet ? 5000 : rng.around(30_000), () => {
      if (this.#hasLeft) return;
      this.#decideOn(owner);
      if (this.#isAway) return;
      owner.want({ method: 'device.pair.list', params: {} });
      world.after(rng.between(500, 8000), () => {
        const wanted = somethingOf(rng, owner.list);
        if (this.#isQuiet) for (const one of everythingOf(owner.list)) owner.want(one);
        else if (wanted) {
          owner.want(wanted);
          this.#contend(owner);
        }
      });
    });
  }

  /** Several owners who see the same list decide at the same time, each in its own way. */
  #contend(first: RpcOwner): void {
    const { rng } = this.#simulation.world;
    const { list } = first;
    for (const other of this.owners) {
      const wanted = other !== first && rng.chance(0.3) ? somethingOf(rng, list) : undefined;
      if (wanted) other.want(wanted);
    }
    if (rng.chance(0.3)) this.#decideByFile();
  }

  #useFile(): void {
    const { world } = this.#simulation;
    world.after(world.rng.around(60_000), () => {
      if (this.#isQuiet) return;
      this.#useFile();
      if (!this.#isAway) this.#decideByFile();
    });
  }

  #decideByFile(): void {
    const { world, ground, oracle, chaos } = this.#simulation;
    this.#files += 1;
    const owner = new FileOwner(ground, oracle, this.#files);
    chaos.afflict(owner.faults);
    if (world.rng.chance(0.1)) world.after(world.rng.between(0, 20), () => owner.kill());
    world.after(0, () => void owner.run(), owner);
  }

  /** On some hosts the shared secret is taken away: from then on their programs have their device tokens only. */
  #losesSecret(): void {
    const { world } = this.#simulation;
    world.after(world.rng.around(120_000), () => {
      if (this.#isQuiet) return;
      const host = world.rng.pick(this.hosts);
      host.secret = host.secret === undefined || host.tokens.size === 0 ? this.#simulation.secret : undefined;
      world.trace.add(host.name, host.secret === undefined ? 'has its device tokens only' : 'has the secret');
      this.#losesSecret();
    });
  }

  /** The quiet phase: every owner says yes to everything, every host has the secret, every program is started again. */
  settle(): void {
    this.#isQuiet = true;
    const { world } = this.#simulation;
    for (const host of this.hosts) host.secret = this.#simulation.secret;
    world.after(FORGIVING_MS, () => {
      for (const program of this.programs.filter(({ profile }) => profile.stays === 'always')) {
        program.stop();
        program.isSteady = true;
        program.dials.length = 0;
        world.after(world.rng.between(0, 5000), () => program.start());
      }
    });
  }

  /** I8a: everybody who wants something that an owner approved has it, and did not need many connects for it. */
  checkAllIn(): void {
    const { oracle, world } = this.#simulation;
    for (const program of this.programs.filter(({ profile }) => profile.stays === 'always')) {
      const about = [program.name, program.host.name];
      const hasAll = program.isIn && isWithin(program.wish, program.scopes);
      const state = `${program.state} with ${program.scopes} of ${program.wish}`;
      oracle.judge('I8a', hasAll ? undefined : `${program.name} is not in, but ${state}`, about);
      const key = `${program.host.device.id} ${program.profile.role}`;
      const lacked = ({ is, grant }: { readonly is: string; readonly grant: readonly string[] }): boolean =>
        is !== 'paired' || !isWithin(program.wish, grant);
      const moments = oracle.chronicle.since(key, world.nowMs - 3_600_000);
      const last = moments.findLastIndex(lacked);
      const givenAtMs = moments[last + 1]?.atMs ?? 0;
      const needed = program.dials.filter((atMs) => atMs > givenAtMs).length;
      const isMany = needed > MOST_CONNECTS;
      oracle.judge(
        'I8a',
        isMany ? `${program.name} needed ${needed} connects after its approval` : undefined,
        about,
      );
    }
  }

  leave(): void {
    this.#hasLeft = true;
    for (const program of this.programs) program.stop();
    for (const owner of this.owners) owner.stop();
  }

  /** A new shared secret: gateways have it at once, hosts when somebody comes by. */
  newSecret(secret: string): void {
    const { world } = this.#simulation;
    for (const host of this.hosts) {
      world.after(world.rng.between(0, 120_000), () => {
        if (host.secret !== undefined) host.secret = this.#simulation.secret;
      });
    }
    world.trace.add('world', `the secret is now ${secret}`);
  }
}
