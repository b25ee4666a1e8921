import type { Definition, ShownSnapshot } from './stately.ts';

/** How an actor stands: made into what is shown only when somebody looks. */
export interface ActorStanding {
  /** The event that led there. */
  readonly type: string;
  /** Epoch ms. */
  readonly atMs: number;
  readonly snapshot: () => ShownSnapshot;
}

/** One actor that viewers are told of: that of a socket, or the one that stands for a device in a role. */
export interface WatchedActor {
  /** The connection's id as the log has it, or `device-<fingerprint>-<role>`. */
  readonly sessionId: string;
  readonly name: string;
  readonly definition: Definition;
  last: ActorStanding;
  isGone: boolean;
}
