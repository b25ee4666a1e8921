/** An authority over a memory store with a clock that the test turns: what a gateway and an owner do to it, as calls. */
import { createSecretKey } from 'node:crypto';
import { newestRef, type Terms } from '../../machines/record.ts';
import { formatRequestId, type RequestedScopes, type Role } from '../../machines/vocabulary.ts';
import { NO_ORIGIN } from '../../src/authority/audit.ts';
import {
  type Access,
  type AccessAnswer,
  Authority,
  type AuthorityOptions,
  autoApprovePolicy,
} from '../../src/authority/authority.ts';
import type { Caller } from '../../src/authority/callers.ts';
import type { Deciding } from '../../src/authority/deciding.ts';
import { type DeviceRecord, type RoleRecord, roleOf } from '../../src/authority/device.ts';
import type { TokenRealm } from '../../src/authority/tokens.ts';
import { MemoryBacking, memoryStore } from '../../src/store/memory.ts';
import type { Store, StoredEvent } from '../../src/store/store.ts';

export const READ = 'operator.read';
export const WRITE = 'operator.write';
export const PAIR = 'operator.pairing';
export const ADMIN = 'operator.admin';

export const id = (letter: string): string => letter.repeat(64);
export const A = id('a');
export const B = id('b');

export const OWNER: Caller = { class: 'store-file', name: 'owner' };

export function realmOf(storeId: string, secret = 1): TokenRealm {
  const key = { id: secret.toString(16).padStart(8, '0'), secret: createSecretKey(Buffer.alloc(32, secret)) };
  return { storeId, epoch: 1, keys: [key] };
}

interface DeskOptions extends Pick<AuthorityOptions, 'autoApprove' | 'mostStrangers' | 'onStep'> {
  readonly backing?: MemoryBacking;
  readonly terms?: Partial<Terms>;
  /** What the authority sees of the backing; a plain opening of it otherwise. */
  readonly store?: Store;
}

/** One process with an authority in it. Two desks over one backing are two processes over one file. */
export class Desk {
  readonly backing: MemoryBacking;
  readonly authority: Authority;
  readonly lines: string[] = [];
  now = 1_000_000;

  constructor({ backing = new MemoryBacking(), ...options }: DeskOptions = {}) {
    this.backing = backing;
    this.authority = new Authority({
      autoApprove: autoApprovePolicy('none'),
      store: memoryStore(backing),
      ...options,
      realm: realmOf(backing.id),
      clock: { now: () => this.now },
      onAudit: (line) => this.lines.push(line),
    });
  }

  /** A connect with the shared secret, or with the device token that `more` brings. */
  ask(deviceId: string, wish: readonly string[], more: Partial<Access> = {}): Promise<AccessAnswer> {
    const auth = more.deviceToken == null ? 'shared-secret' : 'device-token';
    return this.authority.access({
      deviceId,
      publicKey: `key-of-${deviceId.slice(0, 4)}`,
      role: 'operator',
      wish: [...wish].sort() as readonly string[] as RequestedScopes,
      deviceToken: null,
      profile: { clientId: 'cli', clientMode: 'cli' },
      local: false,
      probe: false,
      commandLine: false,
      origin: { ...NO_ORIGIN, auth },
      ...more,
    });
  }

  as(caller: Caller): Deciding {
    return { authority: this.authority, caller, origin: {} };
  }

  get owner(): Deciding {
    return this.as(OWNER);
  }

  async device(deviceId: string): Promise<DeviceRecord> {
    const device = await this.authority.load(deviceId);
    if (!device) throw new Error(`nothing is known of ${deviceId.slice(0, 4)}`);
    return device;
  }

  async role(deviceId: string, role: Role = 'operator'): Promise<RoleRecord> {
    return roleOf(await this.device(deviceId), role);
  }

  /** The id of the open request, as an owner would name it. */
  async open(deviceId: string, role: Role = 'operator'): Promise<string> {
    const { request } = (await this.role(deviceId, role)).record;
    if (!request) throw new Error('no request is open');
    return formatRequestId(newestRef(request));
  }

  async token(deviceId: string, role: Role = 'operator'): Promise<string> {
    return this.authority.tokenFor(await this.device(deviceId), role);
  }

  history(deviceId?: string): Promise<readonly StoredEvent[]> {
    return this.authority.store.history(deviceId === undefined ? {} : { deviceId });
  }
}
