/**
 * What a frame may look like: the official schemas of protocol 4 where the package has one, and closed schemas after
 * PROTOCOL sections 3, 5 and 8 where it has none. Both generations get the same results of methods.
 */
import {
  ChannelsStatusResultSchema,
  DevicePairRequestedEventSchema,
  DevicePairResolvedEventSchema,
  DeviceTokenRotateResultSchema,
  EventFrameSchema,
  HelloOkSchema,
  PresenceEntrySchema,
  ResponseFrameSchema,
  ScopeUpgradeRegistrationSchema,
  ScopeUpgradeResultSchema,
  ShutdownEventSchema,
  SkillsBinsResultSchema,
  SnapshotSchema,
  TickEventSchema,
} from '@openclaw/gateway-protocol/schema';
import Type, { type TSchema } from 'typebox';
import { consoleForms } from './console-forms.ts';
import { ADDED_KEYS, OWN_EVENTS, OWN_METHODS } from './wire-extensions.ts';

/** A closed schema of an object, as the package exports them. */
interface ObjectSchema extends TSchema {
  readonly properties: Readonly<Record<string, TSchema>>;
}

const Text = Type.String({ minLength: 1 });
const Texts = Type.Array(Text);
const Ms = Type.Integer({ minimum: 0 });
const closed = (properties: Record<string, TSchema>) =>
  Type.Object(properties, { additionalProperties: false });
const maybe = Type.Optional;

/** The schema with the keys that the list of additions has under `name`; what it requires stays required. */
function added(schema: ObjectSchema, name: keyof typeof ADDED_KEYS): TSchema {
  return { ...schema, properties: { ...schema.properties, ...ADDED_KEYS[name].keys } } as TSchema;
}

function property(schema: unknown, name: string): ObjectSchema {
  return (schema as ObjectSchema).properties[name] as ObjectSchema;
}

const official = HelloOkSchema as unknown as ObjectSchema;
const hello4 = {
  ...official,
  properties: {
    ...official.properties,
    protocol: Type.Literal(4),
    auth: added(property(HelloOkSchema, 'auth'), 'hello auth'),
  },
} as TSchema;

/** PROTOCOL section 3. A 2026.2.19 gateway always sends a token in `auth`; the client keeps one only if there is one. */
const hello3 = closed({
  type: Type.Literal('hello-ok'),
  protocol: Type.Literal(3),
  server: closed({ version: Text, commit: maybe(Text), host: maybe(Text), connId: Text }),
  features: closed({ methods: Texts, events: Texts }),
  snapshot: closed({
    presence: Type.Array(PresenceEntrySchema as unknown as TSchema),
    health: Type.Unknown(),
    stateVersion: closed({ presence: Ms, health: Ms }),
    uptimeMs: Ms,
    configPath: maybe(Text),
    stateDir: maybe(Text),
    sessionDefaults: maybe(Type.Unknown()),
    authMode: maybe(
      Type.Union(['none', 'token', 'password', 'trusted-proxy'].map((mode) => Type.Literal(mode))),
    ),
    updateAvailable: maybe(Type.Unknown()),
  }),
  canvasHostUrl: maybe(Text),
  auth: maybe(
    added(
      closed({ deviceToken: maybe(Text), role: Text, scopes: Texts, issuedAtMs: maybe(Ms) }) as ObjectSchema,
      'hello auth',
    ),
  ),
  policy: closed({ maxPayload: Ms, maxBufferedBytes: Ms, tickIntervalMs: Ms }),
});

const pendingRow = added(DevicePairRequestedEventSchema as unknown as ObjectSchema, 'pending row');

const pairedRow = added(
  closed({
    deviceId: Text,
    publicKey: Text,
    displayName: maybe(Text),
    operatorLabel: maybe(Text),
    platform: maybe(Text),
    deviceFamily: maybe(Text),
    clientId: maybe(Text),
    clientMode: maybe(Text),
    role: Text,
    roles: Texts,
    scopes: Texts,
    remoteIp: maybe(Text),
    tokens: Type.Array(
      closed({
        role: Text,
        scopes: Texts,
        createdAtMs: Ms,
        rotatedAtMs: maybe(Ms),
        revokedAtMs: maybe(Ms),
        lastUsedAtMs: maybe(Ms),
      }),
    ),
    createdAtMs: Ms,
    approvedAtMs: Ms,
    connected: maybe(Type.Boolean()),
  }) as ObjectSchema,
  'paired row',
);

