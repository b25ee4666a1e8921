/**
 * The records of an OpenClaw gateway as both generations keep them (PROTOCOL sections 4.1 and 4.2): objects in JSON
 * files, or rows whose lists are JSON. Only what is read here is named; everything else is ignored.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';

const orNull = <T extends TSchema>(type: T) => Type.Optional(Type.Union([type, Type.Null()]));
const Text = Type.String({ minLength: 1 });
const Texts = Type.Array(Type.String());
const Time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

const TokenEntry = Type.Object({
  token: orNull(Type.String()),
  role: orNull(Type.String()),
  scopes: orNull(Texts),
  revokedAtMs: orNull(Time),
  /** Set on tokens of 2026.9 that end with the shared secret of that gateway. */
  issuer: Type.Optional(Type.Unknown()),
});

const common = {
  deviceId: Text,
  publicKey: Text,
  displayName: orNull(Type.String()),
  platform: orNull(Type.String()),
  deviceFamily: orNull(Type.String()),
  clientId: orNull(Type.String()),
  clientMode: orNull(Type.String()),
  remoteIp: orNull(Type.String()),
  role: orNull(Type.String()),
  roles: orNull(Texts),
  scopes: orNull(Texts),
};

const Paired = Type.Object({
  ...common,
  operatorLabel: orNull(Type.String()),
  approvedScopes: orNull(Texts),
  approvedVia: orNull(Type.String()),
  /** By role, or as a list. */
  tokens: orNull(Type.Union([Type.Array(TokenEntry), Type.Record(Type.String(), TokenEntry)])),
  createdAtMs: orNull(Time),
  approvedAtMs: orNull(Time),
});

const Pending = Type.Object({ ...common, requestId: Text, ts: Time, refreshedAtMs: orNull(Time) });

export type RawToken = Static<typeof TokenEntry>;
export type RawPaired = Static<typeof Paired>;
export type RawPending = Static<typeof Pending>;

export type RecordReading<T> =
  | { readonly ok: true; readonly record: T }
  /** Names the field and what it has to be, never what it holds: it may be a token. */
  | { readonly ok: false; readonly problem: string };

const paired = Compile(Paired);
const pending = Compile(Pending);

export function readPaired(value: unknown): RecordReading<RawPaired> {
  return paired.Check(value) ? { ok: true, record: value } : { ok: false, problem: problemIn(paired, value) };
}

export function readPending(value: unknown): RecordReading<RawPending> {
  return pending.Check(value)
    ? { ok: true, record: value }
    : { ok: false, problem: problemIn(pending, value) };
}

function problemIn(type: typeof paired | typeof pending, value: unknown): string {
  const [first] = type.Errors(value);
  // Of a union the innermost complaint comes first, which is about a shape that was not meant: the field is enough.
  const field = first?.instancePath.split('/')[1] ?? '';
  return field === ''
    ? `it ${first?.message ?? 'has another shape'}`
    : `its "${field}" is missing or malformed`;
}
