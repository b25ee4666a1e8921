/**
 * Takes over what another gateway decided on its devices. What was decided here is never touched; the same import again
 * changes nothing; and all of it is one step of the store.
 */
import { hash } from 'node:crypto';
import type { AuthorizationEvent } from '../../machines/authorization-events.ts';
import { isDecidedHere, newestRef, type Profile } from '../../machines/record.ts';
import { formatRequestId, type RequestedScopes, type Role } from '../../machines/vocabulary.ts';
import type { ImportedFrom, Origin } from './audit.ts';
import { isUnwanted, newRequestId } from './authority.ts';
import { describeCaller } from './callers.ts';
import { dueEvents } from './committer.ts';
import { type Deciding, originOf } from './deciding.ts';
import { type DeviceRecord, isPaired, newDevice, roleOf } from './device.ts';
import type { Part } from './moves.ts';
import { step } from './step.ts';

/** One role of a device, as another gateway had approved it. */
export interface ForeignRole {
  readonly role: Role;
  readonly ceiling: readonly string[];
  readonly grant: readonly string[];
  /** `hashOfToken` of its token; null when it has none that counts. */
  readonly tokenHash: string | null;
  /** When an owner revoked it there; null while it stands. Epoch ms. */
  readonly revokedAtMs: number | null;
}

/** A device of another gateway. Its id belongs to its key, and its texts are escaped: the reader has seen to both. */
export interface ForeignDevice {
  readonly deviceId: string;
  /** Raw Ed25519 key, base64url without padding. */
  readonly publicKey: string;
  /** The name that an owner gave it there. */
  readonly label: string | null;
  readonly profile: Profile;
  readonly createdAtMs: number;
  readonly approvedAtMs: number;
  readonly approvedVia: string | null;
  readonly roles: readonly ForeignRole[];
}

/** What waits for an owner of the other gateway, in one role. */
export interface ForeignRequest {
  readonly requestId: string;
  readonly deviceId: string;
  readonly publicKey: string;
  readonly role: Role;
  readonly wish: RequestedScopes;
  readonly profile: Profile;
  /** When it is over there unless the device asks again. Epoch ms. */
  readonly endsAtMs: number;
}

export interface ForeignList {
  /** For the history, such as `OpenClaw 2026.9`. */
  readonly source: string;
  readonly devices: readonly ForeignDevice[];
  readonly requests: readonly ForeignRequest[];
}

/** `import` and `update` (of an earlier import) take over, `open` opens a request; the others change nothing. */
export type ImportAction = 'import' | 'update' | 'open' | 'here' | 'kept' | 'left-out';

/** What becomes of one role of a device, or of one request. */
export interface ImportLine {
  readonly deviceId: string;
  readonly role: Role;
  readonly action: ImportAction;
  /** Why nothing is done; null where something is. */
  readonly reason: string | null;
  readonly ceiling: readonly string[];
  /** What it may use, or what it asks for. */
  readonly grant: readonly string[];
  /** It comes over as revoked. */
  readonly revoked: boolean;
  /** Its token goes on working. */
  readonly token: boolean;
  /** The other gateway's id of a request; null for what was approved there. */
  readonly replaces: string | null;
  /** Our id of it, once it is open. */
  readonly requestId: string | null;
}

/** What an import would do now. Nothing is written. */
export async function previewImport(deciding: Deciding, list: ForeignList): Promise<readonly ImportLine[]> {
  const { authority } = deciding;
  const devices = new Map<string, DeviceRecord>();
  for (const deviceId of idsOf(list)) {
    const device = await authority.load(deviceId);
    if (device) devices.set(deviceId, device);
  }
  const room = await authority.roomForStrangers();
  const { lines } = planAll(deciding, list, devices, room, authority.clock.now());
  return lines.map((line) => (line.action === 'open' ? { ...line, requestId: null } : line));
}