const nodeClaims = {
  nodeId: Text,
  displayName: maybe(Text),
  platform: maybe(Text),
  version: maybe(Text),
  deviceFamily: maybe(Text),
  clientId: maybe(Text),
  clientMode: maybe(Text),
  remoteIp: maybe(Text),
};
const pendingNode = added(
  closed({
    ...nodeClaims,
    requestId: Text,
    silent: maybe(Type.Boolean()),
    isRepair: maybe(Type.Boolean()),
    ts: Ms,
    requiredApproveScopes: maybe(Texts),
  }) as ObjectSchema,
  'pending node',
);
const pairedNode = added(
  closed({ ...nodeClaims, createdAtMs: Ms, approvedAtMs: Ms }) as ObjectSchema,
  'paired node',
);
const listedNode = closed({
  ...nodeClaims,
  approvedAtMs: maybe(Ms),
  paired: Type.Boolean(),
  connected: Type.Boolean(),
  approvalState: Type.Union(
    ['approved', 'pending-approval', 'pending-reapproval', 'unapproved'].map((state) => Type.Literal(state)),
  ),
  pendingRequestId: maybe(Text),
});

const upgradeResult = Type.Union(
  (ScopeUpgradeResultSchema as unknown as { anyOf: readonly ObjectSchema[] }).anyOf.map((one) =>
    added(one, 'upgrade result'),
  ),
);

const status = added(
  closed({
    runtimeVersion: Text,
    heartbeat: closed({ defaultAgentId: maybe(Text), agents: Type.Array(Type.Unknown()) }),
    channelSummary: Texts,
    queuedSystemEvents: Texts,
    degradedSecretOwners: Type.Array(Type.Unknown()),
    degradedPlugins: Type.Array(Type.Unknown()),
    sessions: closed({
      paths: Texts,
      count: Ms,
      defaults: closed({ model: Type.Null(), contextTokens: Type.Null() }),
      recent: Type.Array(Type.Unknown()),
      byAgent: Type.Array(Type.Unknown()),
    }),
  }) as ObjectSchema,
  'status',
);

/** What the console asks for; a request in it has the form that it has everywhere. */
export const CONSOLE_METHODS = consoleForms(pendingRow);

const payloads = (own: typeof OWN_EVENTS): Record<string, TSchema> =>
  Object.fromEntries(Object.entries(own).map(([name, { payload }]) => [name, payload]));

export const RESPONSE: TSchema = ResponseFrameSchema as unknown as TSchema;
export const EVENT: TSchema = EventFrameSchema as unknown as TSchema;
export const HELLO: Readonly<Record<3 | 4, TSchema>> = { 3: hello3, 4: hello4 };

/** By the name of the event. */
export const EVENT_PAYLOADS: Readonly<Record<string, TSchema>> = {
  'connect.challenge': closed({ nonce: Text, ts: Ms, capabilities: maybe(Texts) }),
  tick: TickEventSchema as unknown as TSchema,
  shutdown: ShutdownEventSchema as unknown as TSchema,
  'device.pair.requested': pendingRow,
  'device.pair.resolved': added(DevicePairResolvedEventSchema as unknown as ObjectSchema, 'pair resolved'),
  'device.pair.changed': added(closed({}) as ObjectSchema, 'pair changed'),
  ...payloads(OWN_EVENTS),
};

/** By the name of the method. */
export const RESULTS: Readonly<Record<string, TSchema>> = {
  health: property(SnapshotSchema, 'health'),
  status,
  'system-presence': Type.Array(PresenceEntrySchema as unknown as TSchema),
  'config.get': closed({
    path: Type.String(),
    exists: Type.Boolean(),
    valid: Type.Boolean(),
    issues: Type.Array(Type.Unknown()),
    legacyIssues: Type.Array(Type.Unknown()),
    config: Type.Record(Type.String(), Type.Unknown()),
  }),
  'channels.status': ChannelsStatusResultSchema as unknown as TSchema,
  'last-heartbeat': Type.Union([Type.Null(), Type.Object({ ts: Ms, status: Text })]),
  'skills.bins': SkillsBinsResultSchema as unknown as TSchema,
  'node.list': closed({ ts: Ms, nodes: Type.Array(listedNode) }),
  'node.pair.list': closed({ pending: Type.Array(pendingNode), paired: Type.Array(pairedNode) }),
  'node.pair.approve': closed({ requestId: Text, node: pairedNode }),
  'node.pair.reject': closed({ requestId: Text, nodeId: Text }),
  'device.pair.list': added(
    closed({ pending: Type.Array(pendingRow), paired: Type.Array(pairedRow) }) as ObjectSchema,
    'device list',
  ),
  'device.pair.approve': closed({ requestId: Text, device: pairedRow }),
  'device.pair.reject': closed({ requestId: Text, deviceId: Text }),
  'device.pair.remove': closed({ deviceId: Text }),
  'device.pair.rename': closed({ deviceId: Text, label: Text }),
  'device.token.rotate': DeviceTokenRotateResultSchema as unknown as TSchema,
  'device.token.revoke': closed({ deviceId: Text, role: Text, revokedAtMs: Ms }),
  'device.scopes.requestUpgrade': ScopeUpgradeRegistrationSchema as unknown as TSchema,
  'device.scopes.waitUpgrade': upgradeResult,
  ...payloads(OWN_METHODS),
  ...payloads(CONSOLE_METHODS),
};
