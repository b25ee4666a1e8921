import type { Change } from './store.ts';

/** The newest revision of each device among changes that were saved together: what its watchers are told once. */
export function newestOf(
  changes: readonly Change[],
  revisions: readonly number[],
): ReadonlyMap<string, number> {
  return new Map(changes.map(({ deviceId }, index) => [deviceId, revisions[index] ?? 0]));
}
