import { randomBytes } from 'node:crypto';
import type { AccessRequested, Verdict } from '../../machines/authorization-events.ts';
import type { RecordRead } from '../../machines/connection-setup.ts';
import type { CredentialProblem } from '../../machines/denial.ts';
import { covers } from '../../machines/policy.ts';
import { DEFAULT_TERMS, hasQuiet, type Profile, type Terms } from '../../machines/record.ts';
import { readRecord, standingOf } from '../../machines/verdict.ts';
import { type RequestedScopes, ROLES, type Role } from '../../machines/vocabulary.ts';
import type { Store } from '../store/store.ts';
import { NO_ORIGIN, type Origin } from './audit.ts';
import { type Clock, Committer, type TakenStep } from './committer.ts';
import { type DeviceRecord, deviceOf, newDevice, roleOf } from './device.ts';
import type { FailureLog } from './embedder.ts';
import { type Question, readFor } from './reading.ts';
import { checkToken, deriveToken, type TokenRealm } from './tokens.ts';

/** A connect that has proved its device's key and now asks for rights. */
export interface Access {
  readonly deviceId: string;
  /** Base64url without padding; empty where the device is known already. */
  readonly publicKey: string;
  readonly role: Role;
  readonly wish: RequestedScopes;
  /** The device token to check in the same step; null when another credential was accepted already. */
  readonly deviceToken: string | null;
  readonly profile: Profile;
  /** It came over this machine's loopback and nothing else (I14). */
  readonly local: boolean;
  /** A probe opens no request and makes no record. */
  readonly probe: boolean;
  /** A command line is served without a request when it may manage devices: it came to approve. */
  readonly commandLine: boolean;
  readonly origin: Origin;
}

export type AccessAnswer =
  | {
      readonly ok: true;
      readonly verdict: Verdict;
      readonly device: DeviceRecord;
      /** Nothing was written: the device is as it was loaded, and was loaded just now. */
      readonly asLoaded: boolean;
    }
  | { readonly ok: false; readonly problem: CredentialProblem };

/** One look at a device's record for one connection, and the record that it was read from. */
export interface Look {
  readonly reading: Omit<RecordRead, 'type'>;
  readonly device: DeviceRecord;
}

interface Answered {
  readonly answer: AccessAnswer;
  /** The token generation that was used; 0 when none was. */
  readonly usedGeneration: number;
}

const NO_TOKEN = { ok: true, generation: 0 } as const;

/** Which devices are let in without an owner (DESIGN section 4, Auto-approval). Asked only for a wish that is not
 * covered, and never for a device to which an owner has said no in any role: revoked, removed or rejected. */
export type AutoApprove = (access: Access, device: DeviceRecord) => boolean;

export interface AuthorityOptions {
  readonly store: Store;
  readonly realm: TokenRealm;
  readonly clock?: Clock;
  readonly terms?: Partial<Terms>;
  readonly autoApprove?: AutoApprove;
  /** Never-approved devices that may wait at once; more strangers are refused, nobody is evicted (I9). Default 1000. */
  readonly mostStrangers?: number;
  /** Called once for each state change, after it is stored. */
  readonly onAudit?: (line: string) => void;
  /** Called for each step that was taken, also for one that changed nothing; after a change by another process for each
   * role, without an event. */
  readonly onStep?: (step: TakenStep) => void;
  /** Told when `onAudit` or `onStep` throws or rejects, which changes nothing: the step is stored by then. */
  readonly log?: FailureLog;
  /** Called after an owner's decision with the store's position. */
  readonly onDecision?: (seq: number) => void;
}

/** What counts as knowing this gateway; a gateway without authentication has nothing that could be known. */
const SHARED_CREDENTIALS: readonly (string | null)[] = ['shared-secret', 'embedder'];

/** `first-pairing`: a local client that proved the shared credentials pairs the first time by itself. */
export function autoApprovePolicy(policy: 'none' | 'first-pairing' | 'all'): AutoApprove {
  return (access, device) => {
    if (policy === 'none' || !access.local || !SHARED_CREDENTIALS.includes(access.origin.auth)) return false;
    const { state, record } = roleOf(device, access.role);
    // An open request of the same device, made from afar, does not make its first local connect wait.
    return policy === 'all' || standingOf(state, record) === 'unpaired';
  };
}

/** 16 characters of base32: 80 random bits. */
export function newRequestId(): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  return Array.from(randomBytes(16), (byte) => alphabet[byte & 31]).join('');
}

const SYSTEM_CLOCK: Clock = { now: () => Date.now() };

