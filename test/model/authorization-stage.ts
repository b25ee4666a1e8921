import type { AuthorizationEvent, DeviceImported } from '../../machines/authorization-events.ts';
import { type AuthorizationRecord, nextDeadline } from '../../machines/record.ts';
import type { RequestRef } from '../../machines/vocabulary.ts';
import { autoApprovePolicy } from '../../src/authority/authority.ts';
import { type RoleRecord, roleOf, UNKNOWN_ROLE } from '../../src/authority/device.ts';
import { importAll } from '../../src/authority/importing.ts';
import { withdraw } from '../../src/authority/request-decisions.ts';
import { type House, type HouseOptions, openHouse, SHARED } from '../support/harness.ts';
import { type Ask, type Frame, newDevice, type RawClient } from '../support/raw-client.ts';
import { GONE, LATER_MS, TERMS } from './authorization-cases.ts';
import { WISH } from './conditions.ts';
import { Signal } from './signal.ts';

/** A client that sends this stands behind something, and is not local (I14). */
const REMOTE = { 'x-forwarded-for': '203.0.113.9' };
const ROLE = 'operator';

/** One gateway, an owner's connection to it and one device, where each event is brought about by its real cause. */
export class AuthorizationStage {
  readonly house: House;
  readonly #owner: RawClient;
  readonly #device = newDevice();
  readonly #signal: Signal;
  /** The id of the open request, and of the one that was settled last. */
  #openId: string | undefined;
  #settledId: string | undefined;

  private constructor(house: House, owner: RawClient, signal: Signal) {
    this.house = house;
    this.#owner = owner;
    this.#signal = signal;
  }

  static async open(store: NonNullable<HouseOptions['store']>): Promise<AuthorizationStage> {
    const signal = new Signal();
    const house = await openHouse({
      store,
      authority: { terms: TERMS, autoApprove: autoApprovePolicy('all') },
      // Nobody waits: every connect is answered at once.
      gateway: { waiting: { manner: 'refuse' }, locality: { local: 'auto' }, onEnded: signal.stir },
    });
    const ask = { scopes: ['operator.admin'], auth: SHARED, mode: 'backend' };
    const { client, answer } = await house.connect(ask);
    if (!answer.ok) throw new Error(`the owner was refused: ${JSON.stringify(answer.error)}`);
    return new AuthorizationStage(house, client, signal);
  }

  get openId(): string | undefined {
    return this.#openId;
  }

  get settledId(): string | undefined {
    return this.#settledId;
  }

  get deviceId(): string {
    return this.#device.id;
  }

  /** What the owner is answered. */
  call(method: string, params: object): Promise<Frame> {
    return this.#owner.request(method, params);
  }

  /** A connect with a token of the device that nobody has given it, or not for this. */
  connectWithToken(deviceToken: string): Promise<Frame> {
    return this.#connect({ scopes: WISH, auth: { deviceToken } });
  }

