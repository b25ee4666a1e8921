/** The device token that a device's programs share in one file (PROTOCOL 7.1): the oracle's account of its fate. */
import type { TokenFate } from './oracle.ts';
import type { RoleEffect } from './steps.ts';

/** When it was made: with the key and in the epoch of now, with a key that came before, or in an epoch before. */
export type Made = 'now' | 'with an older key' | 'in an older epoch';

export interface Token {
  /** Rotations since it was delivered. */
  readonly lag: number;
  readonly fate: TokenFate;
  readonly made: Made;
}

/** Every token that a device can hold, by its number in a state; 0 is none. At most 16 fit (packing.ts). */
export function tokensOf(generations: number, rings: boolean): readonly (Token | null)[] {
  const lags = Array.from({ length: generations + 1 }, (_, lag) => lag);
  const ofKey = (made: Made): readonly Token[] => [
    ...lags.map((lag) => ({ lag, fate: 'good', made }) as const),
    ...lags.slice(1).map((lag) => ({ lag, fate: 'ended', made }) as const),
  ];
  const older = lags.map((lag) => ({ lag, fate: 'ended', made: 'in an older epoch' }) as const);
  return [
    null,
    ...ofKey('now'),
    { lag: -1, fate: 'revoked', made: 'now' },
    ...(rings ? [...ofKey('with an older key'), ...older] : []),
  ];
}

export const GIVEN = 1;

type Tokens = readonly (Token | null)[];

function find(tokens: Tokens, lag: number, fate: TokenFate, made: Made): number {
  const found = tokens.findIndex((one) => one?.lag === lag && one.fate === fate && one.made === made);
  if (found < 0) throw new Error(`no token made ${made} is ${fate} after ${lag} rotations`);
  return found;
}

/** The token after a step of the record; what a step does to a token is said here a second time. */
export function afterTokens(tokens: Tokens, held: number, effect: RoleEffect['tokens']): number {
  const token = tokens[held];
  if (!token || effect === 'same' || token.fate === 'revoked') return held;
  const { lag, fate, made } = token;
  if (effect === 'revoked') return find(tokens, -1, 'revoked', 'now');
  if (effect === 'superseded') return find(tokens, lag + 1, fate, made);
  // An owner can accept generations again, and no epoch.
  if (effect === 'reissued') return made === 'in an older epoch' ? held : find(tokens, lag, 'good', made);
  return lag === 0 ? held : find(tokens, lag, 'ended', made);
}

/** The token after every gateway has started again with a key more (`key rotate`), or in a higher epoch (a database
 * that is older than its mark). */
export function afterRing(tokens: Tokens, held: number, made: Exclude<Made, 'now'>): number {
  const token = tokens[held];
  if (!token || token.fate === 'revoked' || token.made === 'in an older epoch') return held;
  return find(tokens, token.lag, made === 'in an older epoch' ? 'ended' : token.fate, made);
}