/** The only writer: every change of what a device may do goes through here, and is checked where it is committed. */
export class Authority {
  readonly store: Store;
  readonly realm: TokenRealm;
  readonly clock: Clock;
  readonly terms: Terms;
  readonly committer: Committer;
  readonly onDecision: (seq: number) => void;
  readonly #autoApprove: AutoApprove;
  readonly #mostStrangers: number;
  readonly #followers = new Set<(deviceId: string) => Promise<unknown>>();
  /** Attempts since the request's record was last written, by request id (DESIGN: counted lazily). */
  readonly #attempts = new Map<string, number>();
  /** Tokens by the record that they were derived from. A record never changes, so neither does its token. */
  readonly #tokens = new WeakMap<DeviceRecord, { readonly [R in Role]?: string }>();

  constructor(options: AuthorityOptions) {
    this.store = options.store;
    this.realm = options.realm;
    this.clock = options.clock ?? SYSTEM_CLOCK;
    this.terms = { ...DEFAULT_TERMS, ...options.terms };
    this.onDecision = options.onDecision ?? (() => {});
    this.#autoApprove = options.autoApprove ?? autoApprovePolicy('first-pairing');
    this.#mostStrangers = options.mostStrangers ?? 1000;
    this.committer = new Committer({
      store: this.store,
      clock: this.clock,
      onAudit: options.onAudit ?? (() => {}),
      onStep: options.onStep,
      log: options.log ?? { error: () => {} },
    });
  }

  /** The device as it stands; undefined when nothing is known of it. The object is shared: never change it. */
  async load(deviceId: string): Promise<DeviceRecord | undefined> {
    const row = await this.store.load(deviceId);
    return row && deviceOf(row);
  }

  /** What a connection is told of its device now; a device that vanished reads as one nobody ever saw. */
  async look(deviceId: string, question: Question): Promise<Look> {
    const device = await this.load(deviceId);
    return this.readFrom(device ?? newDevice(deviceId, '', this.clock.now()), question);
  }

  /** The same of a record that is at hand. */
  async readFrom(device: DeviceRecord, question: Question): Promise<Look> {
    return { reading: await readFor(this.store, device, question, this.clock.now()), device };
  }

  /** Check and request in ONE step (I17): the answer says what stands after it. Rejects only when the store fails. */
  async access(access: Access): Promise<AccessAnswer> {
    const row = await this.store.load(access.deviceId);
    const isDue = row?.deadlineMs != null && row.deadlineMs <= this.clock.now();
    // Most connects ask for nothing new: the record answers them, and nothing is written.
    const known = row && !isDue ? this.#answerFrom(deviceOf(row), access) : undefined;
    const done = known ?? (await this.#request(access, row === undefined));
    const { answer } = done;
    if (!answer.ok || !this.#isFirstUse(answer.device, access.role, done.usedGeneration)) return answer;
    await this.#noteTokenUse(access, done.usedGeneration);
    return { ...answer, asLoaded: false };
  }

  /** What the record alone can answer: a token that is not accepted, or a wish that is covered, to which the machine
   * says `covered` and changes nothing. Undefined: the machine has to be asked. */
  #answerFrom(device: DeviceRecord, { deviceToken, role, wish }: Access): Answered | undefined {
    const checked = deviceToken === null ? NO_TOKEN : checkToken(this.realm, device, role, deviceToken);
    if (!checked.ok) return { answer: checked, usedGeneration: 0 };
    const { state, record } = roleOf(device, role);
    if (!readRecord(state, record, wish, this.clock.now()).covered) return undefined;
    return {
      answer: { ok: true, verdict: 'covered', device, asLoaded: true },
      usedGeneration: checked.generation,
    };
  }

  async #request(access: Access, isStranger: boolean): Promise<Answered> {
    const isFull = isStranger && !access.probe && (await this.roomForStrangers()) <= 0;
    const done = await this.committer.run<Answered>(access.deviceId, (loaded, nowMs) => {
      const device = loaded ?? newDevice(access.deviceId, access.publicKey, nowMs);
      const known = this.#answerFrom(device, access);
      if (known) return { kind: 'answer', answer: known };
      const event = this.#asking(device, access, nowMs, !(isFull && loaded === undefined));
      const shown = { ...device, publicKey: access.publicKey || device.publicKey, profile: access.profile };
      const { role, origin } = access;
      return { kind: 'step', device: shown, events: [{ role, event }], origin, durable: false };
    });
    if (done.kind === 'answer') return done.answer;
    this.#countAttempt(done.device, access.role, done.wrote);
    const verdict = done.step?.verdict ?? 'nothing';
    return { answer: { ok: true, verdict, device: done.device, asLoaded: false }, usedGeneration: 0 };
  }

