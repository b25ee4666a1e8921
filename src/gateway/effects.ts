import { type Actor, createActor, type InspectionEvent, type SnapshotFrom } from 'xstate';
import { connectionMachine } from '../../machines/connection.ts';
import type { ConnectionEvent } from '../../machines/connection-setup.ts';
import type { ActorWatcher } from '../inspect/actor-tap.ts';
import { tellScopes } from './core.ts';
import type { Session } from './session.ts';

/** An actor's session lies on the actor: a weak map of all of them would be walked by every collection. */
const SESSION = Symbol('session');
type Carrier = { [SESSION]?: Session };

/** An effect must never throw into its actor: the actor would be dead, and its socket parked for ever (XSTATE 6). */
function perform(self: object, effect: (session: Session) => void | Promise<void>): void {
  const session = (self as Carrier)[SESSION];
  if (!session) return;
  try {
    effect(session)?.catch((error: unknown) => session.failed(error));
  } catch (error) {
    session.failed(error);
  }
}

/** The shipped machine with its effects, made once: `provide` for each connection would parse it each time. */
const runningMachine = connectionMachine.provide({
  actions: {
    verifyProof: ({ self }) => perform(self, (session) => session.verify()),
    askAuthority: ({ self }) => perform(self, (session) => session.ask()),
    deliverHello: ({ self }) => perform(self, (session) => session.deliver()),
    park: ({ self }, { view }) => perform(self, (session) => session.park(view)),
    refuse: ({ self }, { denial }) => perform(self, (session) => session.refuse(denial)),
    applyGrant: ({ self, context }) => perform(self, (session) => tellScopes(session, context.live)),
    tellResolved: ({ self }, read) => perform(self, (session) => session.tellResolved(read)),
    endSession: ({ self }, { reason }) => perform(self, (session) => session.end(reason)),
  },
});

type RunningActor = Actor<typeof connectionMachine>;
type ConnectionSnapshot = SnapshotFrom<typeof connectionMachine>;

/** How every connection begins: made once, because reviving it costs a third of making it. */
const CHALLENGED = createActor(runningMachine).getSnapshot();

/** The first snapshot of a parked connection: all of them differ in their context only, and share the rest. */
let held: ConnectionSnapshot | undefined;

/**
 * The actor of one socket. While the socket is parked the actor sleeps as its snapshot: it has no timer and no child,
 * so that the next event revives it as it was. Thousands who wait then cost little more than their sockets.
 *
 * Each is a root actor of its own: a shared system would make every stop scan all others (XSTATE 3).
 */
export class ConnectionActor {
  readonly #session: Session;
  #awake: RunningActor | undefined;
  #asleep: ConnectionSnapshot | undefined = CHALLENGED;
  /** Only where actors are inspected. It stays while the actor sleeps, so that viewers see one actor. */
  readonly #watcher: ActorWatcher | undefined;
  /** Events whose effects are being carried out: an effect may send the next one. */
  #under = 0;

  constructor(session: Session) {
    this.#session = session;
    this.#watcher = session.core.inspect?.opened(session, CHALLENGED);
  }

  getSnapshot(): ConnectionSnapshot {
    return this.#asleep ?? this.#wake().getSnapshot();
  }

  send(event: ConnectionEvent): void {
    const actor = this.#wake();
    this.#under += 1;
    actor.send(event);
    this.#under -= 1;
    if (this.#under === 0) this.#sleepIfHeld(actor);
  }

  /** For its watcher, who hears of it. Nobody else holds an actor of a socket that is gone. */
  stop(): void {
    this.#watcher?.gone();
  }

  #wake(): RunningActor {
    if (this.#awake) return this.#awake;
    const watcher = this.#watcher;
    const from = this.#asleep && { snapshot: this.#asleep };
    const watched = watcher && { ...from, inspect: (event: InspectionEvent) => watcher.seen(event) };
    const actor = createActor(runningMachine, watched ?? from);
    this.#awake = actor;
    this.#asleep = undefined;
    (actor as Carrier)[SESSION] = this.#session;
    // Without an error observer a throwing guard would end the process.
    actor.subscribe({ error: (error) => this.#session.failed(error) });
    return actor.start();
  }

  #sleepIfHeld(actor: RunningActor): void {
    const snapshot = actor.getSnapshot();
    if (snapshot.status !== 'active' || !snapshot.matches({ upgradePending: 'held' })) return;
    held ??= snapshot;
    this.#asleep = { ...held, context: snapshot.context } as ConnectionSnapshot;
    this.#awake = undefined;
  }
}

export function startConnection(session: Session): ConnectionActor {
  return new ConnectionActor(session);
}
