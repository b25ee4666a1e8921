/**
 * The one list of what this gateway sends beyond OpenClaw's protocol, each with its reason. What is neither here nor in
 * the protocol fails the test that was sent it (`check-frames.ts`).
 */
import Type, { type TSchema } from 'typebox';

const Text = Type.String({ minLength: 1 });
const Texts = Type.Array(Text);
const Ms = Type.Integer({ minimum: 0 });
const Count = Type.Integer({ minimum: 0 });
const Role = Type.Union([Type.Literal('operator'), Type.Literal('node')]);
const Outcome = Type.Union(
  ['approved', 'narrowed', 'rejected', 'superseded', 'expired', 'withdrawn', 'removed'].map((one) =>
    Type.Literal(one),
  ),
);
const closed = (properties: Record<string, TSchema>) =>
  Type.Object(properties, { additionalProperties: false });

const Declined = closed({
  deviceId: Text,
  role: Role,
  scopes: Texts,
  untilMs: Ms,
  displayName: Type.Optional(Text),
  label: Type.Optional(Text),
  platform: Type.Optional(Text),
  deviceFamily: Type.Optional(Text),
  clientId: Type.Optional(Text),
  clientMode: Type.Optional(Text),
  clientVersion: Type.Optional(Text),
  remoteIp: Type.Optional(Text),
});

const AskedBy = Type.Record(Type.String(), closed({ client: Type.String(), atMs: Ms }));

export interface Addition {
  readonly why: string;
  /** Each is optional unless it says otherwise. */
  readonly keys: Readonly<Record<string, TSchema>>;
}

/** Keys inside objects of the protocol. Clients of both generations ignore unknown keys there (PROTOCOL Appendix C). */
export const ADDED_KEYS = {
  'hello auth': {
    why: 'a client that asks for a scope of a newer gateway has to learn why it did not get it',
    keys: { unknownScopes: Texts },
  },
  'pending row': {
    why: 'an owner decides on a revision, and has to see what it would add, who asks for it, how often, and until when',
    keys: {
      revision: Count,
      missing: Type.Array(Type.String()),
      attempts: Count,
      expiresAtMs: Ms,
      askedBy: AskedBy,
      clientVersion: Text,
      label: Text,
    },
  },
  'paired row': {
    why: 'the owner’s name for a device must not hide what the device calls itself',
    keys: { claimedName: Text, label: Text, clientVersion: Text },
  },
  'device list': {
    why: 'what is declined stays so for a while (I13), and an owner must see it to forgive it',
    keys: { declined: Type.Array(Declined) },
  },
  'pair resolved': {
    why: 'no outcome is told as another one (I6), and operators ask who decided',
    keys: { outcome: Outcome, by: Type.Union([Text, Type.Null()]) },
  },
  'pair changed': {
    why: 'an empty event would make every listener read the whole list to find what changed',
    // No role: the whole device.
    keys: { deviceId: Text, role: Type.Union([Role, Type.Null()]), change: Text, ts: Ms },
  },
  'upgrade result': {
    why: 'the protocol knows three words for seven outcomes (I6)',
    keys: { details: closed({ outcome: Outcome }) },
  },
  status: {
    why: 'what this gateway does: who is here and what is open',
    keys: {
      gateway: Type.Literal('antechamber'),
      uptimeMs: Ms,
      connections: closed({ open: Count, live: Count, parked: Count }),
      requests: closed({ pairing: Count, upgrade: Count, revoked: Count }),
      // That notices to the owner fail, and since when.
      notices: Type.Union([Type.Null(), closed({ sinceMs: Ms, atMs: Ms, problem: Text })]),
    },
  },
  'pending node': {
    why: 'a node’s request is the device’s: the same key to compare, the same count and deadline',
    keys: { publicKey: Text, attempts: Count, expiresAtMs: Ms },
  },
  'paired node': {
    why: 'a node is a device: its key can be compared, and whether it is there is known',
    keys: { publicKey: Text, connected: Type.Boolean() },
  },
} satisfies Record<string, Addition>;

export interface Own {
  readonly why: string;
  readonly payload: TSchema;
}

