import type { GatewayProcess, Site } from './gateway-process.ts';
import { type ClientEnd, Link, type Origin } from './link.ts';
import type { Oracle } from './oracle.ts';
import type { World } from './world.ts';

/** Between the clients and the gateways: who dials where, and what becomes of connections. */
export class Net {
  readonly #world: World;
  readonly #oracle: Oracle;
  readonly #sites: readonly Site[];
  readonly #links = new Set<Link>();
  readonly #numbers = new Map<string, number>();
  dialled = 0;

  constructor(world: World, oracle: Oracle, sites: readonly Site[]) {
    this.#world = world;
    this.#oracle = oracle;
    this.#sites = sites;
  }

  /** Connects to some gateway that runs; where none does, the client hears of it a little later. */
  dial(client: ClientEnd, name: string, origin: Origin): Link {
    const { rng } = this.#world;
    this.dialled += 1;
    const number = (this.#numbers.get(name) ?? 0) + 1;
    this.#numbers.set(name, number);
    const { process } = rng.pick(this.#sites);
    const target = process ?? NO_PROCESS;
    const ends = { client, witness: this.#oracle };
    const link = new Link(this.#world, `${name}#${number}`, target, origin, ends);
    this.#world.after(rng.between(0.1, 30), () => this.#arrive(link, process));
    return link;
  }

  get links(): readonly Link[] {
    return [...this.#links];
  }

  #arrive(link: Link, process: GatewayProcess | undefined): void {
    this.#world.running = process;
    if (link.isLeft) return;
    if (!process?.isServing || !process.accept(link)) {
      link.orphan(false);
      return;
    }
    this.#links.add(link);
  }

  /** Forgets connections of which nobody hears any more. */
  sweep(): void {
    for (const link of this.#links) {
      if (!link.isLeft || !(link.isGone || !link.gateway.isAlive)) continue;
      this.#links.delete(link);
      this.#oracle.forget(link);
    }
  }
}

const NO_PROCESS = { name: 'nobody', isAlive: false };
