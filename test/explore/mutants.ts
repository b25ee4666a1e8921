/** Rules of TABLES, each switched off in a copy of the machines or of what joins them: the explorer has to notice. */
import { assign } from 'xstate';
import { authorizationMachine } from '../../machines/authorization.ts';
import type { Approved } from '../../machines/authorization-events.ts';
import { authorizationSetup, its, reply } from '../../machines/authorization-setup.ts';
import { connectionMachine } from '../../machines/connection.ts';
import { connectionSetup } from '../../machines/connection-setup.ts';
import { newestRevision } from '../../machines/record.ts';
import * as steps from '../../machines/steps.ts';
import { lookFor } from './look.ts';
import { SHIPPED, type Ship } from './ship.ts';
import { program, type World, wishOf } from './world.ts';
import { LIVING, PARTS, QUICK, VERBS } from './worlds.ts';

export interface Mutant {
  readonly rule: string;
  /** What is switched off. */
  readonly what: string;
  /** The invariant that breaks, by the start of its name. */
  readonly breaks: string;
  readonly world: World;
  readonly ship: Ship;
}

type Config = Record<string, unknown>;
type States = Readonly<Record<string, Config & { readonly on: Config; readonly states?: States }>>;

const authorization = (implementations: Parameters<typeof authorizationMachine.provide>[0]): Ship => ({
  ...SHIPPED,
  authorization: authorizationMachine.provide(implementations),
});

/** The authorization machine with other rows for one event in one state. */
function otherRows(
  state: string,
  event: string,
  rows: (shipped: readonly unknown[]) => readonly unknown[],
): Ship {
  const { states, ...rest } = authorizationMachine.config as unknown as Config & { states: States };
  const its = states[state];
  if (!its) throw new Error(`no state is called ${state}`);
  const on = { ...its.on, [event]: rows(its.on[event] as readonly unknown[]) };
  const config = { ...rest, states: { ...states, [state]: { ...its, on } } };
  return { ...SHIPPED, authorization: authorizationSetup.createMachine(config as never) as never };
}

/** The connection machine with other rows for `record.read` in one state. */
function otherReading(
  path: readonly string[],
  rows: (shipped: readonly unknown[]) => readonly unknown[],
): Ship {
  const change = (states: States, [name = '', ...inner]: readonly string[]): States => {
    const its = states[name];
    if (!its) throw new Error(`no state is called ${name}`);
    const changed =
      inner.length > 0
        ? { ...its, states: change(its.states ?? {}, inner) }
        : { ...its, on: { ...its.on, 'record.read': rows(its.on['record.read'] as readonly unknown[]) } };
    return { ...states, [name]: changed };
  };
  const { states, ...rest } = connectionMachine.config as unknown as Config & { states: States };
  const config = { ...rest, states: change(states, path) };
  return { ...SHIPPED, connection: connectionSetup.createMachine(config as never) as never };
}

const LOCAL_ONE: World = {
  ...VERBS,
  auto: 'all',
  programs: [
    program('reader', wishOf('operator.read')),
    program('local pairer', wishOf('operator.pairing'), { local: true }),
  ],
};
const NODES: World = {
  ...QUICK,
  roles: ['node'],
  rotations: [],
  programs: [{ ...program('node', wishOf()), role: 'node' }],
};
const TOKENS: World = { ...QUICK, programs: QUICK.programs.map((one) => ({ ...one, usesToken: true })) };

