import type { AnyTransitionDefinition, InspectionEvent, SnapshotFrom } from 'xstate';
import type { connectionMachine } from '../../machines/connection.ts';
import type { ActorSnapshot, ActorTap } from '../../src/inspect/actor-tap.ts';
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

  readonly #signal: Signal;
  #rows: AnyTransitionDefinition[] = [];

  constructor(signal: Signal) {
    this.#signal = signal;
  }

  /** For `inspect` of the gateway: hears of its first socket, and of no other. */
  get tap(): ActorTap {
    return {
      opened: (_, snapshot: ActorSnapshot) => {
        if (this.heard.length > 0) return { seen: () => {}, gone: () => {} };
        this.heard.push({ type: 'xstate.init', after: snapshot as Heard['after'] });
        return { seen: (event) => this.#hear(event), gone: () => {} };
      },
    };
  }

  #hear(seen: InspectionEvent): void {
    if (seen.type === '@xstate.microstep') {
      this.#rows.push(...seen._transitions);
      // An actor that wakes is where it was when it fell asleep.
    } else if (seen.type === '@xstate.snapshot' && seen.event.type !== 'xstate.init') {
      for (const row of this.#rows) this.taken.add(nameOf(row));
      for (const name of passedOver(this.last.after, seen.event.type, this.#rows)) this.passed.add(name);
      this.#rows = [];
      this.heard.push({ type: seen.event.type, after: seen.snapshot as Heard['after'] });
      this.#signal.stir();
    }
  }

  /** The first event of this type from `start` on. */
  find(type: string, start: number): Heard | undefined {
    return this.heard.slice(start).find((heard) => heard.type === type);
  }

  get last(): Heard {
    return this.heard.at(-1) as Heard;
  }
}
