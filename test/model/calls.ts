import { initialTransition, type SnapshotFrom, transition } from 'xstate';
import { authorizationMachine } from '../../machines/authorization.ts';
import { eventName, events } from './authorization-cases.ts';
import { AuthorizationStage } from './authorization-stage.ts';
import { READ, WISH } from './conditions.ts';

export type State = SnapshotFrom<typeof authorizationMachine>['value'];

const ASK = `access.requested ${WISH}`;
/** A shortest way to each state. */
const WAYS: Readonly<Record<State, readonly string[]>> = {
  unpaired: [],
  pairingPending: [ASK],
  paired: [ASK, 'request.approved r1'],
  upgradePending: [`access.requested ${READ}`, 'request.approved r1', ASK],
  revoked: [ASK, 'request.approved r1', 'grant.revoked'],
  revokedPending: [ASK, 'request.approved r1', 'grant.revoked', 'quiet.forgiven', ASK],
};
export const STATES = Object.keys(WAYS) as readonly State[];

/** A gateway whose device has come to stand there. */
export async function standAt(state: State, store: 'memory' | 'sqlite'): Promise<AuthorizationStage> {
  const stage = await AuthorizationStage.open(store);
  let [snapshot] = initialTransition(authorizationMachine);
  for (const name of WAYS[state]) {
    const event = events(snapshot).find((one) => eventName(one) === name);
    if (!event) throw new Error(`nothing is called ${name} in ${snapshot.value}`);
    await stage.cause(event);
    await stage.stored();
    [snapshot] = transition(authorizationMachine, snapshot, event);
  }
  return stage;
}

/** What comes of a call: its answer in a word, the lines of the audit log, and where the device stands then. */
export interface Outcome {
  readonly answer: string;
  /** Default: nothing is written, and the device stands where it stood. */
  readonly lines?: number;
  readonly state?: State;
}

/** Something that an owner, or somebody with the device's key, can try in every state. */
export interface Call {
  readonly name: string;
  tries(stage: AuthorizationStage): Promise<string>;
  /** From DESIGN sections 1, 3 and 4, and not from the machine. */
  outcome(state: State): Outcome;
}

const isPaired = (state: State): boolean => state === 'paired' || state === 'upgradePending';
const isOpen = (state: State): boolean => state.endsWith('ending');
/** Somebody has decided on a request of it before. */
const wasDecided = (state: State): boolean => state !== 'unpaired' && state !== 'pairingPending';
const standing: Readonly<Partial<Record<State, State>>> = {
  pairingPending: 'unpaired',
  upgradePending: 'paired',
  revokedPending: 'revoked',
};
/** One line, and one more for the request that it ends. */
const linesOf = (state: State): number => (isOpen(state) ? 2 : 1);

const answered =
  (answer: string, lines = 0) =>
  (): Outcome => ({ answer, lines });
const whereOpen = (outcome: (state: State) => Outcome) => (state: State) =>
  isOpen(state) ? outcome(state) : { answer: 'UNKNOWN_REQUEST' };
/** The first decision stands: the same one again is a success, any other is told what was decided (I7). */
const whereDecided = (answer: string) => (state: State) => ({
  answer: wasDecided(state) ? answer : 'UNKNOWN_REQUEST',
});
const unknown = (state: State): Outcome => ({
  answer: state === 'unpaired' ? 'UNKNOWN_DEVICE' : 'UNKNOWN_ROLE',
});
const wherePaired = (outcome: Outcome) => (state: State) => (isPaired(state) ? outcome : unknown(state));
const whereKnown = (outcome: (state: State) => Outcome) => (state: State) =>
  state === 'unpaired' ? unknown(state) : outcome(state);

type Params = (stage: AuthorizationStage) => object;
const rpc =
  (method: string) =>
  (name: string, params: Params, outcome: Call['outcome']): Call => ({
    name,
    tries: async (stage) => {
      const { ok, error } = await stage.call(method, params(stage));
      return ok ? 'ok' : [error.details.code, error.details.outcome].filter(Boolean).join(' ');
    },
    outcome,
  });
const approves = rpc('device.pair.approve');
const rejects = rpc('device.pair.reject');
const rotates = rpc('device.token.rotate');

/** An id where there is none is one that nobody was shown. */
const open = ({ openId = 'y'.repeat(16) }: AuthorizationStage): string => openId;
const settled = ({ settledId = 'z'.repeat(16) }: AuthorizationStage): string => `${settledId}.r1`;
const ofDevice: Params = ({ deviceId }) => ({ deviceId });
const ofRole: Params = ({ deviceId }) => ({ deviceId, role: 'operator' });
const ofNode: Params = ({ deviceId }) => ({ deviceId, role: 'node' });
const admin = ['operator.admin'];

