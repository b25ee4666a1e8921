import Type, { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { formatRequestId, type Role } from '../../machines/vocabulary.ts';
import { detailOf } from '../authority/audit.ts';
import { callerDevice, seesOthers } from '../authority/callers.ts';
import type { Deciding, Decision, DecisionOrigin } from '../authority/deciding.ts';
import { type DeviceRecord, roleOf } from '../authority/device.ts';
import { forgive, reissue, remove, rename, revoke, rotate } from '../authority/device-decisions.ts';
import { listDevices, pairedRow, visibleTo } from '../authority/listing.ts';
import { approve, reject } from '../authority/request-decisions.ts';
import { callerOf } from './caller-of.ts';
import { type Attempt, deniedAnswer } from './denied.ts';
import { type Answer, type Call, type Method, ok, refused } from './method.ts';
import type { Session } from './session.ts';

const PAIRING = 'operator.pairing';
const Id = Type.String({ minLength: 1, maxLength: 128 });
const RoleName = Type.Union([Type.Literal('operator'), Type.Literal('node')]);
const Scopes = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 64 });
const OfRequest = Type.Object({ requestId: Id, scopes: Type.Optional(Scopes) });
const OfDevice = Type.Object({ deviceId: Id });
const OfRole = Type.Object({ deviceId: Id, role: RoleName });
const Rotation = Type.Object({ deviceId: Id, role: RoleName, scopes: Type.Optional(Scopes) });
const Label = Type.Object({ deviceId: Id, label: Type.String({ maxLength: 256 }) });
const History = Type.Object({
  deviceId: Id,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
});

export function decidingFor(session: Session, more: Pick<DecisionOrigin, 'note'> = {}): Deciding {
  const { core, connId, address, credential } = session;
  return {
    authority: core.authority,
    // Asked for anew in every step: what the session has lost by then, it does not give to others any more (I18).
    get caller() {
      return callerOf(session);
    },
    origin: { connId, address, auth: credential, client: session.admission?.client.id ?? null, ...more },
  };
}

/** A management method: its params are checked against a schema, and it needs `operator.pairing` (PROTOCOL 5.2). */
export function method<S extends TSchema>(
  name: string,
  schema: S,
  handle: (params: Static<S>, call: Call) => Promise<Answer>,
  scope = PAIRING,
): [string, Method] {
  const check = Compile(schema);
  return [
    name,
    {
      scope,
      role: 'operator',
      handle: (call) => {
        const { params } = call;
        if (check.Check(params)) return handle(params as Static<S>, call);
        const [first] = check.Errors(params);
        const where = first?.instancePath.slice(1) || 'params';
        return refused(`invalid ${name} params: ${where} ${first?.message ?? 'is not valid'}`);
      },
    },
  ];
}

function isConnected({ core }: Session): (deviceId: string) => boolean {
  return (deviceId) => [...core.room.guests(deviceId)].some((guest) => (guest as Session).isAuthorized);
}

/** What is given is in the vocabulary, as what is asked for is: `operator.admin` would cover any word at all. */
function unknownScopes({ core }: Session, scopes: readonly string[] = []): Answer | undefined {
  const known = [...core.vocabulary.operator, ...core.vocabulary.node];
  const unknown = scopes.filter((scope) => !known.includes(scope));
  if (unknown.length === 0) return undefined;
  return refused(`unknown scope: ${unknown.join(', ')}`, { code: 'UNKNOWN_SCOPE', scopes: unknown });
}

function answer<T>(decision: Decision<T>, attempt: Attempt, payload: (done: T) => unknown): Answer {
  return decision.ok ? ok(payload(decision)) : deniedAnswer(decision.denial, attempt);
}

function rotatedPayload(session: Session, device: DeviceRecord, role: Role): object {
  const { record } = roleOf(device, role);
  const isOwn = callerDevice(callerOf(session)) === device.deviceId;
  return {
    deviceId: device.deviceId,
    role,
    // Nobody but the device itself has a use for its token, and it gets it in its next hello anyway.
    ...(isOwn && { token: session.core.authority.tokenFor(device, role) }),
    scopes: record.grant,
    rotatedAtMs: record.rotatedAtMs,
    tokenDelivery: isOwn ? 'in-band' : 'withheld-cross-device',
  };
}

