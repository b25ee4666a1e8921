import { useEffect, useRef, useState } from 'preact/hooks';
import { useConsole } from './console-context.ts';
import { useChanging } from './signal.ts';
import { counted } from './words.ts';

/** However many come: a voice that never ends is as bad as none. */
const EVERY_MS = 5000;

/** Says to whoever listens to the page that more wait than before, and how many. */
export function Herald() {
  const { book } = useConsole();
  useChanging(book);
  const [words, say] = useState('');
  const told = useRef<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const count = book.openCount;
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (!book.isComplete) return;
    if (told.current === null || count < told.current) told.current = count;
    if (count === told.current || timer.current !== undefined) return;
    const speak = (): void => {
      timer.current = undefined;
      const now = book.openCount;
      if (now > (told.current ?? 0))
        say(`${counted(now, 'request')} ${now === 1 ? 'waits' : 'wait'} for you`);
      told.current = now;
    };
    timer.current = setTimeout(speak, EVERY_MS);
  });
  return (
    <p class="hidden" role="status">
      {words}
    </p>
  );
}
