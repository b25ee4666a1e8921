/**
 * What is explored: the machines that ship, taken one step at a time. Only a test that proves the explorer itself puts
 * a broken copy in the place of one of them.
 */
import { transition } from 'xstate';
import { authorizationMachine } from '../../machines/authorization.ts';
import type { Announcement, AuthorizationEvent, Verdict } from '../../machines/authorization-events.ts';
import { connectionMachine } from '../../machines/connection.ts';
import type { ConnectionContext, ConnectionEvent } from '../../machines/connection-setup.ts';
import type { RoleRecord } from '../../src/authority/device.ts';
import type { Step } from '../../src/authority/step.ts';
import { type Look, lookFor } from './look.ts';

export interface Ship {
  readonly authorization: typeof authorizationMachine;
  readonly connection: typeof connectionMachine;
  /** What one connection is told of its device's record. */
  readonly look: Look;
  /** A socket registers before its record is read (R10). */
  readonly registersFirst: boolean;
}

export const SHIPPED: Ship = {
  authorization: authorizationMachine,
  connection: connectionMachine,
  look: lookFor,
  registersFirst: true,
};

export interface Told {
  readonly state: string;
  readonly context: ConnectionContext;
  readonly effects: readonly { readonly type: string; readonly params: Record<string, unknown> }[];
}

/** Takes steps of both machines and remembers which of their transitions were ever taken. */
export class Stepper {
  readonly taken = new Set<string>();
  readonly ship: Ship;
  readonly #told = new Map<string, Told>();

  constructor(ship: Ship) {
    this.ship = ship;
  }

  /** As src/authority/step.ts, of the machine that is explored. */
  authorize({ state, record }: RoleRecord, event: AuthorizationEvent): Step {
    const machine = this.ship.authorization;
    const before = machine.resolveState({ value: state as 'paired', context: record });
    for (const one of machine.getTransitionData(before, event)) this.#note(one);
    const [after, actions] = transition(machine, before, event);
    let verdict: Verdict = 'nothing';
    const announcements: Announcement[] = [];
    for (const { type, params } of actions) {
      if (type === 'reply') verdict = (params as { verdict: Verdict }).verdict;
      else if (type === 'announce') announcements.push(params as unknown as Announcement);
    }
    return { next: { state: after.value as string, record: after.context }, verdict, announcements };
  }

  tell(state: string, context: ConnectionContext, event: ConnectionEvent): Told {
    const key = JSON.stringify([state, context, event]);
    const known = this.#told.get(key) ?? this.#tell(state, context, event);
    this.#told.set(key, known);
    return known;
  }

  #tell(state: string, context: ConnectionContext, event: ConnectionEvent): Told {
    const machine = this.ship.connection;
    const [outer = '', inner] = state.split('.');
    const value = (inner === undefined ? outer : { [outer]: inner }) as 'paired';
    const before = machine.resolveState({ value, context });
    for (const one of machine.getTransitionData(before, event)) this.#note(one);
    const [after, actions] = transition(machine, before, event);
    const effects = actions.map(({ type, params }) => ({
      type,
      params: (params ?? {}) as Record<string, unknown>,
    }));
    return { state: nameOf(after.value), context: after.context, effects };
  }

  #note(taken: object): void {
    const name = namesOf(this.ship).get(taken);
    if (name !== undefined) this.taken.add(name);
  }
}

function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[outer, inner] = ['', '']] = Object.entries(value as Record<string, string>);
  return `${outer}.${inner}`;
}

interface Node {
  readonly id: string;
  readonly states: Readonly<Record<string, Node>>;
  readonly transitions: ReadonlyMap<string, readonly object[]>;
}
interface Row {
  readonly eventType: string;
  readonly guard?: { readonly type: string };
  readonly target?: readonly { readonly id: string }[];
}

const NAMES = new WeakMap<Ship, ReadonlyMap<object, string>>();

/** Every transition of both machines by its name, as the machines' own objects. */
export function namesOf(ship: Ship): ReadonlyMap<object, string> {
  const known = NAMES.get(ship);
  if (known) return known;
  const names = new Map<object, string>();
  for (const machine of [ship.authorization, ship.connection]) {
    const walk = (node: Node): void => {
      for (const rows of node.transitions.values()) {
        rows.forEach((row, index) => {
          const { eventType, guard, target } = row as Row;
          const to = target?.map(({ id }) => id).join() ?? '(stays)';
          names.set(row, `${node.id} | ${eventType} #${index} [${guard?.type ?? ''}] | ${to}`);
        });
      }
      for (const inner of Object.values(node.states)) walk(inner);
    };
    walk(machine.root as unknown as Node);
  }
  NAMES.set(ship, names);
  return names;
}
