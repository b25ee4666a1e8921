import type { Role } from '../../machines/vocabulary.ts';
import type { WireError } from '../protocol/frames.ts';
import type { LiveSession } from './live-session.ts';
import type { Session } from './session.ts';

/** One request of an authorized session. `params` is whatever the peer sent. */
export interface Call<S extends LiveSession = Session> {
  readonly session: S;
  readonly params: unknown;
}

export type Answer =
  | { readonly ok: true; readonly payload: unknown }
  | { readonly ok: false; readonly error: WireError };

/** A method that sessions may call. */
export interface Method<S extends LiveSession = Session> {
  /** The scope that the session must hold; null for none. */
  readonly scope: string | null;
  /** The role that may call it; both when absent. */
  readonly role?: Role;
  /** Rejecting is a fault of the gateway: the peer is told `internal error`, the log the rest. */
  readonly handle: (call: Call<S>) => Answer | Promise<Answer>;
}

export const ok = (payload: unknown): Answer => ({ ok: true, payload });

export function refused(message: string, details?: WireError['details'], code = 'INVALID_REQUEST'): Answer {
  return { ok: false, error: { code, message, ...(details && { details }) } };
}
