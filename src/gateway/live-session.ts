import type { GrantedScopes, Role } from '../../machines/vocabulary.ts';
import type { ClientClaim } from '../protocol/connect.ts';
import type { Credential } from './credentials.ts';

/** Stands for the client of a connection that has not said who it is. */
export const UNKNOWN_CLIENT: ClientClaim = { id: 'unknown', version: '', platform: '', mode: 'unknown' };

/** A session that was let in, as an embedder sees it. */
export interface LiveSession {
  /** Random; names the connection in the log and in the history. */
  readonly connId: string;
  /** Lowercase hex SHA-256 of the device's key; empty for a peer without a device. */
  readonly deviceId: string;
  readonly role: Role;
  /** What it may use now. Read it at every use: it narrows and widens while the session lives. */
  readonly scopes: GrantedScopes;
  /** What the client says of itself, fit for display and a ground for nothing. */
  readonly client: ClientClaim;
  /** The peer's address, or what a trusted proxy said it is. */
  readonly address: string;
  readonly credential: Credential;
  readonly isAuthorized: boolean;
  /** Sends an event; does nothing on a socket that is gone. */
  sendEvent(event: string, payload: unknown): void;
  /** Ends the session: `code` 1000 or 4000 to 4999, `reason` at most 123 bytes. */
  close(code: number, reason: string): void;
}
