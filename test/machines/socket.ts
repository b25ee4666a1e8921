/** One connection as values: the machine without a socket, in every state and with everything that can reach it. */
import { type AnyMachineSnapshot, transition } from 'xstate';
import { connectionMachine } from '../../machines/connection.ts';
import type {
  ConnectionContext,
  ConnectionEvent,
  Manner,
  RecordRead,
} from '../../machines/connection-setup.ts';
import type { Denial } from '../../machines/denial.ts';
import type { View } from '../../machines/verdict.ts';
import type { GrantedScopes, RequestRef } from '../../machines/vocabulary.ts';
import { deepFreeze } from './explore.ts';

const granted = (...scopes: string[]): GrantedScopes => scopes as readonly string[] as GrantedScopes;
export const REQUEST: RequestRef = { id: 'aaaaaaaaaaaaaaaa', revision: 1 };

const VIEW: View = {
  standing: 'paired',
  covered: false,
  live: granted(),
  open: null,
  openUntilMs: null,
  quietUntilMs: null,
  generation: 1,
  grantVersion: 1,
};
const standing = { role: 'operator', wish: [], grant: [], approvedRoles: [] } as const;
const LATER: Denial = {
  code: 'PAIRING_REQUIRED',
  reason: 'scope-upgrade',
  request: REQUEST,
  wait: true,
  standing,
};
const NO: Denial = { code: 'DECLINED', outcome: 'rejected', request: null, quietUntilMs: 1, standing };

function read(view: Partial<View>, denial: Denial, outcome: RecordRead['outcome'] = null): RecordRead {
  return { type: 'record.read', view: { ...VIEW, ...view }, denial, outcome };
}

/** Everything that can reach a connection, by a name that says what is special about it. */
export const EVENTS: Readonly<Record<string, ConnectionEvent>> = deepFreeze({
  'connect.received': { type: 'connect.received', manner: 'auto', commandLine: false },
  'frame.illegal': { type: 'frame.illegal' },
  'proof.accepted': { type: 'proof.accepted' },
  'proof.refused': { type: 'proof.refused', denial: NO },
  'read: all covered': read({ covered: true, live: granted('operator.read') }, NO, 'approved'),
  'read: part covered, rest open': read({ live: granted('operator.read'), open: REQUEST }, LATER),
  'read: part covered, rest declined': read({ live: granted('operator.read') }, NO, 'rejected'),
  'read: nothing covered, open': read({ open: REQUEST }, LATER),
  'read: nothing covered, declined': read({ quietUntilMs: 1 }, NO, 'rejected'),
  'read: nothing covered, may come back': read({}, LATER, 'expired'),
  'read: revoked': read({ standing: 'revoked', generation: 2 }, NO, 'rejected'),
  'read: removed': read({ standing: 'removed', generation: 2 }, NO, 'removed'),
  'read: unknown': read({ standing: 'unpaired' }, NO, 'removed'),
  'read: rotated': read({ covered: true, live: granted('operator.read'), generation: 2 }, NO),
  'authority.failed': { type: 'authority.failed' },
  'flushed: nothing open': { type: 'delivery.flushed', view: { ...VIEW, live: granted('operator.read') } },
  'flushed: rest open': {
    type: 'delivery.flushed',
    view: { ...VIEW, live: granted('operator.read'), open: REQUEST },
  },
  'delivery.failed': { type: 'delivery.failed' },
  'upgrade.asked': { type: 'upgrade.asked', request: REQUEST },
  'slice.ended': { type: 'slice.ended', denial: LATER },
  'credential.ended': { type: 'credential.ended' },
  'deadline.reached': { type: 'deadline.reached' },
  'gateway.draining': { type: 'gateway.draining' },
  'socket.closed': { type: 'socket.closed' },
});

export const STATES = [
  'challenged',
  'proving',
  'authorizing',
  'upgradePending.held',
  'upgradePending.serving',
  'approved',
  'paired',
  'rejected',
  'deferred',
  'closed',
] as const;

export type Snapshot = ReturnType<typeof connectionMachine.resolveState>;

/** A connection that is in `state` already, live with operator.read where that makes a difference. */
export function inState(state: string, manner: Manner = 'auto', commandLine = false): Snapshot {
  const context: ConnectionContext = {
    manner,
    commandLine,
    request: REQUEST,
    live: granted('operator.read'),
    generation: 1,
  };
  const [outer = '', inner] = state.split('.');
  const value = inner === undefined ? outer : { [outer]: inner };
  return connectionMachine.resolveState({ value: value as 'paired', context: deepFreeze(context) });
}

export interface Taken {
  readonly snapshot: Snapshot;
  readonly state: string;
  /** As `endSession(revoked)`: what the gateway is told to do. */
  readonly effects: readonly string[];
}

export function take(from: Snapshot, event: ConnectionEvent): Taken {
  const [snapshot, actions] = transition(connectionMachine, from, event);
  return { snapshot, state: stateOf(snapshot), effects: actions.map(describe) };
}

export function stateOf(snapshot: AnyMachineSnapshot): string {
  const value: unknown = snapshot.value;
  if (typeof value === 'string') return value;
  return Object.entries(value as Record<string, string>)
    .map(([outer, inner]) => `${outer}.${inner}`)
    .join();
}

/** One line of the table: what an event does in a state; null for nothing at all. */
export function lineOf(state: string, name: string): string | null {
  const event = EVENTS[name];
  if (!event) throw new Error(`no event is called ${name}`);
  const from = inState(state);
  const { state: to, effects, snapshot } = take(from, event);
  const isUntouched = JSON.stringify(snapshot.context) === JSON.stringify(from.context);
  if (to === state && effects.length === 0 && isUntouched) return null;
  return `${state} | ${name} | ${to === state ? '(stays)' : to} | ${effects.join(' ') || '-'}`;
}

function describe({ type, params }: { readonly type: string; readonly params: unknown }): string {
  const told = (params ?? {}) as { reason?: string; denial?: Denial; outcome?: string | null };
  if (type === 'endSession') return `${type}(${told.reason})`;
  if (type === 'tellResolved') return `${type}(${told.outcome})`;
  if (type !== 'refuse' || !told.denial) return type;
  const { denial } = told;
  return `${type}(${denial.code === 'CREDENTIAL_INVALID' ? denial.problem : denial.code})`;
}
