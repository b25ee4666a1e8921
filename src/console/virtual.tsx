import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface ListProps<T> {
  readonly items: readonly T[];
  /** The height of every row, in px. */
  readonly rowHeight: number;
  readonly label: string;
  readonly keyOf: (item: T) => string;
  readonly children: (item: T) => ComponentChildren;
  /** Whether a row would look as it did; it is left as it is then. */
  readonly isSame: (before: T, now: T) => boolean;
  /** The key of the row to go to, as soon as it is there; null for none. */
  readonly wanted?: string | null;
  readonly onFound?: () => void;
  /** Which rows are on the screen now. */
  readonly onShown?: (items: readonly T[]) => void;
}

/** Rows drawn beyond the edges of the screen, so that a fast finger finds no gap. */
const BEYOND = 6;

/** As many rows as fill the window. The height of its inside would be nearer, and costs a layout of its own. */
const enough = (rowHeight: number): number => Math.ceil(Math.max(outerHeight, 600) / rowHeight);

/** A list of any length that draws only what is on the screen; the page itself scrolls. */
export function VirtualList<T>(list: ListProps<T>) {
  const { items, rowHeight, label, keyOf, children, isSame, onShown } = list;
  const self = useRef<HTMLUListElement>(null);
  const [range, setRange] = useState<readonly [number, number]>(() => [0, enough(rowHeight)]);
  // With the next frame, in which all is laid out anyhow.
  useEffect(() => {
    const measure = (): void => {
      const top = self.current?.getBoundingClientRect().top ?? 0;
      const first = Math.max(0, Math.floor(-top / rowHeight) - BEYOND);
      const last = Math.ceil((innerHeight - top) / rowHeight) + BEYOND;
      setRange((before) => (before[0] === first && before[1] === last ? before : [first, last]));
    };
    const frame = requestAnimationFrame(measure);
    addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
    };
  }, [rowHeight]);
  const first = Math.min(range[0], Math.max(0, items.length - 1));
  const shown = items.slice(first, range[1]);
  const keys = shown.map(keyOf).join(' ');
  useEffect(() => onShown?.(shown), [keys]);
  useWanted(self, list);
  const holding = useHeldFocus(self, list);
  return (
    <ul
      ref={self}
      tabIndex={-1}
      class="rows"
      aria-label={label}
      onFocusIn={holding}
      style={{ height: `${items.length * rowHeight}px` }}
    >
      {shown.map((item, index) => (
        <li
          key={keyOf(item)}
          data-row
          tabIndex={-1}
          aria-setsize={items.length}
          aria-posinset={first + index + 1}
          style={{ transform: `translateY(${(first + index) * rowHeight}px)`, height: `${rowHeight}px` }}
        >
          <Kept item={item} isSame={isSame} draw={children} />
        </li>
      ))}
    </ul>
  );
}

/**
 * The focus stays in the list when what had it is gone, as the button of a request that was decided. Where the whole row
 * is gone no other row gets it, whose request a key would decide then: the list has it, and `j` goes on from there.
 * Returns what is to be called when the focus comes to a row.
 */
function useHeldFocus<T>(
  self: RefObject<HTMLUListElement | null>,
  list: ListProps<T>,
): (event: FocusEvent) => void {
  const held = useRef<{ readonly key: string } | null>(null);
  useEffect(() => {
    // Whoever points elsewhere has left.
    const left = (): void => {
      held.current = null;
    };
    addEventListener('pointerdown', left);
    return () => removeEventListener('pointerdown', left);
  }, []);
  useEffect(() => {
    if (!held.current || document.activeElement !== document.body) return;
    const now = list.items.findIndex((item) => list.keyOf(item) === held.current?.key);
    const row = self.current?.querySelector<HTMLElement>(`[aria-posinset="${now + 1}"]`);
    (row ?? self.current)?.focus({ preventScroll: true });
  });
  return ({ target }) => {
    const row = (target as HTMLElement).closest<HTMLElement>('[data-row]');
    const at = Number(row?.ariaPosInSet) - 1;
    const item = list.items[at];
    if (!self.current || item === undefined) return;
    held.current = { key: list.keyOf(item) };
    self.current.dataset.at = String(at);
  };
}

/** Scrolls to the wanted row, and once it is drawn gives it the focus. */
function useWanted<T>(self: RefObject<HTMLUListElement | null>, list: ListProps<T>): void {
  const { wanted = null, items, keyOf, rowHeight, onFound } = list;
  useEffect(() => {
    const at = wanted === null ? -1 : items.findIndex((item) => keyOf(item) === wanted);
    const place = self.current?.getBoundingClientRect();
    if (at < 0 || !place) return;
    const row = self.current?.querySelector<HTMLElement>(`[aria-posinset="${at + 1}"]`);
    if (!row) return scrollTo(0, scrollY + place.top + at * rowHeight - innerHeight / 3);
    row.focus();
    row.scrollIntoView({ block: 'nearest' });
    onFound?.();
  });
}

/** Draws an item, and hands out the same drawing until the item looks different: then nothing under it is compared. */
function Kept<T>({
  item,
  isSame,
  draw,
}: { item: T } & Pick<ListProps<T>, 'isSame'> & { draw: ListProps<T>['children'] }) {
  const last = useRef<{ readonly item: T; readonly drawn: ComponentChildren } | null>(null);
  if (!last.current || !isSame(last.current.item, item)) last.current = { item, drawn: draw(item) };
  return <>{last.current.drawn}</>;
}

/** Whether the screen is narrow; rows are higher there. */
export function useNarrow(): boolean {
  const query = '(max-width: 720px)';
  const [isNarrow, setNarrow] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const changed = (): void => setNarrow(media.matches);
    media.addEventListener('change', changed);
    return () => media.removeEventListener('change', changed);
  }, []);
  return isNarrow;
}
