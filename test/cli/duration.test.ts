import { describe, expect, it } from 'vitest';
import { ago, readDuration, showDuration } from '../../src/cli/duration.ts';

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['2s', 2000],
    ['15m', 900_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
  ])('%s is %d ms', (text, durationMs) => {
    expect(readDuration(text)).toBe(durationMs);
  });

  it.each(['', '2', '0s', '-1s', '1.5h', '2 s', '2S', 's', '1e3s', '2s ', '25d', '999999999d'])(
    '%j is none',
    (text) => {
      expect(readDuration(text)).toBeUndefined();
    },
  );

  it('is at most what a timer can wait', () => {
    expect(readDuration('2147483647ms')).toBeUndefined();
    expect(readDuration('24d')).toBe(24 * 86_400_000);
  });

  it.each([
    [-5, '0s'],
    [89_000, '89s'],
    [91_000, '2m'],
    [89 * 60_000, '89m'],
    [91 * 60_000, '2h'],
    [35 * 3_600_000, '35h'],
    [37 * 3_600_000, '2d'],
  ])('%d ms is shown as %s', (durationMs, text) => {
    expect(showDuration(durationMs)).toBe(text);
  });

  it('that has just begun is no zero', () => {
    expect([ago(1000, 1999), ago(1000, 3000)]).toEqual(['just now', '2s ago']);
  });
});
