/** The least `hello-ok` that CLI, probe, page and node host of both generations accept (PROTOCOL section 3). */
import type { Role } from '../../machines/vocabulary.ts';
import type { Protocol } from './version.ts';

/** How the shared secret is checked. */
export type AuthMode = 'none' | 'token' | 'password' | 'trusted-proxy';

/** Limits that the client keeps: bytes, bytes, milliseconds. */
export interface HelloPolicy {
  readonly maxPayload: number;
  readonly maxBufferedBytes: number;
  readonly tickIntervalMs: number;
}

/** What the connection may use. A client remembers `scopes` as its own only beside a `deviceToken`. */
export interface HelloAuth {
  readonly role: Role;
  readonly scopes: readonly string[];
  /** Never for a peer without a device. */
  readonly deviceToken?: string;
  /** Epoch milliseconds. */
  readonly issuedAtMs?: number;
  /** What the client asked for and this gateway does not know. */
  readonly unknownScopes?: readonly string[];
}

/** What is the same in every hello of one gateway. */
export interface HelloBase {
  readonly version: string;
  readonly methods: readonly string[];
  readonly events: readonly string[];
  readonly policy: HelloPolicy;
  readonly authMode: AuthMode;
}

export interface HelloFacts {
  /** The id of the `connect` that it answers. */
  readonly id: string;
  readonly protocol: Protocol;
  readonly connId: string;
  readonly auth: HelloAuth;
  /** Milliseconds since the gateway started. */
  readonly uptimeMs: number;
}

/**
 * Makes the writer of the responses that let clients in. Their larger part is the same for all, and turned into text
 * once: written anew each time it would be a tenth of what a connect costs beside its signature.
 */
export function makeHello({
  version,
  methods,
  events,
  policy,
  authMode,
}: HelloBase): (facts: HelloFacts) => string {
  const server = `"server":{"version":${JSON.stringify(version)},"connId":`;
  const { maxPayload, maxBufferedBytes, tickIntervalMs } = policy;
  const features = `},"features":${JSON.stringify({ methods, events })}`;
  const snapshot =
    ',"snapshot":{"presence":[],"health":{},"stateVersion":{"presence":0,"health":0},"uptimeMs":';
  const limits = JSON.stringify({ maxPayload, maxBufferedBytes, tickIntervalMs });
  return ({ id, protocol, connId, auth, uptimeMs }) =>
    `{"type":"res","id":${JSON.stringify(id)},"ok":true,"payload":{"type":"hello-ok","protocol":${protocol},` +
    `${server}${JSON.stringify(connId)}${features}${snapshot}${Math.max(0, Math.floor(uptimeMs))}` +
    `,"authMode":"${authMode}"},"auth":${authText(auth)},"policy":${limits}}}`;
}

function authText({ role, scopes, deviceToken, issuedAtMs, unknownScopes }: HelloAuth): string {
  const unknown = unknownScopes?.length ? unknownScopes : undefined;
  return JSON.stringify({ role, scopes, deviceToken, issuedAtMs, unknownScopes: unknown });
}
