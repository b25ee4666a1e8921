/**
 * The shape of `connect` params, both generations at once (PROTOCOL section 2.2). Only what this gateway reads is
 * named; every other field is ignored, whatever it holds. Client ids and modes are open: an independent gateway must
 * not fail on a client that is newer than itself.
 */
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';

/** Printable ASCII without space and without "|", which joins the fields of the signed text. */
const Word = Type.String({ minLength: 1, maxLength: 64, pattern: '^[!-{}~]+$' });
const Text = Type.String({ minLength: 1 });
const Secret = Type.String({ maxLength: 4096 });
const Version = Type.Integer({ minimum: 1 });

const Client = Type.Object({
  id: Word,
  displayName: Type.Optional(Type.String()),
  version: Text,
  platform: Text,
  deviceFamily: Type.Optional(Type.String()),
  mode: Word,
  instanceId: Type.Optional(Type.String()),
});

const Device = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 128 }),
  publicKey: Type.String({ minLength: 1, maxLength: 1024 }),
  signature: Type.String({ minLength: 1, maxLength: 512 }),
  signedAt: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  nonce: Type.Optional(Type.String({ maxLength: 256 })),
});

const Auth = Type.Object({
  token: Type.Optional(Secret),
  password: Type.Optional(Secret),
  deviceToken: Type.Optional(Secret),
  bootstrapToken: Type.Optional(Secret),
});

const Params = Type.Object({
  minProtocol: Version,
  maxProtocol: Version,
  client: Client,
  role: Type.Optional(Type.String()),
  scopes: Type.Optional(Type.Array(Type.String())),
  caps: Type.Optional(Type.Array(Type.String())),
  device: Type.Optional(Device),
  auth: Type.Optional(Auth),
  userAgent: Type.Optional(Type.String()),
});

export type ConnectParams = Static<typeof Params>;

const compiled = Compile(Params);

/** Whether `value` has the shape of `connect` params. */
export function isConnectParams(value: unknown): value is ConnectParams {
  return compiled.Check(value);
}

/** The first thing that is wrong with `value`, for the peer: `/client/id must be string`. Call it after a failure only. */
export function describeProblem(value: unknown): string {
  const first = compiled.Errors(value)[0];
  return first === undefined ? 'malformed' : `${first.instancePath} ${first.message}`.trim();
}
