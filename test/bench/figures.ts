/** What is said of a list of measurements, and of a figure that has a limit. */

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1));
  return sorted[at] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return (quantile(values, 0.5) + quantile(values, 0.5 + 1 / (2 * values.length))) / 2;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Most that is allowed; absent where the figure only informs. */
  readonly limit?: number;
  /** Of the rounds, where there are several. */
  readonly lowest?: number;
  readonly highest?: number;
  /** What exactly was measured. */
  readonly note?: string;
  /** Stands in the last line of the output. */
  readonly headline?: string;
}

/** The median of rounds with their spread. */
export function ofRounds(
  rounds: readonly number[],
  about: Omit<Figure, 'value' | 'lowest' | 'highest'>,
): Figure {
  return { ...about, value: median(rounds), lowest: Math.min(...rounds), highest: Math.max(...rounds) };
}

/** Written so that a figure which could not be taken falls short. */
export function isMet({ value, limit }: Figure): boolean {
  return limit === undefined || value <= limit;
}

function shown(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}

/** Lines of a table, one for each figure. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { name, value, unit, limit, lowest, highest, note } = figure;
    const spread = lowest === undefined || highest === undefined ? '' : `${shown(lowest)}..${shown(highest)}`;
    const allowed = limit === undefined ? '' : `<= ${limit} ${isMet(figure) ? 'ok' : 'FALLS SHORT'}`;
    return [name, `${shown(value)} ${unit}`, spread, allowed, note ?? ''];
  });
  const table = [['figure', 'median', 'lowest..highest', 'limit', 'what it is'], ...rows];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The last line of the output: every figure that has a headline. */
export function headlineOf(figures: readonly Figure[]): string {
  return figures
    .flatMap(({ headline, value, unit }) =>
      headline === undefined ? [] : `${headline} ${shown(value)} ${unit}`,
    )
    .join(' | ');
}
