import { initialTransition, transition } from 'xstate';
import { authorizationMachine } from '../../machines/authorization.ts';
import type { AuthorizationEvent } from '../../machines/authorization-events.ts';
import { nextDeadline } from '../../machines/record.ts';
import { createTestModel } from '../machines/model.ts';
import {
  eventName,
  events,
  IMPORTS,
  identify,
  project,
  roleRecordOf,
  type Snapshot,
  STORIES,
  transitionName,
} from './authorization-cases.ts';
import { READ, WISH } from './conditions.ts';

type Path = ReturnType<ReturnType<typeof createModel>['getShortestPaths']>[number];
/** A path through the machine with the state after each event; its first event is `xstate.init`. */
export type AuthorizationPath = Pick<Path, 'steps' | 'test'>;

/** What of a state makes a step into it worth a path of its own. */
function landmark({ value, context: { grant, request, tombstone } }: Snapshot): string {
  return JSON.stringify([value, grant, request?.revisions.length, tombstone]);
}

/** Each step as the transition that it takes, and where that leads. */
function newsOf({ steps }: AuthorizationPath): readonly string[] {
  return steps.slice(1).map(({ event, state }, index) => {
    const before = steps[index]?.state as Snapshot;
    return `${transitionName(before, event)} ${landmark(state)}`;
  });
}

/** Events in a row as a path: its steps as the machine takes them, on a clock that what falls due turns. */
function inARow(
  model: ReturnType<typeof createModel>,
  row: readonly AuthorizationEvent[],
): AuthorizationPath {
  let now = 0;
  const steps: { state: Snapshot; event: { type: string } }[] = [
    { state: initialTransition(authorizationMachine)[0], event: { type: 'xstate.init' } },
  ];
  for (const one of row) {
    const { state } = steps.at(-1) as (typeof steps)[number];
    if (one.type === 'deadline.reached') now = nextDeadline(state.context) ?? now;
    const event = { ...one, at: Math.max(now, one.at) };
    steps.push({ state: transition(authorizationMachine, state, event)[0], event });
  }
  const path = { steps } as unknown as Path;
  return { steps: path.steps, test: (params) => model.testPath(path, params) };
}

function createModel() {
  return createTestModel(authorizationMachine, {
    serializeState: (snapshot, event, before) =>
      `${identify(snapshot)} ${event && before ? transitionName(before, event) : ''}`,
  });
}

/**
 * Of the shortest paths to every state by every transition, as many as it takes to see each transition lead to each
 * landmark, and the stories. test/machines explores all states, without a gateway.
 */
export function authorizationPaths() {
  const model = createModel();
  const all = model.getShortestPaths({ events, traversalLimit: 500_000 });
  const seen = new Set<string>();
  const chosen: readonly AuthorizationPath[] = all.filter((path) => {
    const news = newsOf(path).filter((one) => !seen.has(one));
    for (const one of news) seen.add(one);
    return news.length > 0;
  });
  return { all, chosen, stories: [...STORIES, ...IMPORTS].map((story) => inARow(model, story)) };
}

const ASK = `access.requested ${WISH}`;
const ASK_LESS = `access.requested ${READ}`;
const GIVE_PART = `request.approved ${READ} r1`;
/**
 * What may happen in any order, as far as a path does not come to the same rights, request and quiet again: a few events
 * each time, because one more of them can make ten times as many paths.
 */
export const ORDERS = {
  'answers, a part, revocation and removal': [
    ASK,
    'request.approved r1',
    GIVE_PART,
    'request.rejected r1',
    'grant.revoked',
    'device.removed',
  ],
  'a wish that widens while it is answered or withdrawn': [
    ASK,
    ASK_LESS,
    'request.approved r1',
    'request.approved r2',
    'request.rejected r2',
    'request.withdrawn r2',
    'grant.revoked',
  ],
  'answers and the clock': [ASK, GIVE_PART, 'request.rejected r1', 'deadline.reached', 'grant.revoked'],
  'answers and a local secret': [
    ASK,
    `${ASK} local`,
    GIVE_PART,
    'request.rejected r1',
    'grant.revoked',
    'device.removed',
  ],
  'answers that are forgiven or not waited for': [
    ASK,
    'request.approved r1',
    GIVE_PART,
    'request.rejected r1',
    'request.withdrawn r1',
    'quiet.forgiven',
    'grant.revoked',
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Every order of these events without one state coming twice. */
export function simpleAuthorizationPaths(order: keyof typeof ORDERS): readonly AuthorizationPath[] {
  const names: readonly string[] = ORDERS[order];
  const model = createTestModel(authorizationMachine, { serializeState: standing });
  const paths = model.getSimplePaths({
    events: (snapshot) => events(snapshot).filter((event) => names.includes(eventName(event))),
    traversalLimit: 20_000,
  });
  // The traversal goes on from one of all that stand alike: what is tested is where these events really lead.
  return paths.map(({ steps }) => {
    const row = steps.slice(1).map(({ event }) => event as AuthorizationEvent);
    return inARow(model, row);
  });
}

function standing(snapshot: Snapshot): string {
  const { state, ceiling, grant, revisions, quiet, tombstone } = project(roleRecordOf(snapshot));
  return JSON.stringify([state, ceiling, grant, revisions, quiet, tombstone]);
}
