import type { StoredEvent } from '../store/store.ts';
import type { Moment, StateCounts } from './console-views.ts';

interface Move {
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
}

/** Every change of state, once: one step may write several events, and each says from where to where the step went. */
function movesOf(events: readonly StoredEvent[]): readonly Move[] {
  const last = new Map<string, string>();
  return events.flatMap(({ deviceId, role, atMs, detail }) => {
    const { stateFrom, stateTo } = detail as { stateFrom?: string; stateTo?: string };
    if (role === null || stateFrom === undefined || stateTo === undefined) return [];
    const key = `${deviceId} ${role}`;
    const from = last.get(key) ?? stateFrom;
    last.set(key, stateTo);
    return from === stateTo ? [] : [{ atMs, from, to: stateTo }];
  });
}

/**
 * The counts at `buckets` moments that end `now`, oldest first: from those of now backwards, because the oldest events
 * may be missing. `events` are oldest first.
 */
export function countsOverTime(
  now: number,
  counts: StateCounts,
  events: readonly StoredEvent[],
  { windowMs, buckets }: { readonly windowMs: number; readonly buckets: number },
): readonly Moment[] {
  const moves = [...movesOf(events)];
  const held: Record<string, number> = { ...counts };
  const stepMs = windowMs / (buckets - 1);
  const moments: Moment[] = [];
  for (let index = 0; index < buckets; index += 1) {
    const atMs = Math.round(now - index * stepMs);
    for (let move = moves.at(-1); move && move.atMs > atMs; move = moves.at(-1)) {
      moves.pop();
      held[move.to] = Math.max(0, (held[move.to] ?? 0) - 1);
      held[move.from] = (held[move.from] ?? 0) + 1;
    }
    moments.push({ atMs, counts: { ...held } });
  }
  return moments.reverse();
}
