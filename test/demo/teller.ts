const WIDEST = 100;

/** Breaks a line at spaces. */
function wrapped(line: string): string {
  return line.replace(new RegExp(`(?=.{${WIDEST}})(.{1,${WIDEST}}) `, 'g'), '$1\n    ');
}

/** Tells the story on the terminal: what happens, and when, in seconds since its part began. */
export class Teller {
  #beganMs = Date.now();

  /** A part begins: its clock starts at zero. */
  part(title: string): void {
    this.#beganMs = Date.now();
    this.plain(`\n${title}\n${'-'.repeat(title.length)}`);
  }

  plain(text = ''): void {
    process.stdout.write(`${text}\n`);
  }

  /** Something that happened, now or at `atMs`. */
  at(text: string, atMs: number = Date.now()): void {
    const seconds = ((atMs - this.#beganMs) / 1000).toFixed(1).padStart(6);
    this.plain(`${seconds} s  ${text}`);
  }

  command(text: string): void {
    this.at(`$ ${text}`);
  }

  /** What a command or a log said, as it said it; broken at spaces where it is too long for a terminal. */
  quote(text: string): void {
    const lines = text.split('\n').flatMap((line) => wrapped(line).split('\n'));
    for (const line of lines) this.plain(`          | ${line}`.trimEnd());
  }
}

/** Columns as wide as they must be; the first row is the heading. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('   ')
      .trimEnd();
  const [heading = [], ...rest] = rows;
  return [line(heading), widths.map((width) => '-'.repeat(width)).join('   '), ...rest.map(line)].join('\n');
}
