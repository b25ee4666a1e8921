/** Makes two runs comparable: what has to differ between them gets a name, and nothing else is touched. */

export interface Known {
  /** A device's id to its name in the journey. */
  readonly names: ReadonlyMap<string, string>;
  /** Texts to their names: folders, ports, secrets. */
  readonly texts: ReadonlyMap<string, string>;
}

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?/g, '<time>'],
  [/\b1[78]\d{11}(\.\d+)?\b/g, '<time>'],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<id>'],
  [/\b[a-z2-7]{16}\.r(\d)\b/g, '<id>'],
  [/(?<![\w-])[\w-]{43}(?![\w-])/g, '<key>'],
  [/(?<![\w-])[\w-]{86}(?![\w-])/g, '<signature>'],
  [/\b\d+(\.\d+)?\s?ms\b/g, '<ms>'],
  [/\b(just now|\d+[smh] ago)\b/g, '<age>'],
  // Of the path of a folder, and of settings that name a port.
  [/\bdevice-identity\.[0-9a-f]{8}\b/g, 'device-identity.<hash>'],
  [/\b[0-9a-f]{64}\b/g, '<hash>'],
];

/** Longer texts first, because some begin like others. */
function byLength(texts: Iterable<readonly [string, string]>): readonly (readonly [string, string])[] {
  return [...texts].sort(([one], [other]) => other.length - one.length);
}

export function plainText(text: string, { names, texts }: Known): string {
  let plain = text;
  for (const [value, name] of byLength(texts)) {
    // A port is a few digits that a time may hold as well.
    const what = /^\d+$/.test(value) ? new RegExp(`(?<!\\d)${value}(?!\\d)`, 'g') : value;
    plain = plain.replaceAll(what, `<${name}>`);
  }
  for (const [id, name] of names) {
    plain = plain
      .replaceAll(id, `<${name}>`)
      .replaceAll(new RegExp(`\\b${id.slice(0, 12)}\\b`, 'g'), `<${name}>`);
  }
  for (const [pattern, name] of PATTERNS) plain = plain.replace(pattern, name);
  return plain;
}

const BORDER = /^\s*[┌├└╭╰+][─┬┼┴┐┤┘╮╯+-]/;

/** A row that begins with an empty cell goes on with the one above. */
function pairLines(rows: readonly (readonly string[])[]): readonly string[] {
  const lines: string[] = [];
  for (const [item = '', value = ''] of rows) {
    if (item.trim() !== '') lines.push(`${item.trim()}: ${value.trim()}`);
    else lines.push(`${lines.pop()} ${value.trim()}`);
  }
  return lines;
}

/** The cells of each column put together, because where a cell breaks depends on how long an id is. */
function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const [header = [], ...body] = rows;
  if (header[1]?.trim() === 'Value') return pairLines(body);
  return header.map((name, column) => {
    const whole = body
      .map((cells) => (cells[column] ?? '').trim())
      .join('')
      .replace(/\s+/g, '');
    // In which order a gateway lists scopes says nothing.
    const scopes = whole.match(/operator\.(?:[a-z]|\.(?!operator))+?(?=operator\.|[,;]|$)/g);
    return `table ${name.trim()}: ${scopes?.sort().join(' ') ?? whole}`;
  });
}

/** The lines of an output, with tables as one line a column. */
export function unfolded(text: string): readonly string[] {
  const lines: string[] = [];
  let rows: string[][] = [];
  for (const line of text.split('\n')) {
    if (/^\s*[│|]/.test(line) && /[│|]\s*$/.test(line)) {
      rows.push(line.trim().split(/[│|]/).slice(1, -1));
    } else if (!BORDER.test(line)) {
      if (rows.length > 0) lines.push(...tableLines(rows));
      rows = [];
      lines.push(line);
    }
  }
  return rows.length > 0 ? [...lines, ...tableLines(rows)] : lines;
}
