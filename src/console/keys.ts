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

/** Moves the focus to the row before or after the one that has it. */
export function moveRow(step: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at < 0 ? 0 : at + step];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
  return next !== undefined;
}

/** Opens what the row with the focus is about; a button or a link in it does its own. */
export function openRow(): boolean {
  const row = document.activeElement;
  if (!row?.matches('[data-row]')) return false;
  row.querySelector<HTMLElement>('a')?.click();
  return true;
}
