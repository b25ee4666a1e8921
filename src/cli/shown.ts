import { displayText } from '../protocol/display.ts';

/** Longer than any line that a terminal can use. */
const LONGEST = 4000;

/**
 * A text as it may be printed: on one line, without control or bidi characters. What a gateway on the network sends is
 * not escaped by us, and a message of the operating system quotes paths.
 */
export function shown(text: string): string {
  return displayText(text, LONGEST);
}

/** What a device says of itself, marked as its word: in quotes. */
export function claimed(text: string): string {
  return JSON.stringify(shown(text));
}

/** The first 12 characters of a device id: enough to tell devices apart, short enough to compare by eye. */
export function fingerprint(deviceId: string): string {
  return shown(deviceId).slice(0, 12);
}

/** Scopes of one line, or a word for none. */
export function scopeList(scopes: readonly string[]): string {
  return scopes.length === 0 ? 'no scopes' : scopes.map(shown).join(', ');
}