  async stored(): Promise<RoleRecord> {
    const device = await this.house.authority.load(this.#device.id);
    const kept = device ? roleOf(device, ROLE) : UNKNOWN_ROLE;
    const id = kept.record.request?.id;
    if (id !== this.#openId) this.#settledId = this.#openId ?? this.#settledId;
    this.#openId = id;
    return kept;
  }

  /** What an owner sees in the list. */
  async list(): Promise<Frame['payload']> {
    return (await this.#owner.request('device.pair.list', {})).payload;
  }

  /** What the device's next connect is told; a probe is told the same, and leaves nothing behind. */
  probe(): Promise<Frame> {
    return this.#connect({ scopes: WISH, mode: 'probe' }, REMOTE);
  }

  async cause(event: AuthorizationEvent): Promise<void> {
    const deviceId = this.#device.id;
    const ofRole = { deviceId, role: ROLE };
    switch (event.type) {
      case 'access.requested': {
        if (event.at > 0) this.house.clock.advance(LATER_MS);
        const ask = { scopes: event.wish, mode: event.mayOpen ? 'backend' : 'probe' };
        await this.#connect(ask, event.auto ? {} : REMOTE);
        return;
      }
      case 'request.attended':
        this.house.clock.advance(LATER_MS);
        return this.house.authority.attend(deviceId, ROLE);
      case 'request.approved': {
        const scopes = event.scopes === null ? {} : { scopes: event.scopes };
        return this.#rpc('device.pair.approve', { requestId: this.#idOf(event.request), ...scopes });
      }
      case 'request.rejected':
        return this.#rpc('device.pair.reject', { requestId: this.#idOf(event.request) });
      case 'request.withdrawn':
        return this.#withdraw(this.#idOf(event.request));
      case 'deadline.reached':
        return this.#reachDeadline();
      case 'token.rotated':
        return this.#rpc('device.token.rotate', { ...ofRole, ...(event.scopes && { scopes: event.scopes }) });
      case 'token.used':
        return this.#useToken();
      case 'token.reissued':
        return this.#rpc('device.token.reissue', ofRole);
      case 'quiet.forgiven':
        return this.#rpc('device.quiet.forgive', { deviceId });
      case 'device.imported':
        return this.#import(event);
      case 'grant.revoked':
        return this.#rpc('device.token.revoke', ofRole);
      case 'device.removed':
        return this.#rpc('device.pair.remove', { deviceId });
    }
  }

  async #import({ ceiling, grant, tokenHash, approvedAtMs }: DeviceImported): Promise<void> {
    const { id: deviceId, publicKey } = this.#device;
    const role = { role: ROLE, ceiling, grant, tokenHash, revokedAtMs: null } as const;
    const of = { label: null, profile: {}, createdAtMs: 0, approvedAtMs, approvedVia: null };
    const device = { deviceId, publicKey, ...of, roles: [role] };
    await importAll(this.house.owner, { source: 'another gateway', devices: [device], requests: [] });
  }

  async #connect(ask: Ask, headers: Readonly<Record<string, string>> = REMOTE): Promise<Frame> {
    const { client, answer } = await this.house.connect(
      { device: this.#device, auth: SHARED, ...ask },
      headers,
    );
    await this.#end(client);
    return answer;
  }

  /** Until the gateway knows of the end, too: a session that waits keeps its request alive. */
  async #end(client: RawClient): Promise<void> {
    await client.end();
    await this.#signal.until(() => this.house.gateway.sessions().length === 1);
  }

  /** Whether it is granted or refused, the record says what came of it. */
  async #rpc(method: string, params: object): Promise<void> {
    await this.#owner.request(method, params);
  }

  /** An id that was settled before, where the path has one: only that one reaches the machine. */
  #idOf({ id, revision }: RequestRef): string {
    const real = id === GONE.id ? this.#settledId : this.#openId;
    return `${real ?? id}.r${revision}`;
  }

  /** By a live session of the device; a device that no role lets in asks the authority itself. */
  async #withdraw(requestId: string): Promise<void> {
    const { state, record } = await this.stored();
    if (state === 'upgradePending' || state === 'paired') {
      const ask = { device: this.#device, auth: SHARED, scopes: record.grant };
      const { client, answer } = await this.house.connect(ask, REMOTE);
      if (!answer.ok) throw new Error('a connect that is covered was refused');
      await client.request('device.scopes.withdrawUpgrade', { requestId });
      return this.#end(client);
    }
    const { authority } = this.house;
    const deviceId = this.#device.id;
    const caller = { class: 'device-shared-secret', deviceId, name: 'the device', scopes: [] } as const;
    await withdraw({ authority, caller, origin: {} }, requestId);
  }

  async #reachDeadline(): Promise<void> {
    const { clock, gateway } = this.house;
    const dueAt = nextDeadline(await this.#record());
    if (dueAt === null) return;
    // A sweep comes once a second: exactly then nothing has been settled yet.
    clock.advance(Math.max(dueAt - clock.now(), 1000));
    await gateway.turn();
  }

  async #useToken(): Promise<void> {
    const { authority } = this.house;
    const device = await authority.load(this.#device.id);
    if (!device) throw new Error('nobody has a token');
    const deviceToken = authority.tokenFor(device, ROLE);
    const scopes = roleOf(device, ROLE).record.grant;
    const answer = await this.#connect({ scopes, auth: { deviceToken } });
    if (!answer.ok) throw new Error(`the current token was refused: ${JSON.stringify(answer.error)}`);
  }

  async #record(): Promise<AuthorizationRecord> {
    return (await this.stored()).record;
  }
}
