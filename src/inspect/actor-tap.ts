import type { InspectionEvent } from 'xstate';
import type { ConnectionContext } from '../../machines/connection-setup.ts';
import type { Role } from '../../machines/vocabulary.ts';

/** What a tap may know of a connection. The live values, and only valid once a `connect` has come. */
export interface TappedConnection {
  /** Random; names the connection in the log and in the history. */
  readonly connId: string;
  /** Lowercase hex SHA-256 of the device's key; empty for a peer without a device. */
  readonly deviceId: string;
  readonly role: Role;
  /** What the client says of itself, fit for display and a ground for nothing. */
  readonly client: { readonly id: string; readonly mode: string };
}

/** How a connection's actor stands, as xstate has it. */
export interface ActorSnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly value: unknown;
  readonly context: ConnectionContext;
  readonly tags: ReadonlySet<string>;
}

/** Hears of one connection's actor. */
export interface ActorWatcher {
  /** What xstate's `inspect` says. An actor that slept while its socket was parked begins again with `xstate.init`. */
  seen(event: InspectionEvent): void;
  /** The socket is gone. */
  gone(): void;
}

/** Hears of the actors of a gateway's connections: for `attach` and `startGateway`. */
export interface ActorTap {
  /** A socket was opened; the answer hears of its actor from then on. */
  opened(connection: TappedConnection, snapshot: ActorSnapshot): ActorWatcher;
}

const DEAF: ActorWatcher = { seen: () => {}, gone: () => {} };

/**
 * The same tap, which cannot harm what it watches: a throw inside an actor's observer would leave that actor deaf for
 * good (XSTATE 4). The first thing that it throws is told, and ends it.
 */
export function guardTap(tap: ActorTap, onFailure: (error: unknown) => void): ActorTap {
  let isBroken = false;
  const broke = (error: unknown): void => {
    if (isBroken) return;
    isBroken = true;
    onFailure(error);
  };
  const guarded = <T>(otherwise: T, call: () => T): T => {
    if (isBroken) return otherwise;
    try {
      const answer = call();
      // An async function passes for one that answers nothing, and a rejection that nobody hears ends the process.
      if (answer instanceof Promise) answer.catch(broke);
      return answer;
    } catch (error) {
      broke(error);
      return otherwise;
    }
  };
  return {
    opened: (connection, snapshot) => {
      const watcher = guarded(DEAF, () => tap.opened(connection, snapshot));
      return {
        seen: (event) => guarded(undefined, () => watcher.seen(event)),
        gone: () => guarded(undefined, () => watcher.gone()),
      };
    },
  };
}
