/** What the methods of the web console answer, each with the reason why the protocol's own do not do. */
import Type, { type TSchema } from 'typebox';
import type { Own } from './wire-extensions.ts';

const Text = Type.String({ minLength: 1 });
const Texts = Type.Array(Text);
const Ms = Type.Integer({ minimum: 0 });
const MaybeMs = Type.Union([Ms, Type.Null()]);
const Count = Type.Integer({ minimum: 0 });
const Role = Type.Union([Type.Literal('operator'), Type.Literal('node')]);
const maybe = Type.Optional;
const closed = (properties: Record<string, TSchema>) =>
  Type.Object(properties, { additionalProperties: false });
const Counts = Type.Record(Text, Count);

function deviceForm(pendingRow: TSchema): TSchema {
  const role = closed({
    role: Role,
    state: Text,
    ceiling: Texts,
    grant: Texts,
    approvedAtMs: MaybeMs,
    rotatedAtMs: MaybeMs,
    revokedAtMs: MaybeMs,
    request: Type.Union([pendingRow, Type.Null()]),
    declined: Type.Record(Text, Ms),
    live: Count,
    parked: Count,
  });
  const said = ['platform', 'deviceFamily', 'clientId', 'clientMode', 'clientVersion', 'remoteIp'];
  return closed({
    deviceId: Text,
    publicKey: Text,
    label: maybe(Text),
    claimedName: maybe(Text),
    ...Object.fromEntries(said.map((key) => [key, maybe(Text)])),
    createdAtMs: Ms,
    roles: Type.Array(role),
  });
}

const Connection = closed({
  connId: Text,
  openedAtMs: Ms,
  role: Role,
  address: Text,
  credential: Text,
  state: Text,
  client: Text,
  mode: Text,
  version: Type.String(),
  protocol: Type.Union([Type.Literal(3), Type.Literal(4)]),
  wish: Texts,
  scopes: Texts,
  waits: Type.Boolean(),
});

/** `pendingRow` is the form of an open request, wherever one is listed. */
export function consoleForms(pendingRow: TSchema): Readonly<Record<string, Own>> {
  return {
    'antechamber.devices': {
      why: 'a page that shows thousands of devices reads them in parts, and again only those that changed',
      payload: closed({
        atMs: Ms,
        devices: Type.Array(deviceForm(pendingRow)),
        next: Type.Union([Text, Type.Null()]),
        gone: Texts,
      }),
    },
    'antechamber.connections': {
      why: 'an owner who revokes or removes wants to see which sockets that ends',
      payload: closed({ connections: Type.Array(Connection) }),
    },
    'antechamber.reject': {
      why: 'why something was declined is worth as much to the next owner as who declined it',
      payload: closed({ requestId: Text, deviceId: Text }),
    },
    'antechamber.fleet': {
      why: 'how many devices are in which state, now and before, in one answer',
      payload: closed({
        atMs: Ms,
        knownSinceMs: MaybeMs,
        counts: Counts,
        moments: Type.Array(closed({ atMs: Ms, counts: Counts })),
        sockets: closed({ open: Count, live: Count, parked: Count }),
      }),
    },
  };
}
