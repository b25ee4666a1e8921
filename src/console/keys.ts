import { useEffect } from 'preact/hooks';

/** What a key does; false when it had nothing to do, and the browser may. */
export type Keys = Readonly<Record<string, () => unknown>>;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement ||
  target instanceof HTMLTextAreaElement ||
  target instanceof HTMLSelectElement;

/** Runs what belongs to a key, unless somebody types, a dialog is open or another key is held with it. */
export function useKeys(keys: Keys): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]')) return;
      const run = keys[event.key];
      if (run && run() !== false) event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  });
}

/** Moves the focus to the row before or after the one that has it; or had it, where that row is gone. */
export function moveRow(step: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? rows[placeLeft(rows, step)] : rows[at + step];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
  return next !== undefined;
}

/** Which of these rows is next to the one that the list has lost; the first where it has lost none. */
function placeLeft(rows: readonly HTMLElement[], step: 1 | -1): number {
  const { activeElement } = document;
  const at = activeElement instanceof HTMLElement ? activeElement.dataset.at : undefined;
  if (at === undefined) return 0;
  // What came after it stands in its place now.
  const wanted = Math.max(0, step === 1 ? Number(at) : Number(at) - 1);
  const index = rows.findIndex((row) => Number(row.ariaPosInSet) - 1 >= wanted);
  return index < 0 ? rows.length - 1 : index;
}

/** Opens what the row with the focus is about; a button or a link in it does its own. */
export function openRow(): boolean {
  const row = document.activeElement;
  if (!row?.matches('[data-row]')) return false;
  row.querySelector<HTMLElement>('a')?.click();
  return true;
}
