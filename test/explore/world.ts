/** What a world holds: who connects, what owners do, what goes wrong. A world is explored to its end or it fails. */
import type { Manner } from '../../machines/connection-setup.ts';
import type { RequestedScopes, Role } from '../../machines/vocabulary.ts';
import type { Protocol } from '../../src/protocol/version.ts';
import type { Due } from './device.ts';

/** How a program behaves when it is refused (PROTOCOL section 7, CATALOGUE section 1). */
export type Kind = '2026.2.19' | '2026.9' | 'openclaw-node';

export interface Program {
  readonly name: string;
  readonly kind: Kind;
  readonly role: Role;
  readonly wish: RequestedScopes;
  readonly manner: Manner;
  /** Presents the device's token while it has one; else the shared secret. */
  readonly usesToken: boolean;
  readonly commandLine: boolean;
  readonly probe: boolean;
  readonly local: boolean;
}

export const protocolOf = ({ kind }: Program): Protocol => (kind === '2026.2.19' ? 3 : 4);

/** What owners do; each of them to every revision and scope set that the world has. */
export type Verb =
  | 'approve'
  | 'reject'
  | 'rotate'
  | 'revoke'
  | 'remove'
  | 'forgive'
  | 'reissue'
  | 'import'
  /** Decisions that come too late, or on what is not there. */
  | 'vain';

export interface World {
  readonly name: string;
  readonly about: string;
  readonly roles: readonly Role[];
  readonly programs: readonly Program[];
  readonly sockets: number;
  readonly verbs: readonly Verb[];
  /** Which local programs are let in without an owner (DESIGN section 4, Auto-approval). */
  readonly auto: 'first-pairing' | 'all';
  /** Parts that are approved beside the whole revision, and sets that a rotation names beside none. */
  readonly parts: readonly (readonly string[])[];
  readonly rotations: readonly (readonly string[])[];
  /** Revisions that a request may reach, and episodes while something is quiet. */
  readonly revisions: number;
  readonly episodes: number;
  /** Rotations since the last revocation. */
  readonly generations: number;
  readonly time: readonly Due[];
  /** Answers that are lost on the way, and gateways that die between two steps. */
  readonly faults: boolean;
  /** Every gateway starts again with another key for new tokens, or in a higher token epoch. */
  readonly rings: boolean;
  /** Every private step of a connection by itself: challenge, proof, faults, drains. */
  readonly slow: boolean;
  /** What a live session asks for beyond its wish. */
  readonly upgrades: readonly RequestedScopes[];
  /** Socket k belongs to program k for ever, and remembers whether that was told to stop. */
  readonly keeps: boolean;
  /** More states than this is a mistake in the world, not a bigger world. */
  readonly mostStates: number;
}

export const wishOf = (...scopes: readonly string[]): RequestedScopes =>
  [...scopes].sort() as readonly string[] as RequestedScopes;

export function program(name: string, wish: RequestedScopes, more: Partial<Program> = {}): Program {
  return {
    name,
    kind: '2026.9',
    role: 'operator',
    wish,
    manner: 'auto',
    usesToken: false,
    commandLine: false,
    probe: false,
    local: false,
    ...more,
  };
}