async function history(session: Session, deviceId: string, limit: number): Promise<Answer> {
  const { core } = session;
  const caller = callerOf(session);
  if (!seesOthers(caller) && callerDevice(caller) !== deviceId) return refused('device history denied');
  const events = await core.authority.store.history({ deviceId, limit });
  return ok({
    events: events.map((event) => ({
      seq: event.seq,
      atMs: event.atMs,
      type: event.type,
      role: event.role,
      detail: detailOf(event),
    })),
  });
}

type Methods = readonly (readonly [string, Method])[];

/** For a CLI that decided on the file: answers when every change up to `seq` has had its effect on every socket. */
async function settledUpTo({ session, params }: Call): Promise<Answer> {
  const seq = (params as { seq?: unknown } | undefined)?.seq;
  if (typeof seq !== 'number') return refused('invalid gateway.settled params: seq must be a number');
  const { authority, progress } = session.core;
  await progress.until(Math.min(seq, await authority.store.head()));
  return ok({ seq });
}

function requestMethods(): Methods {
  return [
    method('device.pair.list', Type.Object({}), async (_, { session }) => {
      const { core } = session;
      const now = core.authority.clock.now();
      const list = await listDevices(core.authority, { now, connected: isConnected(session) });
      return ok(visibleTo(callerOf(session), list));
    }),
    method('device.pair.approve', OfRequest, async ({ requestId, scopes }, { session }) => {
      const unknown = unknownScopes(session, scopes);
      if (unknown) return unknown;
      const done = await approve(decidingFor(session), requestId, scopes ?? null);
      return answer(done, 'device pairing approval', ({ device, request }) => ({
        requestId: formatRequestId(request),
        device: pairedRow(device, isConnected(session)) ?? { deviceId: device.deviceId },
      }));
    }),
    method('device.pair.reject', OfRequest, async ({ requestId }, { session }) => {
      const done = await reject(decidingFor(session), requestId);
      return answer(done, 'device pairing rejection', ({ device, request }) => ({
        requestId: formatRequestId(request),
        deviceId: device.deviceId,
      }));
    }),
  ];
}

function rightsMethods(): Methods {
  return [
    method('device.pair.remove', OfDevice, async ({ deviceId }, { session }) => {
      const done = await remove(decidingFor(session), deviceId);
      return answer(done, 'device pairing removal', () => ({ deviceId }));
    }),
    method('device.pair.rename', Label, async ({ deviceId, label }, { session }) => {
      if (label.trim() === '') return refused('label required');
      const done = await rename(decidingFor(session), deviceId, label);
      return answer(done, 'device pairing rename', () => ({ deviceId, label }));
    }),
    method('device.token.rotate', Rotation, async ({ deviceId, role, scopes }, { session }) => {
      const unknown = unknownScopes(session, scopes);
      if (unknown) return unknown;
      const decision = rotate(decidingFor(session), deviceId, role, scopes ?? null);
      const done = await decision;
      return answer(done, 'device token rotation', ({ device }) => rotatedPayload(session, device, role));
    }),
    method('device.token.revoke', OfRole, async ({ deviceId, role }, { session }) => {
      const done = await revoke(decidingFor(session), deviceId, role);
      return answer(done, 'device token revocation', ({ device }) => ({
        deviceId,
        role,
        revokedAtMs: roleOf(device, role).record.revokedAtMs,
      }));
    }),
    method('device.token.reissue', OfRole, async ({ deviceId, role }, { session }) => {
      const done = await reissue(decidingFor(session), deviceId, role);
      return answer(done, 'device token reissue', ({ device }) => ({
        deviceId,
        role,
        acceptedUntilMs: roleOf(device, role).record.tokens.retireAtMs,
      }));
    }),
    method('device.quiet.forgive', OfDevice, async ({ deviceId }, { session }) => {
      const done = await forgive(decidingFor(session), deviceId);
      return answer(done, 'device quiet period change', ({ forgiven }) => ({ deviceId, forgiven }));
    }),
    method('device.history', History, ({ deviceId, limit }, { session }) =>
      history(session, deviceId, limit ?? 200),
    ),
  ];
}

/** `device.pair.*` and `device.token.*` (PROTOCOL 5.3), and our own `device.quiet.forgive`, `device.token.reissue`,
 * `device.history` and `gateway.settled`. */
export function deviceMethods(): Methods {
  return [...requestMethods(), ...rightsMethods(), ['gateway.settled', { scope: null, handle: settledUpTo }]];
}
