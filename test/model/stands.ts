import { initialTransition, type SnapshotFrom, transition } from 'xstate';
import { connectionMachine } from '../../machines/connection.ts';
import { type Case, caseName, casesIn, placeOf } from './connection-cases.ts';

/** What a client could say of where it stands. */
export type Where = 'greeted' | 'asking' | 'waiting' | 'entering' | 'live' | 'turned away' | 'gone';

/** A state of the connection machine, and a shortest way there. */
export interface Stand {
  readonly name: string;
  readonly place: string;
  readonly where: Where;
  readonly causes: readonly Case[];
  /** What follows by itself once nothing holds it up. */
  readonly after: readonly Case[];
  /** The revision that a live session waits for; 0 for none. */
  readonly waitsFor: number;
  /** Whether it was parked on the way. */
  readonly waited: boolean;
}

const HELLO = 'delivery.flushed covered';
const ASKED = ['connect.received auto', 'proof.accepted'];
const WAYS: readonly (readonly [name: string, where: Where, by: readonly string[], waitsFor?: number])[] = [
  ['greeted', 'greeted', []],
  ['proving', 'asking', ['connect.received auto']],
  ['authorizing', 'asking', ASKED],
  ['held', 'waiting', [...ASKED, 'record.read open']],
  ['held, and told of a wider request', 'waiting', [...ASKED, 'record.read open', 'record.read wider']],
  ['being let in', 'entering', [...ASKED, 'record.read covered']],
  ['being let in after a wait', 'entering', [...ASKED, 'record.read open', 'record.read covered']],
  ['live with all', 'live', [...ASKED, 'record.read covered', HELLO]],
  ['live with a part', 'live', [...ASKED, 'record.read partDeclined', 'delivery.flushed partDeclined']],
  ['served a part', 'live', [...ASKED, 'record.read partAndOpen', 'delivery.flushed partAndOpen'], 1],
  ['served all, and asking for more', 'live', [...ASKED, 'record.read covered', HELLO, 'upgrade.asked'], 1],
  ['rejected', 'turned away', [...ASKED, 'record.read declined']],
  ['deferred', 'turned away', [...ASKED, 'record.read open', 'slice.ended']],
  ['gone', 'gone', [...ASKED, 'record.read covered', HELLO, 'socket.closed']],
];
/** By place. */
const AFTER: Readonly<Record<string, readonly string[]>> = {
  proving: ['proof.accepted', 'record.read open'],
  authorizing: ['record.read open'],
  approved: [HELLO],
};

type Snapshot = SnapshotFrom<typeof connectionMachine>;

/** Takes a case by its name; throws where the state has none that is called so. */
function follow(
  from: Snapshot,
  names: readonly string[],
): { readonly to: Snapshot; readonly causes: readonly Case[] } {
  let to = from;
  const causes = names.map((name) => {
    const found = casesIn(to).find((one) => caseName(one) === name);
    if (!found) throw new Error(`nothing is called ${name} in ${placeOf(to)}`);
    [to] = transition(connectionMachine, to, found);
    return found;
  });
  return { to, causes };
}

export const STANDS: readonly Stand[] = WAYS.map(([name, where, by, waitsFor = 0]) => {
  const { to, causes } = follow(initialTransition(connectionMachine)[0], by);
  const place = placeOf(to);
  return {
    name,
    place,
    where,
    causes,
    after: follow(to, AFTER[place] ?? []).causes,
    waitsFor,
    waited: by.includes('record.read open'),
  };
});
