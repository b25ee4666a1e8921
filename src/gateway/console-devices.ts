import Type, { type Static } from 'typebox';
import { ROLES } from '../../machines/vocabulary.ts';
import type { Authority } from '../authority/authority.ts';
import { callerDevice, seesOthers } from '../authority/callers.ts';
import { type DeviceRecord, deviceOf, roleOf } from '../authority/device.ts';
import { callerOf } from './caller-of.ts';
import { deviceView } from './console-rows.ts';
import type { DevicesPage, DeviceView } from './console-views.ts';
import { type Answer, type Call, ok } from './method.ts';
import type { Session } from './session.ts';

const Id = Type.String({ minLength: 1, maxLength: 128 });
/** The parameters of `antechamber.devices`. */
export const Devices = Type.Object({
  /** Just these; what is not there is named in `gone`. */
  ids: Type.Optional(Type.Array(Id, { maxItems: 500 })),
  /** Just those with an open request, the longest open first. */
  waiting: Type.Optional(Type.Boolean()),
  /** Those after this id, in the order of ids. */
  after: Type.Optional(Id),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
});

const PAGE = 500;
/** With more deadlines than these it is quicker to read all there is. */
const MOST_DEADLINES = 1500;

/** Which devices this caller may see, as `device.pair.list` decides it. */
export function sightOf(session: Session): (deviceId: string) => boolean {
  const caller = callerOf(session);
  const own = callerDevice(caller);
  return seesOthers(caller) ? () => true : (deviceId) => deviceId === own;
}

function viewsOf({ core }: Session, devices: readonly DeviceRecord[]): readonly DeviceView[] {
  const { authority, room } = core;
  return devices.map((device) =>
    deviceView(authority, device, room.guests(device.deviceId) as readonly Session[]),
  );
}

async function recordsOf(authority: Authority, ids: readonly string[]): Promise<readonly DeviceRecord[]> {
  const loaded = await Promise.all(ids.map((id) => authority.load(id)));
  return loaded.filter((device) => device !== undefined);
}

/** When its oldest request was opened, in epoch ms; null when none is open. */
function waitsSince(device: DeviceRecord, now: number): number | null {
  const open = ROLES.flatMap((role) => roleOf(device, role).record.request ?? []);
  const times = open.filter(({ expiresAtMs }) => expiresAtMs > now).map(({ openedAtMs }) => openedAtMs);
  return times.length === 0 ? null : Math.min(...times);
}

/**
 * Every device that may have an open request. A request has a deadline, and of those the store keeps an index: what an
 * owner waits for is read without the thousands of devices that ask for nothing.
 */
async function withDeadline(authority: Authority): Promise<readonly DeviceRecord[]> {
  const ids = await authority.store.due(Number.MAX_SAFE_INTEGER, MOST_DEADLINES + 1);
  if (ids.length > MOST_DEADLINES) return (await authority.store.list()).map(deviceOf);
  return recordsOf(authority, ids);
}

async function waitingOnes(session: Session, limit: number): Promise<readonly DeviceRecord[]> {
  const { authority } = session.core;
  const now = authority.clock.now();
  const maySee = sightOf(session);
  const open = (await withDeadline(authority)).flatMap((device) => {
    const sinceMs = maySee(device.deviceId) ? waitsSince(device, now) : null;
    return sinceMs === null ? [] : [{ device, sinceMs }];
  });
  open.sort((left, right) => left.sinceMs - right.sinceMs);
  return open.slice(0, limit).map(({ device }) => device);
}

/** The ids that a session reads through part by part, as they were when it began. */
const readings = new WeakMap<Session, readonly string[]>();

/**
 * One part of all devices. Only their ids are of the moment of the first part: to list all records for each part would
 * take a second of the gateway's time where there are thousands. A record is read when its part is.
 */
async function part(session: Session, after: string, limit: number) {
  const { authority } = session.core;
  const kept = after === '' ? undefined : readings.get(session);
  const ids = kept ?? (await authority.store.list()).map(({ deviceId }) => deviceId);
  const maySee = sightOf(session);
  const left = ids.filter((id) => id > after && maySee(id));
  const here = left.slice(0, limit);
  const next = left.length > limit ? (here.at(-1) ?? null) : null;
  if (next === null) readings.delete(session);
  else readings.set(session, ids);
  return { records: await recordsOf(authority, here), next };
}

/** What an owner sees of devices: some by name, those that wait, or all in parts. What changes between two answers is
 * announced by an event. */
export async function devices(asked: Static<typeof Devices>, { session }: Call): Promise<Answer> {
  const { ids, waiting, after = '', limit = PAGE } = asked;
  const { authority } = session.core;
  const atMs = authority.clock.now();
  const answer = (records: readonly DeviceRecord[], rest: Partial<DevicesPage> = {}): Answer =>
    ok({
      atMs,
      devices: viewsOf(session, records),
      next: null,
      gone: [],
      ...rest,
    } satisfies DevicesPage);
  if (ids) {
    const found = await recordsOf(authority, ids.filter(sightOf(session)));
    const there = new Set(found.map(({ deviceId }) => deviceId));
    return answer(found, { gone: ids.filter((id) => !there.has(id)) });
  }
  if (waiting) return answer(await waitingOnes(session, limit));
  const { records, next } = await part(session, after, limit);
  return answer(records, { next });
}
