import type { Announcement, AuthorizationEvent } from '../../machines/authorization-events.ts';
import type { AuthorizationRecord } from '../../machines/record.ts';
import type { RoleRecord } from '../../src/authority/device.ts';
import type { Step } from '../../src/authority/step.ts';
import type { Check } from './explore.ts';

/** One step, taken apart for the ones who judge it. */
export interface Case {
  readonly before: RoleRecord;
  readonly event: AuthorizationEvent;
  readonly taken: Step;
  readonly was: AuthorizationRecord;
  readonly is: AuthorizationRecord;
  /** The outcome of the request that was open, if this step settled it. */
  readonly outcome: Announcement['outcome'];
}

/** Something that must hold after every step to which it applies. */
export interface Rule {
  readonly name: string;
  applies(step: Case): boolean;
  holds(step: Case): boolean;
}

/** A rule for one kind of event, which it then knows the fields of. */
export function on<T extends AuthorizationEvent['type']>(
  type: T,
  name: string,
  holds: (step: Case, event: Extract<AuthorizationEvent, { type: T }>) => boolean,
  applies: (step: Case, event: Extract<AuthorizationEvent, { type: T }>) => boolean = () => true,
): Rule {
  type Its = Extract<AuthorizationEvent, { type: T }>;
  return {
    name,
    applies: (step) => step.event.type === type && applies(step, step.event as Its),
    holds: (step) => holds(step, step.event as Its),
  };
}

export function always(name: string, holds: (step: Case) => boolean, applies = (_: Case) => true): Rule {
  return { name, applies, holds };
}

/** Judges steps by `rules` and counts how often each had something to judge: a rule that never had proves nothing. */
export class Judge {
  readonly seen = new Map<string, number>();
  readonly #rules: readonly Rule[];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    for (const { name } of rules) this.seen.set(name, 0);
  }

  readonly check: Check = (before, event, taken) => {
    const settled = taken.announcements.filter(({ fact }) => fact === 'request.settled');
    const outcome = settled[0]?.outcome ?? null;
    const step: Case = { before, event, taken, was: before.record, is: taken.next.record, outcome };
    return this.#rules
      .filter((rule) => {
        if (!rule.applies(step)) return false;
        this.seen.set(rule.name, (this.seen.get(rule.name) ?? 0) + 1);
        return !rule.holds(step);
      })
      .map(({ name }) => name);
  };
}
