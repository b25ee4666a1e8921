/** The table that `npm run interop` prints. */

export interface Cell {
  readonly row: string;
  readonly column: string;
  readonly text: string;
}

/** Cells of the same place are joined: a command may come twice on a journey. */
export function matrix(title: string, cells: readonly Cell[]): string {
  const rows = [...new Set(cells.map(({ row }) => row))];
  const columns = [...new Set(cells.map(({ column }) => column))];
  const textOf = (row: string, column: string): string => {
    const here = cells.filter((cell) => cell.row === row && cell.column === column);
    return [...new Set(here.flatMap(({ text }) => text.split(' ')))].join(' ');
  };
  const lines = [[title, ...columns], ...rows.map((row) => [row, ...columns.map((one) => textOf(row, one))])];
  const widths = [title, ...columns].map((_, at) =>
    Math.max(...lines.map((line) => (line[at] ?? '').length)),
  );
  const print = (line: readonly string[]): string =>
    line
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const [head = [], ...body] = lines;
  return [print(head), rule, ...body.map(print)].join('\n');
}
