import type { SnapshotFrom } from 'xstate';
import type { connectionMachine } from '../../machines/connection.ts';
import type { ConnectionActor } from '../../src/gateway/effects.ts';
import type { Signal } from './signal.ts';
import { nameOf } from './transitions.ts';

/** One event that reached the actor of a real socket, and what the actor was after it. */
export interface Heard {
  readonly type: string;
  readonly after: SnapshotFrom<typeof connectionMachine>;
}

/** All that the running actor of one socket heard and did. */
export class ActorLog {
  readonly heard: Heard[] = [];
  readonly taken = new Set<string>();

  constructor(actor: ConnectionActor, signal: Signal) {
    this.heard.push({ type: 'xstate.init', after: actor.getSnapshot() });
    actor.system.inspect((seen) => {
      if (seen.type === '@xstate.microstep') {
        for (const transition of seen._transitions) this.taken.add(nameOf(transition));
      } else if (seen.type === '@xstate.snapshot') {
        this.heard.push({ type: seen.event.type, after: seen.snapshot as Heard['after'] });
        signal.stir();
      }
    });
  }

  /** The first event of this type from `start` on. */
  find(type: string, start: number): Heard | undefined {
    return this.heard.slice(start).find((heard) => heard.type === type);
  }

  get last(): Heard {
    return this.heard.at(-1) as Heard;
  }
}
