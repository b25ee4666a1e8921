import { type ActorRefFrom, createActor } from 'xstate';
import { connectionMachine } from '../../machines/connection.ts';
import type { Session } from './session.ts';

export type ConnectionActor = ActorRefFrom<typeof connectionMachine>;

const sessions = new WeakMap<object, Session>();

/** An effect must never throw into its actor: the actor would be dead, and its socket parked for ever (XSTATE 6). */
function perform(self: object, effect: (session: Session) => void | Promise<void>): void {
  const session = sessions.get(self);
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
    applyGrant: ({ self }) => perform(self, (session) => session.grantChanged()),
    tellResolved: ({ self }, { view, outcome }) =>
      perform(self, (session) => session.tellResolved(view, outcome)),
    endSession: ({ self }, { reason }) => perform(self, (session) => session.end(reason)),
  },
});

/** One root actor for each connection: a shared system would make every stop scan all others (XSTATE 3). */
export function startConnection(session: Session): ConnectionActor {
  const actor = createActor(runningMachine);
  sessions.set(actor, session);
  // Without an error observer a throwing guard would end the process.
  actor.subscribe({ error: (error) => session.failed(error) });
  return actor.start();
}