export const MUTANTS: readonly Mutant[] = [
  {
    rule: 'R1',
    what: 'auto-approval does not ask what an owner declined',
    breaks: 'I4 asking gives rights only by auto-approval',
    world: LOCAL_ONE,
    ship: authorization({ guards: { auto: (_, { auto }) => auto } }),
  },
  {
    rule: 'R1b',
    what: 'an empty wish is covered without standing',
    breaks: 'R1b ',
    world: NODES,
    ship: otherRows('unpaired', 'access.requested', (rows) => [
      { guard: { type: 'covered', params: its }, actions: reply('covered') },
      ...rows,
    ]),
  },
  {
    rule: 'R3',
    what: 'an approval does not look whether all is granted now',
    breaks: 'R3 I17',
    world: QUICK,
    ship: authorization({ guards: { approvalCoversNewest: () => false } }),
  },
  {
    rule: 'R4',
    what: 'a decision on a settled request counts for the one that is open',
    breaks: 'R4 ',
    world: VERBS,
    ship: authorization({ guards: { namesNoRevision: ({ context }) => context.request === null } }),
  },
  {
    rule: 'I2',
    what: 'an approval gives the newest revision, whichever was named',
    breaks: 'I2 ',
    world: QUICK,
    ship: authorization({
      actions: {
        grantRevision: assign(({ context }, { at }: Approved) =>
          context.request ? steps.approve(context, newestRevision(context.request).scopes, at) : {},
        ),
      },
    }),
  },
  {
    rule: 'R5',
    what: 'a rejection leaves nothing quiet',
    breaks: 'R5 I13',
    world: QUICK,
    ship: authorization({ actions: { quietenRevision: assign({}) } }),
  },
  {
    rule: 'R6',
    what: 'an approval ends all quiet',
    breaks: 'R6 ',
    world: {
      ...QUICK,
      programs: [program('reader', wishOf('operator.read')), program('pairer', wishOf('operator.pairing'))],
    },
    ship: authorization({
      actions: {
        grantRevision: assign(({ context }, { request, at }: Approved) => ({
          ...steps.approve(context, context.request?.revisions[request.revision - 1]?.scopes ?? [], at),
          quiet: {},
        })),
      },
    }),
  },
  {
    rule: 'R7',
    what: 'a revocation keeps the ceiling',
    breaks: 'there are no rights without standing',
    world: QUICK,
    ship: authorization({
      actions: {
        revokeGrant: assign(({ context }, event) => ({
          ...steps.revoke(context, event),
          ceiling: context.ceiling,
        })),
      },
    }),
  },
  {
    rule: 'R8',
    what: 'a removal leaves no tombstone',
    breaks: 'R8 ',
    world: QUICK,
    ship: authorization({
      actions: { removeDevice: assign(({ context }) => ({ ...steps.remove(context), tombstone: false })) },
    }),
  },
  {
    rule: 'R9',
    what: 'a rotation ends the older generations at once',
    breaks: 'R9 a token that nobody ended is refused',
    world: TOKENS,
    ship: authorization({
      actions: {
        rotateToken: assign(({ context }, event) => {
          const next = steps.rotate(context, event);
          return {
            ...next,
            tokens: { ...context.tokens, ...next.tokens, oldest: context.tokens.current + 1 },
          };
        }),
      },
    }),
  },
  {
    rule: 'R10',
    what: 'a socket reads first and registers then',
    breaks: 'I3 a socket is parked on what is granted',
    world: QUICK,
    ship: { ...SHIPPED, registersFirst: false },
  },
  {
    rule: 'R11',
    what: 'a request that is gone was rejected',
    breaks: 'I6 ',
    world: QUICK,
    ship: {
      ...SHIPPED,
      look: (device, asker) => {
        const isGone = asker.waits !== 'none' && asker.waits !== 'open';
        return lookFor(device, isGone ? { ...asker, waits: 'rejected' } : asker);
      },
    },
  },
  {
    rule: 'R13',
    what: 'a part is served only while the rest is open',
    breaks: 'I12 refused although a part',
    world: PARTS,
    ship: {
      ...SHIPPED,
      connection: connectionMachine.provide({
        guards: { servesPart: (_, { view }) => view.live.length > 0 && view.open !== null },
      }),
    },
  },
  {
    rule: 'R14',
    what: 'any timer expires the request',
    breaks: 'I6 R14',
    world: VERBS,
    ship: authorization({ guards: { requestIsDue: ({ context }) => context.request !== null } }),
  },
  {
    rule: 'R15',
    what: 'a wider wish takes the place of the one before',
    breaks: 'R15 ',
    world: {
      ...QUICK,
      programs: [program('reader', wishOf('operator.read')), program('pairer', wishOf('operator.pairing'))],
    },
    ship: authorization({
      actions: {
        widenRequest: assign(({ context }, event) => {
          const { request } = steps.widenRequest(context, event);
          if (!request) return {};
          const [first, ...rest] = request.revisions;
          const last = rest.pop() ?? first;
          return { request: { ...request, revisions: [first, ...rest, { ...last, scopes: event.wish }] } };
        }),
      },
    }),
  },
  {
    rule: 'R16',
    what: 'every attempt writes a new expiry',
    breaks: 'R16 ',
    world: QUICK,
    ship: authorization({
      guards: { joinsAndRenews: ({ context }, { mayOpen }) => mayOpen && context.request !== null },
    }),
  },
  {
    rule: 'R17',
    what: 'a held socket that becomes partly covered stays held',
    breaks: 'I12 a socket is parked although a part',
    world: PARTS,
    ship: otherReading(['upgradePending', 'held'], (rows) => rows.filter((_, index) => index !== 1)),
  },
  {
    rule: 'R18',
    what: 'who is let in is turned away at the door, and told to come back',
    breaks: 'I8a a program goes round for ever',
    world: LIVING[0] as World,
    ship: otherReading(['approved'], () => [
      {
        target: '#connection.deferred',
        actions: { type: 'refuse', params: { denial: { code: 'UNDECIDED' } } },
      },
    ]),
  },
  {
    rule: 'I8a',
    what: 'nobody is told to come back (issue 82590)',
    breaks: 'I8a told to stop',
    world: QUICK,
    ship: { ...SHIPPED, look: (device, asker) => lookFor(device, { ...asker, wait: false }) },
  },
];
