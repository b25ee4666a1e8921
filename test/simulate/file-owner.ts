import { Authority } from '../../src/authority/authority.ts';
import type { Deciding, Decision } from '../../src/authority/deciding.ts';
import * as devices from '../../src/authority/device-decisions.ts';
import { openKeyRing } from '../../src/authority/keys.ts';
import { listDevices } from '../../src/authority/listing.ts';
import * as requests from '../../src/authority/request-decisions.ts';
import { somethingOf } from './decisions.ts';
import { StoreFaults } from './faults.ts';
import type { Ground } from './gateway-process.ts';
import type { Oracle } from './oracle.ts';
import type { Listed, Wanted } from './owner.ts';
import { isInjected } from './process-store.ts';
import type { Mortal } from './world.ts';

type Params = {
  readonly requestId: string;
  readonly deviceId: string;
  readonly role: 'operator' | 'node';
  readonly scopes?: readonly string[];
  readonly label: string;
};

const DECIDE: Readonly<Record<string, (by: Deciding, params: Params) => Promise<Decision<unknown>>>> = {
  'device.pair.approve': (by, { requestId, scopes }) => requests.approve(by, requestId, scopes ?? null),
  'device.pair.reject': (by, { requestId }) => requests.reject(by, requestId),
  'device.pair.remove': (by, { deviceId }) => devices.remove(by, deviceId),
  'device.pair.rename': (by, { deviceId, label }) => devices.rename(by, deviceId, label),
  'device.token.rotate': (by, { deviceId, role, scopes }) =>
    devices.rotate(by, deviceId, role, scopes ?? null),
  'device.token.revoke': (by, { deviceId, role }) => devices.revoke(by, deviceId, role),
  'device.token.reissue': (by, { deviceId, role }) => devices.reissue(by, deviceId, role),
  'device.quiet.forgive': (by, { deviceId }) => devices.forgive(by, deviceId),
};

/** One command of an owner on the state folder: a process of its own, which opens the store, decides once and ends. */
export class FileOwner implements Mortal {
  readonly name: string;
  readonly faults: StoreFaults;
  readonly #ground: Ground;
  readonly #oracle: Oracle;
  isAlive = true;

  constructor(ground: Ground, oracle: Oracle, number: number) {
    this.name = `file-${number}`;
    this.#ground = ground;
    this.#oracle = oracle;
    this.faults = new StoreFaults(ground.world);
  }

  /** Nothing of it runs any more. */
  kill(): void {
    this.isAlive = false;
  }

  /** Runs the command; `pick` says what an owner with this list wants. */
  async run(
    pick: (list: Listed) => Wanted | undefined = (list) => somethingOf(this.#ground.world.rng, list),
  ): Promise<void> {
    const { world, folder, terms, mostStrangers } = this.#ground;
    const store = this.#ground.makeStore(this, this.faults);
    try {
      const ring = await openKeyRing(folder, store);
      const { clock } = world;
      const onDecision = (seq: number): void => ring.mark(seq);
      const onAudit = (line: string): void => this.#oracle.audit(this.name, line);
      const authority = new Authority({
        store,
        realm: ring.realm,
        clock,
        terms,
        mostStrangers,
        onDecision,
        onAudit,
      });
      const origin = { auth: 'store-file', connId: this.name };
      const by: Deciding = { authority, caller: { class: 'store-file', name: 'owner' }, origin };
      const list = await listDevices(authority, { now: clock.now() });
      const wanted = pick(list);
      const decide = wanted && DECIDE[wanted.method];
      if (decide) await this.#decide(wanted, decide(by, wanted.params as Params));
      ring.close();
    } catch (error) {
      if (!isInjected(error)) this.#oracle.failed(this.name, 'the command failed', error);
    }
    await store.close();
    this.isAlive = false;
  }

  async #decide({ method, params }: Wanted, decision: Promise<Decision<unknown>>): Promise<void> {
    const done = await decision;
    const { requestId = '', deviceId = '' } = params as Partial<Params>;
    const whom = deviceId && this.#oracle.nameOf(deviceId);
    const said = done.ok ? 'ok' : done.denial.kind;
    this.#ground.world.trace.add(this.name, `${method} ${requestId}${whom} ${said}`);
    const own = this.#oracle.decidedBy(this.name, 0);
    const isSafe = !done.ok || own.every(({ seq }) => this.#oracle.disk?.isFlushed(seq));
    this.#oracle.judge(
      'I10',
      isSafe ? undefined : `${this.name} is told of a decision that a power cut would undo`,
    );
  }
}
