/** The generations that this gateway speaks: 3 is 2026.2.19's, 4 is 2026.9's (PROTOCOL section 1.2). */
export type Protocol = 3 | 4;

/** The highest generation inside [min, max]; undefined when the client speaks neither, or the range is empty. */
export function negotiate(min: number, max: number): Protocol | undefined {
  if (min <= 4 && 4 <= max) return 4;
  if (min <= 3 && 3 <= max) return 3;
  return undefined;
}