  #asking(device: DeviceRecord, access: Access, at: number, hasRoom: boolean): AccessRequested {
    const { state, record } = roleOf(device, access.role);
    const { live } = readRecord(state, record, access.wish, at);
    // Only who says that it came for devices: a wish for admin alone is for something else, too.
    const saysSo = access.commandLine && access.wish.includes('operator.pairing');
    const managesDevices = saysSo && covers(live, ['operator.pairing']);
    return {
      type: 'access.requested',
      wish: access.wish,
      requestId: newRequestId(),
      from: access.profile,
      mayOpen: !access.probe && !managesDevices && hasRoom,
      auto: !access.probe && !isUnwanted(device) && this.#autoApprove(access, device),
      episodesElsewhere: episodesElsewhere(device, access.role),
      attempts: 1 + (this.#attempts.get(record.request?.id ?? '') ?? 0),
      at,
      terms: this.terms,
    };
  }

  /** Keeps a request alive for a waiter that other processes cannot see (R16). */
  async attend(deviceId: string, role: Role): Promise<void> {
    await this.committer.run<null>(deviceId, (device, nowMs) => {
      if (!device || roleOf(device, role).record.request === null) return { kind: 'answer', answer: null };
      const event = { type: 'request.attended', at: nowMs, attempts: 0, terms: this.terms } as const;
      return { kind: 'step', device, events: [{ role, event }], origin: NO_ORIGIN, durable: false };
    });
  }

  /** `follower` acts on a device's change; its promise resolves when that is done. No decision is acknowledged before
   * (I18). Returns how it ends. */
  follow(follower: (deviceId: string) => Promise<unknown>): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Resolves when everybody who follows has acted on how the device stands now. */
  async followed(deviceId: string): Promise<void> {
    await Promise.allSettled([...this.#followers].map((follower) => follower(deviceId)));
  }

  /** The token that a full hello delivers. */
  tokenFor(device: DeviceRecord, role: Role): string {
    const known = this.#tokens.get(device)?.[role] ?? deriveToken(this.realm, device, role);
    this.#tokens.set(device, { ...this.#tokens.get(device), [role]: known });
    return known;
  }

  /** Attempts of an open request, the ones that are not written yet included. */
  attemptsOf(request: { readonly id: string; readonly attempts: number }): number {
    return request.attempts + (this.#attempts.get(request.id) ?? 0);
  }

  /** Settles what is due; call it about once a second. */
  sweep(limit = 256): Promise<number> {
    return this.committer.sweep(limit);
  }

  #countAttempt(device: DeviceRecord, role: Role, wrote: boolean): void {
    const id = roleOf(device, role).record.request?.id;
    if (id === undefined) return;
    if (wrote) this.#attempts.delete(id);
    else this.#attempts.set(id, (this.#attempts.get(id) ?? 0) + 1);
    // Counts of requests that another process settled are never taken out otherwise.
    if (this.#attempts.size > 10_000) this.#attempts.clear();
  }

  /** Whether this use of a token is the proof that its generation arrived (R9). */
  #isFirstUse(device: DeviceRecord, role: Role, generation: number): boolean {
    const { tokens } = roleOf(device, role).record;
    return generation === tokens.current && !tokens.delivered && tokens.oldest < tokens.current;
  }

  async #noteTokenUse({ role, deviceId, origin }: Access, generation: number): Promise<void> {
    await this.committer.run<null>(deviceId, (now, nowMs) => {
      if (!now) return { kind: 'answer', answer: null };
      const event = { type: 'token.used', generation, at: nowMs, terms: this.terms } as const;
      return { kind: 'step', device: now, events: [{ role, event }], origin, durable: false };
    });
  }

  /** How many more never-approved devices may wait (I9). */
  async roomForStrangers(): Promise<number> {
    return this.#mostStrangers - (await this.store.countState('pairingPending'));
  }
}

/** An owner revoked, removed or rejected it in some role: what it may not do as one, it must not get as the other. */
export function isUnwanted(device: DeviceRecord): boolean {
  return ROLES.some((role) => {
    const { state, record } = roleOf(device, role);
    return record.tombstone || standingOf(state, record) === 'revoked';
  });
}

/** For the limit of new episodes, which is per device (I13). */
export function episodesElsewhere(device: DeviceRecord, role: Role): number {
  return ROLES.filter((other) => other !== role)
    .map((other) => roleOf(device, other).record)
    .reduce((sum, record) => sum + (hasQuiet(record) ? record.quietEpisodesMs.length : 0), 0);
}
