/** The device token that a device's programs share in one file (PROTOCOL 7.1): the oracle's account of its fate. */
import type { TokenFate } from './oracle.ts';
import type { RoleEffect } from './steps.ts';

export interface Token {
  /** Rotations since it was delivered. */
  readonly lag: number;
  readonly fate: TokenFate;
}

/** Every token that a device can hold, by its number in a state; 0 is none. */
export function tokensOf(generations: number): readonly (Token | null)[] {
  const lags = Array.from({ length: generations + 1 }, (_, lag) => lag);
  return [
    null,
    ...lags.map((lag) => ({ lag, fate: 'good' }) as const),
    ...lags.slice(1).map((lag) => ({ lag, fate: 'ended' }) as const),
    { lag: -1, fate: 'revoked' },
  ];
}

export const GIVEN = 1;

/** The token after a step of the record; what a step does to a token is said here a second time. */
export function afterTokens(
  tokens: readonly (Token | null)[],
  held: number,
  effect: RoleEffect['tokens'],
): number {
  const token = tokens[held];
  if (!token || effect === 'same' || token.fate === 'revoked') return held;
  const find = (lag: number, fate: TokenFate): number => {
    const found = tokens.findIndex((one) => one?.lag === lag && one.fate === fate);
    if (found < 0) throw new Error(`no token is ${fate} after ${lag} rotations`);
    return found;
  };
  if (effect === 'revoked') return find(-1, 'revoked');
  if (effect === 'superseded') return find(token.lag + 1, token.fate);
  if (effect === 'reissued') return find(token.lag, 'good');
  return token.lag === 0 ? held : find(token.lag, 'ended');
}
