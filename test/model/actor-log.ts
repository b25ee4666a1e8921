import type { AnyTransitionDefinition, SnapshotFrom } from 'xstate';
import type { connectionMachine } from '../../machines/connection.ts';
import type { ConnectionActor } from '../../src/gateway/effects.ts';
import type { Signal } from './signal.ts';
import { nameOf, passedOver } from './transitions.ts';

/** One event that reached the actor of a real socket, and what the actor was after it. */
export interface Heard {
  readonly type: string;
  readonly after: SnapshotFrom<typeof connectionMachine>;
}

/** All that the running actor of one socket heard and did. */
export class ActorLog {
  readonly heard: Heard[] = [];
  /** Rows that it took, and guarded rows that it tried first. */
  readonly taken = new Set<string>();
  readonly passed = new Set<string>();

  constructor(actor: ConnectionActor, signal: Signal) {
    this.heard.push({ type: 'xstate.init', after: actor.getSnapshot() });
    let rows: AnyTransitionDefinition[] = [];
    actor.system.inspect((seen) => {
      if (seen.type === '@xstate.microstep') {
        rows.push(...seen._transitions);
      } else if (seen.type === '@xstate.snapshot') {
        for (const row of rows) this.taken.add(nameOf(row));
        for (const name of passedOver(this.last.after, seen.event.type, rows)) this.passed.add(name);
        rows = [];
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
