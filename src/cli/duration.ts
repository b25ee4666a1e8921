const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What `readDuration` takes, for messages and help. */
export const DURATION_FORM = 'a duration such as 500ms, 2s, 15m, 24h or 7d';

/** The longest time that a timer of this platform can wait, in ms; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Milliseconds, at least 1; undefined for anything that is not a whole number with a unit. */
export function readDuration(text: string): number | undefined {
  const match = /^([1-9]\d{0,8})(ms|s|m|h|d)$/.exec(text);
  const durationMs = match ? Number(match[1]) * (UNITS[match[2] as string] as number) : undefined;
  return durationMs !== undefined && durationMs <= LONGEST_MS ? durationMs : undefined;
}

/** How long ago or ahead, in one unit: `45s`, `3m`, `2h`, `5d`. */
export function showDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  if (seconds < 90) return `${seconds}s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)}m`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}

export function ago(atMs: number, nowMs: number): string {
  return nowMs - atMs < 1000 ? 'just now' : `${showDuration(nowMs - atMs)} ago`;
}