/** Events that the protocol does not have; clients of both generations ignore an event that they do not know. */
export const OWN_EVENTS: Readonly<Record<string, Own>> = {
  'connect.pending': {
    why: 'a connect that is held must say so, and by which id an owner finds it',
    payload: closed({ requestId: Text, expiresAtMs: Ms }),
  },
  'device.upgrade.resolved': {
    why: 'a live session learns the outcome and its new scopes without a reconnect',
    payload: closed({
      requestId: Text,
      outcome: Type.Union([Outcome, Type.Null()]),
      scopes: Texts,
      /** Why an owner declined, in the owner's words. */
      note: Type.Optional(Text),
    }),
  },
};

/** Values of `details.code` in a refused connect that the protocol does not have. */
export const OWN_CONNECT_CODES: Readonly<Record<string, string>> = {
  PAIRING_DECLINED:
    'after PAIRING_REQUIRED a command line tells its person to approve what an owner declined',
  PAIRING_REVOKED: 'the same for a role that an owner revoked',
  PAIRING_ENDED: 'the same for a request that is settled without being approved',
};

const HistoryEvent = closed({
  seq: Count,
  atMs: Ms,
  type: Text,
  role: Type.Union([Role, Type.Null()]),
  detail: Type.Record(Type.String(), Type.Unknown()),
});

const MsOrNull = Type.Union([Ms, Type.Null()]);
const Scopes = Type.Array(Text);

const Explained = closed({
  deviceId: Text,
  atMs: Ms,
  roles: Type.Array(
    closed({
      role: Role,
      state: Text,
      standing: Text,
      grant: Scopes,
      ceiling: Scopes,
      request: Type.Union([
        Type.Null(),
        closed({
          requestId: Text,
          scopes: Scopes,
          openedAtMs: Ms,
          expiresAtMs: Ms,
          endsAtMs: Ms,
          attempts: Count,
        }),
      ]),
      quiet: Type.Record(Type.String(), Ms),
      endings: Type.Array(
        closed({
          by: Type.Union([Type.Literal('approve'), Type.Literal('reject'), Type.Literal('expiry')]),
          atMs: MsOrNull,
          verdict: Text,
          state: Text,
          grant: Scopes,
        }),
      ),
      next: closed({
        wish: Scopes,
        verdict: Text,
        live: Scopes,
        denial: Type.Union([Text, Type.Null()]),
        quietUntilMs: MsOrNull,
      }),
    }),
  ),
});

const Past = closed({
  deviceId: Text,
  atMs: Ms,
  roles: Type.Array(
    closed({
      role: Role,
      state: Text,
      grant: Scopes,
      request: Type.Union([Type.Null(), closed({ requestId: Text, scopes: Scopes })]),
      last: Type.Union([
        Type.Null(),
        closed({ seq: Count, atMs: Ms, type: Text, by: Type.Union([Text, Type.Null()]) }),
      ]),
    }),
  ),
});

/** Methods that the protocol does not have, and what they answer. */
export const OWN_METHODS: Readonly<Record<string, Own>> = {
  'device.scopes.withdrawUpgrade': {
    why: 'a device that no longer wants what it asked for can take it back',
    payload: closed({ requestId: Text }),
  },
  'device.token.reissue': {
    why: 'a device whose superseded token has run out gets in again without a new pairing',
    payload: closed({ deviceId: Text, role: Role, acceptedUntilMs: Type.Union([Ms, Type.Null()]) }),
  },
  'device.quiet.forgive': {
    why: 'an owner who declined by mistake must be able to end the quiet period',
    payload: closed({ deviceId: Text, forgiven: Type.Boolean() }),
  },
  'device.history': {
    why: 'what happened to a device, for `antechamber devices log`',
    payload: closed({ events: Type.Array(HistoryEvent) }),
  },
  'device.explain': {
    why: 'why a device waits, what would end it and what its next connect would get, for `antechamber devices explain`',
    payload: closed({ explanation: Type.Union([Type.Null(), Explained]) }),
  },
  'device.at': {
    why: 'how a device was at a moment, for `antechamber devices at`',
    payload: closed({ past: Type.Union([Type.Null(), Past]) }),
  },
  'gateway.settled': {
    why: 'a command line that decided on the file waits until every socket has followed',
    payload: closed({ seq: Type.Integer() }),
  },
};
