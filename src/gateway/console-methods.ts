import Type, { type Static } from 'typebox';
import { formatRequestId } from '../../machines/vocabulary.ts';
import { reject } from '../authority/request-decisions.ts';
import { displayText } from '../protocol/display.ts';
import { Devices, devices, sightOf } from './console-devices.ts';
import { connectionView } from './console-rows.ts';
import type { ConnectionsPage, FleetPage } from './console-views.ts';
import { deniedAnswer } from './denied.ts';
import { decidingFor, method } from './device-methods.ts';
import { countsOverTime } from './fleet.ts';
import { type Answer, type Call, type Method, ok, refused } from './method.ts';
import type { Session } from './session.ts';

const Id = Type.String({ minLength: 1, maxLength: 128 });
const OfDevice = Type.Object({ deviceId: Id });
const Rejection = Type.Object({ requestId: Id, note: Type.Optional(Type.String({ maxLength: 280 })) });
const Fleet = Type.Object({
  windowMs: Type.Integer({ minimum: 60_000, maximum: 31 * 86_400_000 }),
  buckets: Type.Integer({ minimum: 2, maximum: 240 }),
});

const STATES = ['unpaired', 'pairingPending', 'paired', 'upgradePending', 'revoked', 'revokedPending'];
/** How far back the counts are followed. */
const MOST_EVENTS = 20_000;

function connections(deviceId: string, session: Session): Answer {
  if (!sightOf(session)(deviceId)) return refused('device connections denied');
  const guests = session.core.room.guests(deviceId) as readonly Session[];
  return ok({ connections: guests.map(connectionView) } satisfies ConnectionsPage);
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
  } satisfies FleetPage);
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
