import { setTimeout as pause } from 'node:timers/promises';
import type { Role } from '../../machines/vocabulary.ts';
import { attempt, record, text, texts } from './attempt.ts';
import type { Throwaway } from './device.ts';
import type { Peer } from './peer.ts';
import type { Target } from './target.ts';
import type { Trace } from './trace.ts';

/** A row of `device.pair.list`, as far as every gateway has it. */
export interface Row {
  readonly deviceId: string;
  readonly requestId: string;
  readonly role: string;
  /** Of a request: what it asks for. Of a device: what was approved. */
  readonly scopes: readonly string[];
  /** The roles in which the device may connect now. */
  readonly liveRoles: readonly string[];
  /** What the device may use now; absent where the gateway does not say. */
  readonly granted?: readonly string[];
}

export interface List {
  readonly pending: readonly Row[];
  readonly paired: readonly Row[];
  /** Where the gateway lists what was declined. */
  readonly declined: readonly Row[];
}

/** The answer to a decision. */
export interface Answer {
  readonly ok: boolean;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A connection of this program may not manage devices. */
export class NoOwner extends Error {
  /** What would have to be approved; null where that would not help. */
  readonly requestId: string | null;
  constructor(message: string, requestId: string | null) {
    super(message);
    this.requestId = requestId;
  }
}

export interface OwnerOptions {
  /** Null: the shared secret alone. */
  readonly device: Throwaway | null;
  readonly trace: Trace;
  readonly signal: AbortSignal;
}

const PROGRAM = { id: 'cli', mode: 'cli' } as const;
const SCOPES = [
  'operator.admin',
  'operator.approvals',
  'operator.pairing',
  'operator.read',
  'operator.write',
];

/** A connection that decides about devices, as the gateway's owner. It connects as local, and again when it is closed. */
export class Owner {
  readonly #target: Target;
  readonly #device: Throwaway | null;
  readonly #trace: Trace;
  readonly #signal: AbortSignal;
  #peer: Peer;

  private constructor(target: Target, peer: Peer, { device, trace, signal }: OwnerOptions) {
    this.#target = target;
    this.#peer = peer;
    this.#device = device;
    this.#trace = trace;
    this.#signal = signal;
  }

  /** Rejects with NoOwner when it is not let in. */
  static async connect(target: Target, options: OwnerOptions): Promise<Owner> {
    return new Owner(target, await connected(target, options), options);
  }

  /** Rejects with NoOwner when it is not let in, or may not look. */
  static async open(target: Target, options: OwnerOptions): Promise<Owner> {
    const owner = await Owner.connect(target, options);
    const list = await owner.call('device.pair.list', {});
    if (list.ok) return owner;
    owner.end();
    throw new NoOwner(`device.pair.list was refused: ${list.message}`, null);
  }

  /** Its frames so far: the events that it heard are among them. */
  get frames(): Peer['frames'] {
    return this.#peer.frames;
  }

  async call(method: string, params: unknown): Promise<Answer> {
    if (this.#peer.closed) {
      const [device, trace, signal] = [this.#device, this.#trace, this.#signal];
      this.#peer = await connected(this.#target, { device, trace, signal });
    }
    const answer = await this.#peer.call(method, params);
    const message = answer?.error?.message ?? (answer ? '' : 'no answer');
    return { ok: answer?.ok === true, payload: answer?.payload ?? {}, message };
  }

  async list(): Promise<List> {
    const { ok, payload, message } = await this.call('device.pair.list', {});
    if (!ok) throw new Error(`device.pair.list was refused: ${message}`);
    return { pending: rows(payload.pending), paired: rows(payload.paired), declined: rows(payload.declined) };
  }

  approve(requestId: string): Promise<Answer> {
    return this.call('device.pair.approve', { requestId });
  }

  reject(requestId: string): Promise<Answer> {
    return this.call('device.pair.reject', { requestId });
  }

  remove(deviceId: string): Promise<Answer> {
    return this.call('device.pair.remove', { deviceId });
  }

  rotate(deviceId: string, scopes: readonly string[] | null): Promise<Answer> {
    const named = scopes === null ? {} : { scopes };
    return this.call('device.token.rotate', { deviceId, role: 'operator', ...named });
  }

  revoke(deviceId: string, role: Role = 'operator'): Promise<Answer> {
    return this.call('device.token.revoke', { deviceId, role });
  }

  end(): void {
    this.#peer.end();
  }
}

async function connected(target: Target, { device, trace, signal }: OwnerOptions): Promise<Peer> {
  const peer = await target.open('owner', trace, signal, {});
  const ask = { device, role: 'operator', scopes: SCOPES, auth: target.shared, program: PROGRAM } as const;
  const { end, message, requestId } = await attempt(target, peer, ask);
  const { payload } = peer.frames.find(({ type, ok }) => type === 'res' && ok) ?? {};
  target.version = text(record(payload?.server).version) ?? target.version;
  if (end === 'let-in') return peer;
  peer.end();
  throw new NoOwner(message || 'it is kept waiting', requestId);
}

/** How often, and how many ms apart, it looks whether an owner has approved: two minutes in all. */
const PATIENCE = { tries: 60, everyMs: 2000 };

/**
 * Who owns the gateway for this run: the shared secret alone, else a device that the gateway pairs by itself, else one
 * that its real owner approves meanwhile: `onWaiting` is told which request that is. Rejects with NoOwner.
 */
export async function findOwner(
  target: Target,
  device: Throwaway,
  { trace, signal }: Pick<OwnerOptions, 'trace' | 'signal'>,
  onWaiting: (requestId: string) => void,
): Promise<Throwaway | null> {
  const bare = await refusal(target, { device: null, trace, signal });
  if (bare === null) return null;
  let told = false;
  for (let left = PATIENCE.tries; ; left--) {
    const problem = await refusal(target, { device, trace, signal });
    if (problem === null) return device;
    if (problem.requestId === null || left === 0) throw problem;
    if (!told) onWaiting(problem.requestId);
    told = true;
    await pause(PATIENCE.everyMs, undefined, { signal });
  }
}

async function refusal(target: Target, options: OwnerOptions): Promise<NoOwner | null> {
  try {
    (await Owner.open(target, options)).end();
    return null;
  } catch (error) {
    if (error instanceof NoOwner) return error;
    throw error;
  }
}

function rows(value: unknown): readonly Row[] {
  return Array.isArray(value) ? value.map(rowOf) : [];
}

function rowOf(value: unknown): Row {
  const row = typeof value === 'string' ? { deviceId: value } : record(value);
  const tokens = Array.isArray(row.tokens) ? row.tokens.map(record) : undefined;
  const live = tokens?.filter((token) => token.revokedAtMs === undefined || token.revokedAtMs === null);
  const granted = live?.flatMap((token) => texts(token.scopes) ?? []);
  return {
    deviceId: text(row.deviceId) ?? '',
    requestId: text(row.requestId) ?? '',
    role: text(row.role) ?? '',
    scopes: texts(row.scopes) ?? [],
    liveRoles: live?.map((token) => text(token.role) ?? '') ?? texts(row.roles) ?? [],
    ...(granted && { granted }),
  };
}
