/**
 * Every difference between what the published gateways answered and what this one does, with the reason why it is
 * wanted. A difference that is not here is a fault; so is a reason that names none any more.
 */
import type { Difference } from './compare.ts';
import type { Version } from './recorded.ts';
import { WANTED_OF_CALLS } from './wanted-of-calls.ts';
import { WANTED_OF_CONNECT } from './wanted-of-connect.ts';

export interface Wanted {
  /** Paths of `Difference`. */
  readonly at: readonly string[];
  readonly kind: Difference['kind'];
  /** Only there; in both when absent. */
  readonly version?: Version;
  /** The numbers of the only files where it is wanted. */
  readonly files?: readonly string[];
  readonly why: string;
}

export function isWanted(wanted: Wanted, version: Version, file: string, { at, kind }: Difference): boolean {
  const isIn = wanted.files === undefined || wanted.files.includes(file.slice(0, 2));
  return wanted.at.includes(at) && isIn && kind === wanted.kind && (wanted.version ?? version) === version;
}

export const WANTED: readonly Wanted[] = [...WANTED_OF_CONNECT, ...WANTED_OF_CALLS];
