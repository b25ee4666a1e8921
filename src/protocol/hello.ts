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

export interface HelloFacts {
  readonly protocol: Protocol;
  readonly version: string;
  readonly connId: string;
  readonly methods: readonly string[];
  readonly events: readonly string[];
  readonly auth: HelloAuth;
  readonly policy: HelloPolicy;
  /** Milliseconds since the gateway started. */
  readonly uptimeMs: number;
  readonly authMode: AuthMode;
}

/** The payload of the response that lets a client in. */
export function helloPayload(facts: HelloFacts): Readonly<Record<string, unknown>> {
  const { protocol, version, connId, methods, events, auth, policy, uptimeMs, authMode } = facts;
  return {
    type: 'hello-ok',
    protocol,
    server: { version, connId },
    features: { methods, events },
    snapshot: {
      presence: [],
      health: {},
      stateVersion: { presence: 0, health: 0 },
      uptimeMs: Math.max(0, Math.floor(uptimeMs)),
      authMode,
    },
    auth: {
      role: auth.role,
      scopes: auth.scopes,
      ...(auth.deviceToken !== undefined && { deviceToken: auth.deviceToken }),
      ...(auth.issuedAtMs !== undefined && { issuedAtMs: auth.issuedAtMs }),
      ...(auth.unknownScopes?.length && { unknownScopes: auth.unknownScopes }),
    },
    policy: {
      maxPayload: policy.maxPayload,
      maxBufferedBytes: policy.maxBufferedBytes,
      tickIntervalMs: policy.tickIntervalMs,
    },
  };
}
