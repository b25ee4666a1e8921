/**
 * What a peer says of itself, made fit for a terminal, a log and a page once, when it is read (DESIGN section 4).
 * The signature is checked over the text as sent, which is kept apart.
 */
const PLAIN = /^[ -~]*$/;

/**
 * Control and format characters (bidi among them), lone surrogates, line and paragraph separators. The two joiners
 * stay: Persian names and composed emoji need them, and they reorder nothing.
 */
const UNFIT = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\u200c\u200d]]/v;

const CUT = '…';

/**
 * NFC, with unfit characters written as `\u{202e}`, at most `most` UTF-16 units; a cut text ends with an ellipsis.
 */
export function displayText(raw: string, most: number): string {
  if (raw.length <= most && PLAIN.test(raw)) return raw;
  // Normalization is bounded before it runs: it may otherwise be asked for a frame's worth of text.
  const text = raw.slice(0, most * 4).normalize('NFC');
  let shown = '';
  for (const character of text) {
    const piece = UNFIT.test(character) ? escaped(character) : character;
    if (shown.length + piece.length > most) return cut(shown, most);
    shown += piece;
  }
  return raw.length > most * 4 ? cut(shown, most) : shown;
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function cut(shown: string, most: number): string {
  if (shown.length < most) return shown + CUT;
  const kept = shown.slice(0, most - 1);
  // The last unit kept may be the first half of a pair.
  return (kept.isWellFormed() ? kept : kept.slice(0, -1)) + CUT;
}
