import { uncovered } from '../../machines/policy.ts';
import type { Role } from '../../machines/vocabulary.ts';
import { type Attempt, answered, attempt } from './attempt.ts';
import { SetUpFailed, Unjudged } from './case.ts';
import type { Credentials, Throwaway } from './device.ts';
import { type List, Owner, type Row } from './owner.ts';
import type { Peer } from './peer.ts';
import type { Target } from './target.ts';
import type { Trace } from './trace.ts';

type Scopes = readonly string[];

/** What every gateway of both generations knows, and none of them covers another. */
export const READ: Scopes = ['operator.read'];
export const APPROVALS: Scopes = ['operator.approvals'];
export const BOTH: Scopes = ['operator.read', 'operator.approvals'];
export const PAIRING: Scopes = ['operator.pairing'];

/** A program without privileges: 2026.9.6 lets its own `gateway-client` in from loopback without any pairing. */
export const PROGRAM = { id: 'test', mode: 'test' } as const;

export interface Asking {
  readonly role?: Role;
  /** The shared secret unless told. */
  readonly auth?: Credentials;
  readonly program?: { readonly id: string; readonly mode: string };
  /** Other headers than the devices of the run send. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Waiting {
  readonly device: Throwaway;
  readonly requestId: string;
  readonly attempt: Attempt;
}

export interface SceneOptions {
  readonly target: Target;
  readonly trace: Trace;
  readonly signal: AbortSignal;
  readonly ownerDevice: Throwaway | null;
  /** Makes a device that is cleaned up after the run. */
  readonly newDevice: () => Throwaway;
}

const NOTHING_WAITS = 'it lets devices in by itself, so that nothing ever waits for an owner';

/** Longer than any client is held that wants to work. */
const HELD_MS = 13_000;
const AGAIN_MS = 100;

/** What one case works with: devices of its own, an owner, and what it has seen. */
export class Scene {
  readonly target: Target;
  readonly trace: Trace;
  readonly signal: AbortSignal;
  readonly #over = new AbortController();
  /** What went wrong, in words; empty when all is as expected. */
  readonly broken: string[] = [];
  /** What was seen, for the one line of a case that passes. */
  readonly seen: string[] = [];
  readonly #options: SceneOptions;
  readonly #peers: Peer[] = [];
  readonly #owners: Owner[] = [];

