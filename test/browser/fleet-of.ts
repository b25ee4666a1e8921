/** Gateways with something to see: devices with histories, made by the steps that real ones take. */
import { newestRef } from '../../machines/record.ts';
import { formatRequestId, OPENCLAW_VOCABULARY, type Role, readWish } from '../../machines/vocabulary.ts';
import { NO_ORIGIN } from '../../src/authority/audit.ts';
import { Authority, autoApprovePolicy } from '../../src/authority/authority.ts';
import type { Deciding } from '../../src/authority/deciding.ts';
import { roleOf } from '../../src/authority/device.ts';
import { revoke } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import type { House } from '../support/harness.ts';
import { newDevice } from '../support/raw-client.ts';

/** What a device says of itself, and from where. */
export interface Visitor {
  readonly displayName: string;
  readonly clientId: string;
  readonly clientVersion: string;
  readonly platform: string;
  readonly remoteIp: string;
}

/** The house at any moment: the same store and keys under a clock that the caller turns. */
export class Chronicle {
  /** Epoch ms. */
  now = 0;
  readonly authority: Authority;
  readonly owner: Deciding;

  constructor({ authority: { store, realm, terms }, owner }: House) {
    const clock = { now: () => this.now };
    this.authority = new Authority({
      store,
      realm,
      terms,
      clock,
      autoApprove: autoApprovePolicy('none'),
      mostStrangers: 100_000,
    });
    this.owner = { ...owner, authority: this.authority };
  }

  /** A connect; answers the id of the request that is open then, and null when none is. */
  async ask(
    device: { readonly id: string; readonly publicKey: string },
    who: Visitor,
    scopes: readonly string[],
    role: Role = 'operator',
  ): Promise<string | null> {
    const reading = readWish(role, scopes, OPENCLAW_VOCABULARY);
    if (!reading.ok) throw new Error(reading.problem);
    const { displayName, clientId, clientVersion, platform, remoteIp } = who;
    const answer = await this.authority.access({
      deviceId: device.id,
      publicKey: device.publicKey,
      role,
      wish: reading.wish,
      deviceToken: null,
      profile: { displayName, clientId, clientVersion, platform, remoteIp, clientMode: 'backend' },
      local: false,
      probe: false,
      commandLine: false,
      origin: { ...NO_ORIGIN, address: remoteIp, client: clientId, auth: 'shared-secret' },
    });
    const open = answer.ok ? roleOf(answer.device, role).record.request : null;
    return open && formatRequestId(newestRef(open));
  }

  /** A device that was approved for these scopes. */
  async pair(who: Visitor, scopes: readonly string[], role: Role = 'operator') {
    const device = newDevice();
    const id = await this.ask(device, who, scopes, role);
    if (id) await approve(this.owner, id);
    return device;
  }
}

const HOUR = 3_600_000;
const CLIENTS = ['gateway-client', 'openclaw-macos', 'openclaw-ios', 'openclaw-android', 'node-host', 'cli'];
const PLACES = ['kitchen', 'studio', 'workshop', 'office', 'library', 'attic', 'garden', 'garage'];
const THINGS = ['tablet', 'laptop', 'phone', 'display', 'server', 'desktop'];
const PLATFORMS = ['linux', 'darwin', 'ios', 'android', 'win32'];
const GRANTS = [
  ['operator.read'],
  ['operator.read', 'operator.write'],
  ['operator.read', 'operator.talk'],
  ['operator.approvals', 'operator.pairing', 'operator.read'],
  ['operator.admin'],
];

const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;

export function visitor(at: number): Visitor {
  return {
    displayName: `${pick(PLACES, at)} ${pick(THINGS, Math.floor(at / PLACES.length))}`,
    clientId: pick(CLIENTS, at * 7),
    clientVersion: pick(['2026.9.6', '2026.9.1', '2026.2.19'], at),
    platform: pick(PLATFORMS, at * 3),
    remoteIp: `192.0.2.${1 + (at % 250)}`,
  };
}

/** `devices` that were approved one after the other in the time before `now`; every seventeenth was revoked since. */
export async function populate(
  chronicle: Chronicle,
  devices: number,
  now: number,
  spanMs = 22 * HOUR,
): Promise<void> {
  for (let at = 0; at < devices; at += 1) {
    // More by day than by night, so that the picture has a shape.
    const part = at / devices;
    chronicle.now = Math.round(now - spanMs * (1 - part - 0.09 * Math.sin(part * 6.283)));
    const device = await chronicle.pair(visitor(at), pick(GRANTS, at * 3));
    if (at % 17 === 5) {
      chronicle.now = Math.min(now - 1000, chronicle.now + HOUR);
      await revoke(chronicle.owner, device.id, 'operator');
    }
  }
  chronicle.now = now;
}

/** `count` devices that nobody knows ask, one every `everyMs`, the last of them just now. */
export async function crowd(chronicle: Chronicle, count: number, now: number, everyMs: number, from = 0) {
  const devices = [];
  for (let at = 0; at < count; at += 1) {
    chronicle.now = now - (count - at) * everyMs;
    const device = newDevice();
    await chronicle.ask(device, visitor(from + at), pick(GRANTS, at));
    devices.push(device);
  }
  chronicle.now = now;
  return devices;
}
