import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Bell } from './bell.ts';
import type { Book } from './book.ts';
import type { Desk } from './decisions.ts';
import type { Link } from './link.ts';

/** What every view works with. */
export interface Console {
  readonly link: Link;
  readonly book: Book;
  readonly desk: Desk;
  readonly bell: Bell;
}

export const ConsoleContext = createContext<Console | null>(null);

export function useConsole(): Console {
  const found = useContext(ConsoleContext);
  if (!found) throw new Error('a view is outside the console');
  return found;
}
