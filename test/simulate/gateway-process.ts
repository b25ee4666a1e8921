import { EventEmitter } from 'node:events';
import type { WebSocketServer } from 'ws';
import type { Terms } from '../../machines/record.ts';
import { Authority, autoApprovePolicy } from '../../src/authority/authority.ts';
import { type KeyRing, openKeyRing } from '../../src/authority/keys.ts';
import type { Attached, attach } from '../../src/gateway/attach.ts';
import type { Core } from '../../src/gateway/core.ts';
import type { LiveSession } from '../../src/gateway/live-session.ts';
import type { Limits } from '../../src/gateway/settings.ts';
import type { Disk } from './disk.ts';
import { StoreFaults } from './faults.ts';
import type { Link } from './link.ts';
import type { Openings, ProcessStore } from './process-store.ts';
import type { Mortal, World } from './world.ts';

/** How late the timer wheel may turn, in ms: a busy process is late. */
const LATEST_TURN_MS = 350;
/** How long what runs a gateway waits before it starts it again. */
const RESTART_MS = 5000;

/** What all processes of one simulation share. */
export interface Ground {
  readonly world: World;
  readonly disk: Disk;
  readonly openings: Openings;
  /** The folder of the key ring. */
  readonly folder: string;
  readonly terms: Partial<Terms>;
  readonly limits: Partial<Limits>;
  readonly autoApprove: 'none' | 'first-pairing' | 'all';
  readonly mostStrangers: number;
  /** The shared secret that gateways are set to now. */
  readonly secret: () => string;
  readonly makeStore: (process: Mortal, faults: StoreFaults) => ProcessStore;
  readonly makeAttached: typeof attach;
  readonly witness: ProcessWitness;
}

export interface ProcessWitness {
  /** A store of this process is about to tell it of a change. */
  told(process: string, deviceId: string, seq: number): void;
  audit(process: string, line: string): void;
  failed(process: string, message: string, error: unknown): void;
}

/** One life of a gateway: the real authority and the real `attach`, on a store and a clock that are simulated. */
export class GatewayProcess implements Mortal {
  readonly name: string;
  readonly faults: StoreFaults;
  readonly store: ProcessStore;
  readonly links = new Set<Link>();
  readonly #ground: Ground;
  readonly #server = new EventEmitter();
  #attached: Attached | undefined;
  #ring: KeyRing | undefined;
  /** Seen through the embedder's callback: what is left of everybody who has gone. */
  core: Core | undefined;
  isAlive = true;
  isStopping = false;

  constructor(ground: Ground, name: string) {
    this.name = name;
    this.#ground = ground;
    this.faults = new StoreFaults(ground.world);
    this.store = ground.makeStore(this, this.faults);
    this.store.onTold = ({ deviceId, seq }) => ground.witness.told(name, deviceId, seq);
  }

  get isServing(): boolean {
    return this.isAlive && this.#attached !== undefined && !this.isStopping;
  }

  get attached(): Attached {
    if (!this.#attached) throw new Error('not started');
    return this.#attached;
  }

  /** Rejects when the store fails while it starts. */
  async start(): Promise<void> {
    const { world, folder, terms, autoApprove, mostStrangers, witness, limits } = this.#ground;
    const ring = await openKeyRing(folder, this.store);
    if (ring.restoredFromBackup) witness.failed(this.name, 'taken for a restored backup', undefined);
    const authority = new Authority({
      store: this.store,
      realm: ring.realm,
      clock: world.clock,
      terms,
      autoApprove: autoApprovePolicy(autoApprove),
      mostStrangers,
      onAudit: (line) => witness.audit(this.name, line),
      onDecision: (seq) => ring.mark(seq),
    });
    this.#ring = ring;
    this.#attached = this.#ground.makeAttached(this.#server as unknown as WebSocketServer, {
      authority,
      auth: { mode: 'token', secret: this.#ground.secret() },
      locality: { local: 'auto' },
      limits,
      runTimers: false,
      log: {
        info: () => {},
        warn: () => {},
        error: (fields, message) =>
          witness.failed(this.name, message, (fields as { readonly err?: unknown }).err),
      },
      onAuthorized: (session: LiveSession) => {
        this.core ??= (session as LiveSession & { readonly core: Core }).core;
      },
    });
    this.#turn();
  }

  /** The peer's socket arrives; false when it is turned away before the upgrade. */
  accept(link: Link): boolean {
    if (!this.isServing || this.attached.isCrowded(link.request)) return false;
    this.links.add(link);
    link.socket.once('close', () => this.links.delete(link));
    this.#server.emit('connection', link.socket, link.request);
    return true;
  }

  /** Nothing of it runs any more. */
  kill(isSilent: boolean): void {
    this.isAlive = false;
    void this.store.close();
    for (const link of this.links) link.orphan(isSilent);
    this.links.clear();
  }

  /** As a service manager stops it; resolves when everybody has gone. */
  async drain(): Promise<void> {
    this.isStopping = true;
    await this.attached.stop('restart', RESTART_MS);
    this.#ring?.close();
    this.kill(false);
  }

  /** What the gateway counts otherwise than the sockets that it was given. */
  miscounted(): string | undefined {
    if (!this.isServing || !this.core) return undefined;
    const { size } = this.core.sessions;
    if (size !== this.links.size) return `${this.name} keeps ${size} sessions of ${this.links.size} sockets`;
    const parked = this.attached.parked();
    return parked > size ? `${this.name} has ${parked} parked of ${size} sockets` : undefined;
  }

  #turn(): void {
    const { world } = this.#ground;
    const due = (): void => {
      if (this.isStopping) return;
      void this.attached.turn();
      this.#turn();
    };
    world.after(world.rng.between(50, LATEST_TURN_MS), due, this);
  }
}

/** The place of a gateway: whatever happens to the process, another one is started there. */
export class Site {
  readonly name: string;
  readonly #ground: Ground;
  #lives = 0;
  process: GatewayProcess | undefined;

  constructor(ground: Ground, name: string) {
    this.name = name;
    this.#ground = ground;
    this.start();
  }

  start(): void {
    if (this.process?.isAlive) return;
    this.#lives += 1;
    const process = new GatewayProcess(this.#ground, this.name);
    this.process = process;
    const { world } = this.#ground;
    world.trace.add(this.name, `starts (${this.#lives})`);
    world.running = process;
    process.start().catch((error: unknown) => {
      if (!process.isAlive) return;
      this.#ground.witness.failed(this.name, 'could not start', error);
      this.kill(false);
    });
  }

  kill(isSilent: boolean): void {
    if (!this.process?.isAlive) return;
    this.process.kill(isSilent);
    this.#startLater();
  }

  drain(): void {
    const { process } = this;
    if (!process?.isServing) return;
    this.#ground.world.running = process;
    void process.drain().then(() => this.#startLater());
  }

  #startLater(): void {
    const { world } = this.#ground;
    world.after(world.rng.between(100, RESTART_MS), () => this.start());
  }
}
