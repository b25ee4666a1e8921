/** Takes a journey with one gateway, and keeps all that was seen on the way. */
import { join } from 'node:path';
import type { Gateway } from './gateways.ts';
import { deviceOfHome, writeSettings } from './home.ts';
import type { Cache } from './install.ts';
import type { Deed, Journey } from './journeys.ts';
import { Owner, Visitor } from './people.ts';
import { type Ran, Running, surroundings } from './program.ts';
import { FROM_ELSEWHERE, type Passed, Recorder } from './recorder.ts';
import type { Release } from './releases.ts';

/** One command and everything that it did. */
export interface Stop {
  /** The command as it stands in the journey. */
  readonly cli: string;
  readonly ours: 'works' | RegExp;
  readonly ran: Ran;
  readonly passed: readonly Passed[];
}

export interface Travelled {
  readonly stops: readonly Stop[];
  /** The folder of the command line. */
  readonly home: string;
  readonly port: number;
  /** What ids stand for: a device's id to its name in the journey. */
  readonly names: ReadonlyMap<string, string>;
  /** A request's id to `request:` and the name of its device. */
  readonly requests: ReadonlyMap<string, string>;
}

export interface Trip {
  readonly cache: Cache;
  readonly release: Release;
  readonly gateway: Gateway;
  readonly home: string;
}

/** The published command line with a home of its own, and a recorder between it and the gateway. */
export class Terminal {
  readonly recorder: Recorder;
  readonly #trip: Trip;

  private constructor(trip: Trip, recorder: Recorder) {
    this.#trip = trip;
    this.recorder = recorder;
  }

  static async open(trip: Trip, manner: Journey['manner']): Promise<Terminal> {
    const headers = manner.place === 'remote' ? FROM_ELSEWHERE : {};
    const terminal = new Terminal(trip, await Recorder.start({ port: trip.gateway.port, headers }));
    terminal.configure(manner);
    return terminal;
  }

  configure(manner: Journey['manner'], secret = this.#trip.gateway.secret): void {
    const { home, release } = this.#trip;
    writeSettings(home, release, manner, { port: this.recorder.port, secret });
  }

  get deviceId(): string | undefined {
    return deviceOfHome(this.#trip.home);
  }

  start(words: string): Running {
    const { cache, release, home } = this.#trip;
    const env = surroundings(home, join(cache.folder, 'compiled'));
    return new Running({ program: cache.cli(release), args: words.split(' '), root: home, env });
  }

  run(words: string): Promise<Ran> {
    return this.start(words).ended();
  }

  close(): Promise<void> {
    return this.recorder.stop();
  }
}

class Traveller {
  readonly stops: Stop[] = [];
  readonly requests = new Map<string, string>();
  readonly #terminal: Terminal;
  readonly #owner: Owner;
  readonly #visitors = new Map<string, Visitor>();
  readonly #trip: Trip;

  constructor(trip: Trip, terminal: Terminal, owner: Owner) {
    this.#trip = trip;
    this.#terminal = terminal;
    this.#owner = owner;
  }

  #deviceOf(who: string): string | undefined {
    return who === 'own' ? this.#terminal.deviceId : this.#visitors.get(who)?.device.id;
  }

  async #requestOf(who: string): Promise<string | undefined> {
    const device = this.#deviceOf(who);
    const requestId = device && (await this.#owner.requestOf(device));
    if (requestId) this.requests.set(requestId, `request:${who}`);
    return requestId;
  }

  async #words(text: string): Promise<string> {
    let words = text;
    for (const [whole, kind, who] of text.matchAll(/\{(request:)?(\w+)\}/g)) {
      const value = kind ? await this.#requestOf(who as string) : this.#deviceOf(who as string);
      words = words.replace(whole, value ?? `no-${who}`);
    }
    return words;
  }

  async take(deed: Deed): Promise<void> {
    if ('cli' in deed) return this.#command(deed);
    if ('manner' in deed) return this.#terminal.configure(deed.manner);
    if ('visit' in deed) {
      const visitor = this.#visitors.get(deed.visit) ?? new Visitor();
      this.#visitors.set(deed.visit, visitor);
      await visitor.ask(this.#trip.gateway, this.#trip.release, deed.scopes);
      await this.#requestOf(deed.visit);
      return;
    }
    const requestId = await this.#requestOf(deed.of);
    if (requestId) await this.#owner.call(`device.pair.${deed.owner}`, { requestId });
  }

  async #command({ cli, ours = 'works' }: Extract<Deed, { cli: string }>): Promise<void> {
    const { passed } = this.#terminal.recorder;
    const from = passed.length;
    const ran = await this.#terminal.run(await this.#words(cli));
    this.stops.push({ cli, ours, ran, passed: passed.slice(from) });
    // Named while it is open, so that what the next command sees of it can be told.
    await this.#requestOf('own');
  }

  names(): Map<string, string> {
    const names = new Map([[this.#owner.deviceId, 'owner']]);
    for (const [name, { device }] of this.#visitors) names.set(device.id, name);
    const own = this.#terminal.deviceId;
    if (own) names.set(own, 'own');
    return names;
  }
}

export async function travel(journey: Journey, trip: Trip): Promise<Travelled> {
  const terminal = await Terminal.open(trip, journey.manner);
  const owner = await Owner.arrive(trip.gateway, trip.release);
  try {
    const traveller = new Traveller(trip, terminal, owner);
    for (const deed of journey.deeds) await traveller.take(deed);
    const { stops, requests } = traveller;
    return { stops, home: trip.home, port: terminal.recorder.port, names: traveller.names(), requests };
  } finally {
    await owner.leave();
    await terminal.close();
  }
}
