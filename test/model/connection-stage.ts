import { Authority } from '../../src/authority/authority.ts';
import type { CredentialReading } from '../../src/gateway/credentials.ts';
import type { ConnectionActor } from '../../src/gateway/effects.ts';
import type { WaitingSettings } from '../../src/gateway/settings.ts';
import { StoreError } from '../../src/store/store.ts';
import { type House, type HouseOptions, openHouse, SHARED } from '../support/harness.ts';
import { newDevice, type RawClient } from '../support/raw-client.ts';
import { ActorLog, type Heard } from './actor-log.ts';
import { BRING_ABOUT, beyond, type Condition, WISH } from './conditions.ts';
import { type Case, placeOf } from './connection-cases.ts';
import { DeviceDeeds } from './device-deeds.ts';
import { Proofs } from './proofs.ts';
import { Signal } from './signal.ts';
import { SteppedStore } from './stepped-store.ts';

/** Each manner is the setting of one client mode. */
const MODES = { auto: 'backend', hold: 'node', serve: 'ui', refuse: 'webchat' } as const;
const SLICE_MS = 7000;
const DEADLINE_MS = 15_000;
/** Where it is only until something answers. */
const ON_THE_WAY = ['proving', 'authorizing', 'approved'];
const WAITING: Partial<WaitingSettings> = {
  modes: { backend: 'auto', node: 'hold', ui: 'serve', webchat: 'refuse' },
  sliceMs: {},
  defaultSliceMs: SLICE_MS,
};

export interface StageOptions {
  readonly store: NonNullable<HouseOptions['store']>;
  /** Whether it proves itself with a device token, which only the authority can refuse. */
  readonly presentsToken: boolean;
  /** The actor that the gateway started last. */
  newestActor(): ConnectionActor;
}

/** One gateway with one raw socket, where each event of the machine is brought about by what really causes it. */
export class ConnectionStage {
  readonly house: House;
  readonly client: RawClient;
  readonly log: ActorLog;
  readonly deeds: DeviceDeeds;
  /** The running actor of this socket. */
  readonly actor: ConnectionActor;
  readonly #signal: Signal;
  readonly #store: SteppedStore;
  readonly #presentsToken: boolean;
  readonly #device = newDevice();
  readonly #proofs: Proofs;

  private constructor(
    options: StageOptions,
    parts: {
      house: House;
      client: RawClient;
      signal: Signal;
      store: SteppedStore;
      proofs: Proofs;
      log: ActorLog;
    },
  ) {
    this.house = parts.house;
    this.client = parts.client;
    this.#signal = parts.signal;
    this.#store = parts.store;
    this.#proofs = parts.proofs;
    this.#presentsToken = options.presentsToken;
    this.actor = options.newestActor();
    this.log = parts.log;
    const { realm, clock } = this.house.authority;
    this.deeds = new DeviceDeeds(new Authority({ store: this.#store.inside, realm, clock }), this.#device);
  }

  static async open(options: StageOptions): Promise<ConnectionStage> {
    const signal = new Signal();
    const proofs = new Proofs(signal);
    const log = new ActorLog(signal);
    const stores: SteppedStore[] = [];
    const house = await openHouse({
      store: options.store,
      wrap: (inside) => {
        const stepped = new SteppedStore(inside, signal);
        stores.push(stepped);
        return stepped;
      },
      gateway: { waiting: WAITING, authenticate: (_, request) => proofs.ask(request), inspect: log.tap },
    });
    const client = await house.client();
    await client.event('connect.challenge');
    const store = stores[0] as SteppedStore;
    return new ConnectionStage(options, { house, client, signal, store, proofs, log });
  }

  /** Ends whatever is still held, so that the house can close. */
  release(): void {
    this.#store.open();
  }

  /** Lets everything go on that is held, and its proof be right; resolves once that has led it as far as it goes. */
  async finish(): Promise<void> {
    this.#proofs.answer(this.#proven);
    this.#store.open();
    await this.#signal.until(() => !ON_THE_WAY.includes(placeOf(this.log.last.after)));
    await this.#everythingTold();
  }

  /** Brings about what turns it away, while it reads nothing: its socket stays as it is until it reads on. */
  async causeUnread(event: Case): Promise<void> {
    this.client.socket.pause();
    await this.#does(event);
    await this.#signal.until(() => this.log.last.after.hasTag('settled'));
    this.#store.open();
  }

  /** Its record changes, and cannot be read when it looks. */
  async failRead(): Promise<void> {
    this.#store.shut();
    await this.deeds.touch();
    await this.#signal.until(() => this.#store.held > 0);
    this.#store.failOldest(new StoreError('STORE_FAILED', 'the disk is gone'));
    this.#store.open();
  }

  /** Until both ends know that the socket is gone. */
  async over(): Promise<void> {
    await this.client.closed();
    await this.#signal.until(() => this.log.find('socket.closed', 0) !== undefined);
  }

  /** Until the client has been told all that is said already. */
  async roundTrip(): Promise<void> {
    const { socket } = this.client;
    const pong = new Promise<void>((resolve) => void socket.once('pong', () => resolve()));
    socket.ping();
    await pong;
  }

  /** Brings one event about; resolves with what the real actor heard, once the client has been told all of it. */
  async cause(event: Case): Promise<Heard> {
    const start = this.log.heard.length;
    await this.#does(event);
    await this.#signal.until(() => this.log.find(event.type, start) !== undefined);
    await this.#everythingTold(event);
    const heard = this.log.find(event.type, start) as Heard;
    // What was settled is closed by the gateway itself, and that is the next step of the path.
    return heard.after.hasTag('settled') ? heard : this.log.last;
  }

  async #does(event: Case): Promise<void> {
    const { gateway, clock } = this.house;
    switch (event.type) {
      case 'connect.received':
        return this.#connect(MODES[event.manner]);
      case 'frame.illegal':
        return this.client.sendText('{');
      case 'proof.accepted':
        return this.#accept();
      case 'proof.refused':
        return this.#refuse();
      case 'authority.failed':
        return this.#fail();
      case 'record.read':
        return this.#read(event.condition as Condition);
      case 'delivery.flushed':
        return this.#flush(event.condition as Condition);
      case 'delivery.failed':
        return this.#loseSocketDuringDelivery();
      case 'upgrade.asked':
        return this.#askUpgrade();
      case 'slice.ended':
        clock.advance(SLICE_MS);
        await gateway.turn();
        return this.#letUntilHeard('slice.ended');
      case 'deadline.reached':
        clock.advance(DEADLINE_MS);
        return gateway.turn();
      case 'credential.ended':
        return gateway.setAuth({ mode: 'token', secret: 'another-secret' });
      case 'gateway.draining':
        // It resolves only once the sockets are gone, which is a later step.
        void gateway.stop('drill');
        return;
      case 'socket.closed':
        if (!this.log.last.after.hasTag('settled')) this.client.socket.terminate();
    }
  }

  async #connect(mode: string): Promise<void> {
    await this.client.sendConnect({ device: this.#device, scopes: WISH, mode, auth: SHARED });
    await this.#proofs.asked();
  }

  get #proven(): CredentialReading {
    const credential = this.#presentsToken ? 'device-token' : 'embedder';
    return { ok: true, credential, deviceToken: '' } as CredentialReading;
  }

  async #accept(): Promise<void> {
    this.#store.shut();
    this.#proofs.answer(this.#proven);
    await this.#signal.until(() => this.#store.held === 1);
  }

  #refuse(): void {
    if (placeOf(this.log.last.after) === 'authorizing') this.#store.open();
    else this.#proofs.answer({ ok: false, problem: 'embedder-refused' });
  }

