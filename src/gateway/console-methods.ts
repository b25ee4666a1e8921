import Type, { type Static } from 'typebox';
import { formatRequestId, ROLES } from '../../machines/vocabulary.ts';
import { callerDevice, seesOthers } from '../authority/callers.ts';
import { type DeviceRecord, deviceOf, roleOf } from '../authority/device.ts';
import { reject } from '../authority/request-decisions.ts';
import { displayText } from '../protocol/display.ts';
import { callerOf } from './caller-of.ts';
import { connectionView, type DeviceView, deviceView } from './console-rows.ts';
import { deniedAnswer } from './denied.ts';
import { decidingFor, method } from './device-methods.ts';
import { countsOverTime } from './fleet.ts';
import { type Answer, type Call, type Method, ok, refused } from './method.ts';
import type { Session } from './session.ts';

const Id = Type.String({ minLength: 1, maxLength: 128 });
const Devices = Type.Object({
  /** Just these; what is not there is named in `gone`. */
  ids: Type.Optional(Type.Array(Id, { maxItems: 500 })),
  /** Just those with an open request, the longest open first. */
  waiting: Type.Optional(Type.Boolean()),
  /** Those after this id, in the order of ids. */
  after: Type.Optional(Id),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
});
const OfDevice = Type.Object({ deviceId: Id });
const Rejection = Type.Object({ requestId: Id, note: Type.Optional(Type.String({ maxLength: 280 })) });
const Fleet = Type.Object({
  windowMs: Type.Integer({ minimum: 60_000, maximum: 31 * 86_400_000 }),
  buckets: Type.Integer({ minimum: 2, maximum: 240 }),
});

const STATES = ['unpaired', 'pairingPending', 'paired', 'upgradePending', 'revoked', 'revokedPending'];
/** How far back the counts are followed. */
const MOST_EVENTS = 20_000;
const PAGE = 500;

function viewsOf({ core }: Session, devices: readonly DeviceRecord[]): readonly DeviceView[] {
  const { authority, room } = core;
  return devices.map((device) =>
    deviceView(authority, device, room.guests(device.deviceId) as readonly Session[]),
  );
}

/** Which devices this caller may see, as `device.pair.list` decides it. */
function sightOf(session: Session): (deviceId: string) => boolean {
  const caller = callerOf(session);
  const own = callerDevice(caller);
  return seesOthers(caller) ? () => true : (deviceId) => deviceId === own;
}

/** When its oldest request was opened, in epoch ms; null when none is open. */
function waitsSince(device: DeviceRecord, now: number): number | null {
  const open = ROLES.flatMap((role) => roleOf(device, role).record.request ?? []);
  const times = open.filter(({ expiresAtMs }) => expiresAtMs > now).map(({ openedAtMs }) => openedAtMs);
  return times.length === 0 ? null : Math.min(...times);
}

async function named(session: Session, ids: readonly string[], now: number): Promise<Answer> {
  const { authority } = session.core;
  const seen = ids.filter(sightOf(session));
  const loaded = await Promise.all(seen.map((id) => authority.load(id)));
  const devices = loaded.filter((device) => device !== undefined);
  const there = new Set(devices.map(({ deviceId }) => deviceId));
  return ok({
    atMs: now,
    devices: viewsOf(session, devices),
    next: null,
    gone: ids.filter((id) => !there.has(id)),
  });
}

/** A page of what is there. Each page is one snapshot; what changes between two of them is announced by an event. */
async function devices(asked: Static<typeof Devices>, { session }: Call): Promise<Answer> {
  const { ids, waiting, after = '', limit = PAGE } = asked;
  const { authority } = session.core;
  const now = authority.clock.now();
  if (ids) return named(session, ids, now);
  const maySee = sightOf(session);
  const rows = (await authority.store.list()).filter(({ deviceId }) => maySee(deviceId));
  if (waiting) {
    const open = rows.flatMap((row) => {
      const isAsking = Object.values(row.states).some((state) => state.endsWith('Pending'));
      const sinceMs = isAsking ? waitsSince(deviceOf(row), now) : null;
      return sinceMs === null ? [] : [{ device: deviceOf(row), sinceMs }];
    });
    open.sort((left, right) => left.sinceMs - right.sinceMs);
    const page = open.slice(0, limit).map(({ device }) => device);
    return ok({ atMs: now, devices: viewsOf(session, page), next: null, gone: [] });
  }
  const left = rows.filter(({ deviceId }) => deviceId > after);
  const page = left.slice(0, limit).map(deviceOf);
  const next = left.length > limit ? (page.at(-1)?.deviceId ?? null) : null;
  return ok({ atMs: now, devices: viewsOf(session, page), next, gone: [] });
}

function connections(deviceId: string, session: Session): Answer {
  if (!sightOf(session)(deviceId)) return refused('device connections denied');
  const guests = session.core.room.guests(deviceId) as readonly Session[];
  return ok({ connections: guests.map(connectionView) });
}

async function rejectWithNote(
  { requestId, note }: Static<typeof Rejection>,
  session: Session,
): Promise<Answer> {
  const words = displayText(note?.trim() ?? '', 280);
  const done = await reject(decidingFor(session, words === '' ? {} : { note: words }), requestId);
  if (!done.ok) return deniedAnswer(done.denial, 'device pairing rejection');
  return ok({ requestId: formatRequestId(done.request), deviceId: done.device.deviceId });
}

async function fleet(shape: Static<typeof Fleet>, { session }: Call): Promise<Answer> {
  const { authority, room, sessions } = session.core;
  const { store } = authority;
  const now = authority.clock.now();
  const events = await store.history({ limit: MOST_EVENTS });
  const counted = await Promise.all(
    STATES.map(async (state) => [state, await store.countState(state)] as const),
  );
  const counts = Object.fromEntries(counted);
  return ok({
    atMs: now,
    // Before the oldest event that is followed, nothing is known of how it was.
    knownSinceMs: events.length < MOST_EVENTS ? null : (events[0]?.atMs ?? null),
    counts,
    moments: countsOverTime(now, counts, events, shape),
    sockets: {
      open: sessions.size,
      live: [...sessions].filter((one) => one.isAuthorized).length,
      parked: room.parkedCount,
    },
  });
}

/** What the console reads and `device.*` does not tell: rows by page, sockets of a device, counts over time, a note. */
export function consoleMethods(): readonly (readonly [string, Method])[] {
  return [
    method('antechamber.devices', Devices, devices),
    method('antechamber.connections', OfDevice, async ({ deviceId }, { session }) =>
      connections(deviceId, session),
    ),
    method('antechamber.reject', Rejection, (asked, { session }) => rejectWithNote(asked, session)),
    method('antechamber.fleet', Fleet, fleet, 'operator.read'),
  ];
}
