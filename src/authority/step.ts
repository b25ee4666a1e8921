import { transition } from 'xstate';
import { authorizationMachine } from '../../machines/authorization.ts';
import type { Announcement, AuthorizationEvent, Verdict } from '../../machines/authorization-events.ts';
import type { RoleRecord } from './device.ts';

/** What one event did: nothing has happened yet, the caller commits it or throws it away. */
export interface Step {
  readonly next: RoleRecord;
  readonly verdict: Verdict;
  /** Empty exactly when nothing changed. */
  readonly announcements: readonly Announcement[];
}

/** Takes one step of the authorization machine on a record. */
export function step(current: RoleRecord, event: AuthorizationEvent): Step {
  const before = authorizationMachine.resolveState({
    value: current.state as 'paired',
    context: current.record,
  });
  const [after, actions] = transition(authorizationMachine, before, event);
  if (after.status !== 'active') throw new Error(`the authorization machine stopped on ${event.type}`);
  const paramsOf = (type: string): readonly unknown[] =>
    actions.filter((action) => action.type === type).map(({ params }) => params);
  const replies = paramsOf('reply') as readonly { readonly verdict: Verdict }[];
  // Whoever asked hears one answer: of two, one would be lost.
  if (replies.length > 1) throw new Error(`the authorization machine answered ${event.type} twice`);
  return {
    next: { state: after.value as string, record: after.context },
    verdict: replies[0]?.verdict ?? 'nothing',
    announcements: paramsOf('announce') as readonly Announcement[],
  };
}