  #fail(): void {
    if (placeOf(this.log.last.after) === 'proving') this.#proofs.fail(new Error('the embedder has a fault'));
    else this.#store.failOldest(new StoreError('STORE_FAILED', 'the disk is gone'));
  }

  /** The record comes to stand like this, and the connection looks at it. */
  async #read(condition: Condition): Promise<void> {
    if (placeOf(this.log.last.after) === 'authorizing') await this.#letAccessThrough();
    await this.#bringAbout(condition);
    await this.#letUntilHeard('record.read');
  }

  /** The request of its own connect is made; what is held now is its first look at the record. */
  async #letAccessThrough(): Promise<void> {
    for (let load = 0; load < 2; load++) {
      this.#store.letOldest();
      await this.#signal.until(() => this.#store.held === 1);
    }
  }

  /** Through decisions that all fall before the connection's next look; there is always at least one change. */
  async #bringAbout(condition: Condition): Promise<void> {
    const before = await this.#store.head();
    await BRING_ABOUT[condition](this.deeds);
    if ((await this.#store.head()) === before) await this.deeds.touch();
  }

  /** Lets the newest load go on, and the one that follows from it, until the actor hears this. */
  async #letUntilHeard(type: string): Promise<void> {
    const start = this.log.heard.length;
    const isHeard = (): boolean => this.log.find(type, start) !== undefined;
    while (!isHeard()) {
      await this.#signal.until(() => isHeard() || this.#store.held > 0);
      this.#store.letNewest();
      const left = this.#store.held;
      await this.#signal.until(() => isHeard() || this.#store.held > left);
    }
  }

  async #flush(condition: Condition): Promise<void> {
    // The change is read beside the delivery first, which has its own, older load held.
    await this.#read(condition);
    await this.#letUntilHeard('delivery.flushed');
  }

  /** The socket is closing when hello is about to be sent, and nobody has heard of its end yet. */
  async #loseSocketDuringDelivery(): Promise<void> {
    this.#proofs.peer.once('data', () => this.#store.letOldest());
    this.client.socket.close(1000);
    await this.#signal.until(() => this.log.last.after.hasTag('settled'));
  }

  async #askUpgrade(): Promise<void> {
    this.#store.open();
    const scopes = await beyond(this.deeds);
    const answer = await this.client.request('device.scopes.requestUpgrade', { scopes });
    this.#store.shut();
    if (!answer.ok) throw new Error(`no upgrade: ${JSON.stringify(answer.error)}`);
  }

  /** A pong comes after everything that was sent before it, so that what did not come by then was not sent. */
  async #everythingTold(event?: Case): Promise<void> {
    if (this.log.last.after.hasTag('settled') || event?.type === 'socket.closed') {
      await this.client.closed();
      return;
    }
    await this.roundTrip();
  }
}