  constructor(options: SceneOptions) {
    this.target = options.target;
    this.trace = options.trace;
    this.signal = AbortSignal.any([options.signal, this.#over.signal]);
    this.#options = options;
  }

  /** Notes what is not as it should be. */
  expect(holds: boolean, otherwise: string): void {
    const told = this.trace.shown(otherwise);
    if (holds || this.broken.includes(told)) return;
    this.broken.push(told);
    this.trace.text('', 'note', `here: ${told}`);
  }

  saw(what: string): void {
    this.seen.push(this.trace.shown(what));
  }

  device(): Throwaway {
    const device = this.#options.newDevice();
    this.trace.introduce(device);
    return device;
  }

  async owner(): Promise<Owner> {
    return this.#owners[0] ?? (await this.anotherOwner());
  }

  async anotherOwner(): Promise<Owner> {
    const { trace, signal } = this;
    const { target, ownerDevice } = this.#options;
    if (ownerDevice) trace.introduce(ownerDevice);
    const owner = await Owner.connect(target, { device: ownerDevice, trace, signal });
    this.#owners.push(owner);
    return owner;
  }

  async socket(device: Throwaway, headers?: Asking['headers']): Promise<Peer> {
    const number = this.#peers.filter(({ name }) => name.startsWith(device.name)).length + 1;
    const peer = await this.target.open(`${device.name}${number}`, this.trace, this.signal, headers);
    this.#peers.push(peer);
    return peer;
  }

  /** One connect of a device. */
  async ask(device: Throwaway, scopes: Scopes, asking: Asking = {}): Promise<Attempt> {
    const { role = 'operator', auth = this.target.shared, program = PROGRAM, headers } = asking;
    const peer = await this.socket(device, headers);
    return attempt(this.target, peer, { device, role, scopes, auth, program });
  }

  /** The token of its own as the only credential, in the field where its generation sends it. */
  tokenOnly(token: string): Credentials {
    return this.target.protocol === 3 ? { token } : { deviceToken: token };
  }

  /** Connects as a program does that wants to work, until it is let in with all it asks for, or `most` connects. */
  async enter(
    device: Throwaway,
    scopes: Scopes,
    most: number,
    asking?: Asking,
  ): Promise<{ connects: number; last: Attempt }> {
    for (let connects = 1; ; connects++) {
      const first = await this.ask(device, scopes, asking);
      const last = await answered(first, HELD_MS);
      if ((last.end === 'let-in' && last.missing.length === 0) || connects === most) {
        return { connects, last };
      }
      last.peer.end();
      await last.peer.close(AGAIN_MS);
    }
  }

  async row(device: Throwaway): Promise<Row | undefined> {
    return (await this.requestsOf(device))[0];
  }

  async requestsOf(device: Throwaway): Promise<readonly Row[]> {
    return rowsOf(await this.list(), device);
  }

  async list(): Promise<List> {
    return (await this.owner()).list();
  }

  /** What a device may use now, as the list has it; undefined where the list does not say. */
  async grantOf(device: Throwaway): Promise<Scopes | undefined> {
    const { paired } = await this.list();
    return paired.find(({ deviceId }) => deviceId === device.id)?.granted;
  }

  /**
   * A device that waits for an owner. Where the gateway lets new devices in by itself, one that it has let in with
   * nothing, and that asks for more. Throws Unjudged where it lets that in as well.
   */
  async waiting(scopes: Scopes, asking?: Asking): Promise<Waiting> {
    const device = this.device();
    const first = await this.ask(device, scopes, asking);
    if (first.missing.length > 0 || first.end !== 'let-in') return this.open(device, first);
    first.peer.end();
    const known = this.device();
    await this.ask(known, [], asking);
    return this.open(known, await this.ask(known, scopes, asking));
  }

  /** The open request that a connect has left; throws Unjudged when it was let in, SetUpFailed when there is none. */
  async open(device: Throwaway, attempt: Attempt): Promise<Waiting> {
    if (attempt.missing.length === 0) throw new Unjudged(NOTHING_WAITS);
    const requestId = attempt.requestId ?? (await this.row(device))?.requestId;
    if (!requestId) throw new SetUpFailed(`no request of ${device.name} waits: ${attempt.message}`);
    return { device, requestId, attempt };
  }

  /** A device that has exactly these scopes, by an owner's approval where it takes one. */
  async paired(scopes: Scopes, asking?: Asking): Promise<{ device: Throwaway; token: string | null }> {
    const device = this.device();
    const first = await this.ask(device, scopes, asking);
    const inAtOnce = first.end === 'let-in' && first.missing.length === 0;
    if (!inAtOnce) await this.approved((await this.open(device, first)).requestId);
    const { last } = inAtOnce ? { last: first } : await this.enter(device, scopes, 3, asking);
    if (last.end !== 'let-in' || last.missing.length > 0) {
      throw new SetUpFailed(`${device.name} is not let in after its approval: ${last.message}`);
    }
    last.peer.end();
    first.peer.end();
    return { device, token: last.deviceToken };
  }

  async approved(requestId: string): Promise<void> {
    const { ok, message } = await (await this.owner()).approve(requestId);
    if (!ok) throw new SetUpFailed(`the approval of ${requestId} was refused: ${message}`);
  }

  /** Events about requests that the owner heard on its first connection, and their payloads. */
  async heard(event: string, device: Throwaway): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { frames } = await this.owner();
    const payloads = frames.filter((frame) => frame.event === event).map(({ payload = {} }) => payload);
    return payloads.filter(({ deviceId }) => deviceId === device.id);
  }

  /** Throws Unjudged when the gateway does not do this at all. */
  need(holds: boolean, reason: string): void {
    if (!holds) throw new Unjudged(reason);
  }

  /** Ends its sockets, and whatever still opens some. */
  end(): void {
    this.#over.abort();
    for (const peer of this.#peers) peer.end();
    for (const owner of this.#owners) owner.end();
  }
}

export function rowsOf({ pending }: List, { id }: Throwaway): readonly Row[] {
  return pending.filter(({ deviceId }) => deviceId === id);
}

/** A request for what the device has already (I17). */
export function isPhantom(list: List, { id }: Throwaway): boolean {
  const granted = list.paired.find(({ deviceId }) => deviceId === id)?.granted;
  const open = list.pending.filter(({ deviceId }) => deviceId === id);
  return granted !== undefined && open.some(({ scopes }) => uncovered(granted, scopes).length === 0);
}
