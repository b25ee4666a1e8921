/** How many cells a terminal gives to a text, and how to cut it into lines. */

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Characters of two cells (Unicode TR 11, wide and fullwidth), as far as scripts and emoji name them. */
const WIDE =
  /^(?:[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u;
const HALFWIDTH = /^[\uff61-\uffdc]/u;
const NOTHING = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u;

function cellsOf(grapheme: string): number {
  if (NOTHING.test(grapheme)) return 0;
  // The halfwidth sound marks belong to the letter before them, and take a cell of their own.
  const marks = grapheme.match(/(?<!^)[\uff9e\uff9f]/g)?.length ?? 0;
  if (marks > 0) return 1 + marks;
  return WIDE.test(grapheme) && !HALFWIDTH.test(grapheme) ? 2 : 1;
}

/** Cells that `text`, one line, takes. */
export function cells(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let sum = 0;
  for (const { segment } of graphemes.segment(text)) sum += cellsOf(segment);
  return sum;
}

export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - cells(text)));
}

/** Where a line may be cut without hurting: after a space, a dash or a slash. A scope stays whole. */
function words(text: string): string[] {
  return text.split(/(?<=[ /-])/).filter((word) => word !== '');
}

/** Cells of the longest piece that `wrapped` keeps whole when it can. */
export function longestWord(text: string): number {
  return Math.max(0, ...words(text).map((word) => cells(word.trimEnd())));
}

/** Lines of at most `width` cells, cut after spaces, dashes and slashes, and inside a word only when it is longer than a line. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words(text)) {
    if (cells(line + word.trimEnd()) <= width) {
      line += word;
      continue;
    }
    if (line !== '') lines.push(line.trimEnd());
    const pieces = broken(word, width);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1) ?? '';
  }
  return [...lines, line.trimEnd()];
}

function broken(word: string, width: number): string[] {
  if (cells(word.trimEnd()) <= width) return [word];
  const pieces: string[] = [];
  let piece = '';
  for (const { segment } of graphemes.segment(word)) {
    if (piece !== '' && cells(piece + segment) > width) {
      pieces.push(piece);
      piece = '';
    }
    piece += segment;
  }
  return [...pieces, piece];
}
