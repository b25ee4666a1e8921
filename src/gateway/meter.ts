import type { Verdict } from '../../machines/authorization-events.ts';
import type { Denial } from '../../machines/denial.ts';

/** Hears of what happens to connections, for whoever counts it. Called on the way of every connect: it must be quick,
 * and must not throw. */
export interface Meter {
  /** A device asked for rights, and this is what the authorization machine said. */
  asked(verdict: Verdict): void;
  /** A connection was not let in. `kind` says more, in one of a fixed set of words; empty where there is nothing to say. */
  refused(code: Denial['code'] | 'FAULT', kind: string): void;
}

export const SILENT_METER: Meter = { asked: () => {}, refused: () => {} };
