import { LEGAL_MOVES } from './moves.ts';
import { StoreError } from './store.ts';

/** The state of a role that has no row. */
export const NO_ROW = 'unpaired';

const LEGAL: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [...Map.groupBy(LEGAL_MOVES, ([from]) => from)].map(([from, moves]) => [
    from,
    new Set(moves.map(([, to]) => to)),
  ]),
);

type States = Readonly<Record<string, string>>;

/**
 * The error for a step of one device that the authorization machine does not have, or undefined when all its roles
 * move legally. A role that is absent before or after counts as `unpaired`.
 */
export function illegalMove(deviceId: string, before: States, after: States): StoreError | undefined {
  const from = new Map(Object.entries(before));
  const to = new Map(Object.entries(after));
  const illegal = [...new Set([...from.keys(), ...to.keys()])]
    .map((role) => ({ role, from: from.get(role) ?? NO_ROW, to: to.get(role) ?? NO_ROW }))
    .filter((move) => !LEGAL.get(move.from)?.has(move.to))
    .map((move) => `${move.role}: ${move.from} -> ${move.to}`);
  return illegal.length === 0 ? undefined : illegalMoveError(deviceId, illegal.join(', '));
}

/** `moves` names the roles and states, for the one who has to find the bug. */
export function illegalMoveError(deviceId: string, moves: string, options?: ErrorOptions): StoreError {
  const message = `The step (${moves}) of device ${deviceId} is not in the authorization machine, so nothing was written. This is a bug in the program that made it: please report this message.`;
  return new StoreError('STORE_ILLEGAL_MOVE', message, options);
}
