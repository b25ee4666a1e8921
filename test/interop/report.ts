/** What a run found: tables and lines to print, problems that fail it, and the figures of its last line. */
export class Report {
  readonly problems: string[] = [];
  /** How often each reason explained something. */
  readonly explained = new Map<string, number>();
  readonly figures = new Map<string, number>();

  print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  count(figure: string, by = 1): void {
    this.figures.set(figure, (this.figures.get(figure) ?? 0) + by);
  }

  explain(reason: string): void {
    this.explained.set(reason, (this.explained.get(reason) ?? 0) + 1);
  }

  problem(text: string): void {
    // At once, because the whole run takes a while and may be interrupted.
    process.stderr.write(`problem: ${text}\n`);
    this.problems.push(text);
  }

  /** The tables' last word: every problem, and one line with all figures. */
  end(): boolean {
    for (const problem of this.problems) this.print(`problem: ${problem}`);
    const figures = [...this.figures].map(([name, count]) => `${count} ${name}`);
    this.print(`${[...figures, `${this.problems.length} problems`].join(', ')}`);
    return this.problems.length === 0;
  }
}
