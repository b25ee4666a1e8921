/** Steps of one device's record, each taken by the authorization machine and judged by the rules of test/machines. */
import type { AuthorizationEvent, Verdict } from '../../machines/authorization-events.ts';
import { type Outcome, ROLES, type Role } from '../../machines/vocabulary.ts';
import { type RoleRecord, rowOf } from '../../src/authority/device.ts';
import { Judge } from '../machines/rules.ts';
import { RULES_OF_REQUESTS } from '../machines/rules-of-requests.ts';
import { RULES_OF_RIGHTS } from '../machines/rules-of-rights.ts';
import { type Device, documentOf, type Held, heldOf, plain } from './device.ts';
import type { Stepper } from './ship.ts';

export interface Planned {
  readonly role: Role;
  readonly event: AuthorizationEvent;
}

/** What a step means to those who are not the record: sockets that wait for it, tokens that it made old. */
export interface Effect {
  readonly wrote: boolean;
  readonly roles: { readonly [R in Role]?: RoleEffect };
}

export interface RoleEffect {
  /** Generations that its token went on. */
  readonly bump: number;
  /** How its open request settled. */
  readonly settled: Outcome | null;
  /** What it did to the tokens that the device may hold, in the oracle's words. */
  readonly tokens: 'same' | 'superseded' | 'ended' | 'reissued' | 'revoked';
}

export interface Taken {
  readonly next: Device;
  readonly effect: Effect;
  readonly verdict: Verdict;
  /** The facts that were written, for stories and for I8b. */
  readonly facts: readonly string[];
  readonly wrong: readonly string[];
}

const TOKENS: Readonly<Record<string, RoleEffect['tokens']>> = {
  'token.rotated': 'superseded',
  'token.reissued': 'reissued',
  'grant.revoked': 'revoked',
  'device.removed': 'revoked',
};

const judge = new Judge([...RULES_OF_REQUESTS, ...RULES_OF_RIGHTS]);

/** As src/authority/committer.ts takes a plan: every event in its turn, and one write for all of them. */
export function take(stepper: Stepper, device: Device, plan: readonly Planned[]): Taken {
  let now: Device = device;
  let verdict: Verdict = 'nothing';
  const roles: { [R in Role]?: RoleEffect } = {};
  const facts: string[] = [];
  const wrong: string[] = [];
  for (const { role, event } of plan) {
    const before = heldOf(now, role);
    const step = stepper.authorize(before.kept, event);
    if (verdict === 'nothing') verdict = step.verdict;
    wrong.push(...judge.check(before.kept, event, step));
    if (step.announcements.length === 0) continue;
    facts.push(...step.announcements.map(({ fact, outcome }) => (outcome ? `${fact} ${outcome}` : fact)));
    const bump = step.next.record.tokens.current - before.kept.record.tokens.current;
    const settled = step.announcements.find(({ fact }) => fact === 'request.settled')?.outcome ?? null;
    roles[role] = { bump, settled, tokens: tokensAfter(before, step.next, event.type) };
    now = {
      ...now,
      [role]: { kept: step.next, gave: gaveAfter(before, step.next.record.request !== null, facts) },
    };
  }
  const wrote = facts.length > 0;
  if (wrote && rowOf(documentOf(now)) === null) now = {};
  return { next: tidy(now), effect: { wrote, roles }, verdict, facts, wrong };
}

/** Where generations stop being accepted, time has ended them; the rest follows from what was done. */
function tokensAfter({ kept }: Held, next: RoleRecord, type: string): RoleEffect['tokens'] {
  const isTime = type === 'deadline.reached' && kept.record.tokens.retireAtMs !== null;
  if (isTime && next.record.tokens.retireAtMs === null) return 'ended';
  return TOKENS[type] ?? 'same';
}

function gaveAfter({ gave }: Held, isOpen: boolean, facts: readonly string[]): boolean {
  return isOpen && (gave || facts.includes('request.approved'));
}

function tidy(device: Device): Device {
  return Object.fromEntries(
    ROLES.flatMap((role) => {
      const held = device[role];
      if (!held) return [];
      const { state, record } = held.kept;
      return [[role, { kept: { state, record: plain(record) }, gave: held.gave }]];
    }),
  );
}
