import { cells, longestWord, padded, wrapped } from './width.ts';

const GAP = '  ';

/**
 * Rows under headings, at most `width` cells wide: cells wrap between words, and when even that does not fit, each row
 * becomes a block of `heading: value` lines. A cell is one line of text; no rows give no lines.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  if (rows.length === 0) return [];
  const widths = columnWidths([headings, ...rows], width);
  if (!widths)
    return rows.flatMap((row, index) => [...(index > 0 ? [''] : []), ...block(headings, row, width)]);
  return [headings, ...rows].flatMap((row) => lines(row, widths));
}

/** The width of each column; undefined when the words themselves are too wide. */
function columnWidths(rows: readonly (readonly string[])[], width: number): number[] | undefined {
  const columns = rows[0]?.map((_, column) => rows.map((row) => row[column] ?? '')) ?? [];
  const room = width - GAP.length * (columns.length - 1);
  const least = columns.map((texts) => largest(texts.map(longestWord)));
  const widths = columns.map((texts) => largest(texts.map(cells)));
  if (sum(least) > room) return undefined;
  while (sum(widths) > room) {
    // The column with the most to give gives: short columns stay on one line.
    const spare = widths.map((own, column) => own - (least[column] ?? 0));
    const widest = spare.indexOf(Math.max(...spare));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function lines(row: readonly string[], widths: readonly number[]): string[] {
  const parts = row.map((text, column) => wrapped(text, widths[column] ?? 1));
  const height = Math.max(...parts.map((part) => part.length));
  return Array.from({ length: height }, (_, line) =>
    parts
      .map((part, column) => padded(part[line] ?? '', widths[column] ?? 1))
      .join(GAP)
      .trimEnd(),
  );
}

function block(headings: readonly string[], row: readonly string[], width: number): string[] {
  const margin = Math.max(...headings.map(cells)) + 2;
  return row.flatMap((text, column) => {
    if (text === '') return [];
    const [first, ...rest] = wrapped(text, Math.max(1, width - margin));
    const head = padded(`${headings[column]}:`, margin);
    return [`${head}${first}`.trimEnd(), ...rest.map((line) => ' '.repeat(margin) + line)];
  });
}

/** Not `Math.max(...)`: a list may have more rows than a call may have arguments. */
function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, one) => Math.max(most, one), 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