/** Does it, all or nothing, durably; the lines say what was done. Rejects with a StoreError. */
export async function importAll(deciding: Deciding, list: ForeignList): Promise<readonly ImportLine[]> {
  const { authority } = deciding;
  const room = await authority.roomForStrangers();
  const { answer, seq } = await authority.committer.runAll(idsOf(list), (devices, at) => {
    const planned = planAll(deciding, list, devices, room, at);
    return { parts: planned.parts, answer: planned.lines };
  });
  if (seq > 0) authority.onDecision(seq);
  await Promise.all(idsOf(list).map((deviceId) => authority.followed(deviceId)));
  return answer;
}

function idsOf({ devices, requests }: ForeignList): readonly string[] {
  return [...new Set([...devices, ...requests].map(({ deviceId }) => deviceId))];
}

function planAll(
  deciding: Deciding,
  list: ForeignList,
  known: ReadonlyMap<string, DeviceRecord>,
  room: number,
  at: number,
): { readonly parts: readonly Part[]; readonly lines: readonly ImportLine[] } {
  const devices = new Map(list.devices.map((device) => [device.deviceId, device]));
  const requests = Map.groupBy(list.requests, ({ deviceId }) => deviceId);
  let left = room;
  const planned = idsOf(list).map((deviceId) => {
    const foreign = devices.get(deviceId);
    const asking = requests.get(deviceId) ?? [];
    const planner = new DevicePlan(deciding, list.source, known.get(deviceId), foreign ?? asking[0], at);
    for (const role of foreign?.roles ?? []) planner.importRole(foreign as ForeignDevice, role);
    for (const request of asking) if (planner.open(request, left > 0)) left -= 1;
    return planner;
  });
  return {
    parts: planned.map(({ part }) => part),
    lines: planned.flatMap(({ lines }) => lines),
  };
}

/** Plans what becomes of one device, by stepping a copy of its record. */
class DevicePlan {
  readonly lines: ImportLine[] = [];
  readonly #deciding: Deciding;
  readonly #source: string;
  readonly #at: number;
  readonly #start: DeviceRecord;
  readonly #isUnwanted: boolean;
  readonly #events: Part['events'][number][] = [];
  #device: DeviceRecord;