const ON_REQUESTS: readonly Call[] = [
  approves(
    'approves what is open',
    (stage) => ({ requestId: `${open(stage)}.r1` }),
    whereOpen(() => ({ answer: 'ok', lines: 1, state: 'paired' })),
  ),
  approves(
    'approves a revision that nobody has seen',
    (stage) => ({ requestId: `${open(stage)}.r2` }),
    answered('UNKNOWN_REQUEST'),
  ),
  approves(
    'approves without naming a revision',
    (stage) => ({ requestId: open(stage) }),
    whereOpen(answered('REVISION_NEEDED')),
  ),
  approves(
    'approves more than is asked for',
    (stage) => ({ requestId: `${open(stage)}.r1`, scopes: admin }),
    whereOpen(answered('BEYOND_REQUEST')),
  ),
  approves(
    'approves once more what was approved',
    (stage) => ({ requestId: settled(stage) }),
    whereDecided('ok'),
  ),
  approves(
    'approves a part of what was approved',
    (stage) => ({ requestId: settled(stage), scopes: [] }),
    whereDecided('ALREADY_DECIDED approved'),
  ),
  rejects(
    'rejects what is open',
    (stage) => ({ requestId: `${open(stage)}.r1` }),
    whereOpen((state) => ({ answer: 'ok', lines: 1, state: standing[state] as State })),
  ),
  rejects(
    'rejects a revision that nobody has seen',
    (stage) => ({ requestId: `${open(stage)}.r2` }),
    answered('UNKNOWN_REQUEST'),
  ),
  rejects(
    'rejects what was approved',
    (stage) => ({ requestId: settled(stage) }),
    whereDecided('ALREADY_DECIDED approved'),
  ),
  rpc('device.scopes.withdrawUpgrade')(
    'withdraws the request of another',
    (stage) => ({ requestId: `${open(stage)}.r1` }),
    answered('UNKNOWN_REQUEST'),
  ),
];

const ON_RIGHTS: readonly Call[] = [
  rotates('rotates', ofRole, wherePaired({ answer: 'ok', lines: 1 })),
  rotates(
    'rotates to what nobody has approved',
    (stage) => ({ ...ofRole(stage), scopes: admin }),
    wherePaired({ answer: 'PAIRING_DENIED' }),
  ),
  rotates('rotates a role that it has not', ofNode, unknown),
  rpc('device.token.reissue')('reissues', ofRole, wherePaired({ answer: 'ok', lines: 1 })),
  rpc('device.token.revoke')('revokes', ofRole, (state) => {
    // Revoked stays revoked: there is nothing more to take.
    if (state === 'revoked') return { answer: 'ok' };
    const isTaken = isPaired(state) || state === 'revokedPending';
    return isTaken ? { answer: 'ok', lines: linesOf(state), state: 'revoked' } : unknown(state);
  }),
  rpc('device.token.revoke')('revokes a role that it has not', ofNode, unknown),
  rpc('device.quiet.forgive')(
    'forgives',
    ofDevice,
    // Of these only a revocation has declined anything.
    whereKnown((state) => ({ answer: 'ok', lines: state === 'revoked' ? 1 : 0 })),
  ),
  rpc('device.pair.rename')(
    'renames',
    (stage) => ({ ...ofDevice(stage), label: 'a label' }),
    whereKnown(answered('ok', 1)),
  ),
  rpc('device.pair.remove')(
    'removes',
    ofDevice,
    whereKnown((state) => ({ answer: 'ok', lines: linesOf(state), state: 'unpaired' })),
  ),
];

/** What no owner does. */
const ON_ITS_OWN: readonly Call[] = [
  {
    name: 'comes with a token that nobody gave it',
    tries: async (stage) => {
      const { ok, error } = await stage.connectWithToken('a-token-that-is-none');
      return ok ? 'ok' : error.details.code;
    },
    outcome: answered('AUTH_DEVICE_TOKEN_MISMATCH'),
  },
  {
    name: 'waits for a moment',
    tries: async ({ house, deviceId }) => {
      house.clock.advance(1000);
      await house.gateway.turn();
      await house.authority.attend(deviceId, 'operator');
      return 'nothing';
    },
    outcome: answered('nothing'),
  },
];

export const CALLS: readonly Call[] = [...ON_REQUESTS, ...ON_RIGHTS, ...ON_ITS_OWN];