  constructor(
    deciding: Deciding,
    source: string,
    known: DeviceRecord | undefined,
    foreign: ForeignDevice | ForeignRequest | undefined,
    at: number,
  ) {
    this.#deciding = deciding;
    this.#source = source;
    this.#at = at;
    this.#start = foreign ? withClaims(known, foreign, at) : (known as DeviceRecord);
    this.#device = this.#start;
    for (const { role, event } of dueEvents(this.#start, at)) this.#take(role, event, originOf(deciding));
    this.#isUnwanted = isUnwanted(this.#device);
  }

  get part(): Part {
    return { device: this.#start, events: this.#events };
  }

  importRole(device: ForeignDevice, foreign: ForeignRole): void {
    const { role, ceiling, grant, tokenHash, revokedAtMs } = foreign;
    const { authority, caller } = this.#deciding;
    const at = this.#at;
    const fingerprint = hash('sha256', JSON.stringify([ceiling, grant, tokenHash, revokedAtMs]), 'base64url');
    const decided = { by: describeCaller(caller), at, terms: authority.terms };
    const { epoch } = authority.realm;
    const { approvedAtMs, approvedVia } = device;
    const event = {
      ...decided,
      type: 'device.imported',
      ...{ ceiling, grant, tokenHash, epoch, fingerprint, approvedAtMs },
    } as const;
    const before = roleOf(this.#device, role);
    const { verdict } = step(before, event);
    const about = { role, ceiling, grant, revoked: revokedAtMs !== null, token: tokenHash !== null };
    if (verdict === 'alreadyImported') return this.#say({ ...about, action: 'here', reason: ALREADY });
    if (verdict === 'kept' || this.#isUnwanted) {
      const reason = this.#isUnwanted ? SAID_NO : DECIDED;
      return this.#say({ ...about, action: 'kept', reason });
    }
    const origin = this.#origin({ approvedVia, approvedAtMs, revokedAtMs, requestIds: [] });
    this.#take(role, event, origin);
    if (revokedAtMs !== null) this.#take(role, { ...decided, type: 'grant.revoked' }, origin);
    this.#say({ ...about, action: isPaired(before) ? 'update' : 'import', reason: null });
  }

  /** Whether one more stranger waits now. */
  open(request: ForeignRequest, hasRoom: boolean): boolean {
    const { role, wish, requestId, profile, endsAtMs } = request;
    const before = roleOf(this.#device, role);
    const isStranger = this.#device.roles[role] === undefined && !isPaired(before);
    const about = { role, grant: wish, replaces: requestId };
    const leave = (action: ImportAction, reason: string): false => {
      this.#say({ ...about, action, reason });
      return false;
    };
    if (endsAtMs <= this.#at) return leave('left-out', EXPIRED);
    if (this.#isUnwanted) return leave('kept', SAID_NO);
    if (isDecidedHere(before.record, isPaired(before))) return leave('kept', DECIDED);
    const origin = this.#origin({
      ...{ approvedVia: null, approvedAtMs: 0, revokedAtMs: null },
      requestIds: [requestId],
    });
    const verdict = this.#take(
      role,
      {
        type: 'access.requested',
        ...{ wish, from: profile, attempts: 1, auto: false, episodesElsewhere: 0 },
        requestId: newRequestId(),
        mayOpen: hasRoom || !isStranger,
        at: this.#at,
        terms: this.#deciding.authority.terms,
      },
      origin,
    );
    const { request: opened } = roleOf(this.#device, role).record;
    const ours = opened && formatRequestId(newestRef(opened));
    if (verdict === 'covered') return leave('left-out', GRANTED);
    if (verdict === 'joined') return leave('here', `it waits here as ${ours}`);
    if (verdict !== 'opened' && verdict !== 'widened') return leave('left-out', NO_ROOM);
    this.#say({ ...about, action: 'open', reason: null, requestId: ours });
    return isStranger;
  }

  #take(role: Role, event: AuthorizationEvent, origin: Origin): string {
    const { next, verdict, announcements } = step(roleOf(this.#device, role), event);
    if (announcements.length > 0) {
      this.#events.push({ role, event, origin });
      this.#device = { ...this.#device, roles: { ...this.#device.roles, [role]: next } };
    }
    return verdict;
  }

  #origin(imported: Omit<ImportedFrom, 'source'>): Origin {
    return { ...originOf(this.#deciding), imported: { source: this.#source, ...imported } };
  }

  #say(line: Pick<ImportLine, 'role' | 'action' | 'reason' | 'grant'> & Partial<ImportLine>): void {
    const { deviceId } = this.#start;
    const rest = { ceiling: line.grant, revoked: false, token: false, replaces: null, requestId: null };
    this.lines.push({ deviceId, ...rest, ...line });
  }
}

const ALREADY = 'imported before, and the same there since';
const DECIDED = 'decided here';
const SAID_NO = 'an owner said no to this device here';
const EXPIRED = 'it is over there; the device asks again by itself';
const GRANTED = 'what it asks for is granted';
const NO_ROOM = 'too many devices wait here; it asks again by itself';

/** What the device and its owner called it is taken over where nothing is known of that here. */
function withClaims(
  known: DeviceRecord | undefined,
  foreign: ForeignDevice | ForeignRequest,
  at: number,
): DeviceRecord {
  const { deviceId, publicKey, profile } = foreign;
  const device = known ?? newDevice(deviceId, publicKey, at);
  const given = 'label' in foreign ? foreign : { label: null, createdAtMs: at };
  return {
    ...device,
    publicKey: device.publicKey || publicKey,
    label: device.label ?? given.label,
    createdAtMs: Math.min(device.createdAtMs, given.createdAtMs),
    profile: Object.keys(device.profile).length > 0 ? device.profile : profile,
  };
}
