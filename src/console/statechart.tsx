import { descriptions, type Edge, edges, stateNames } from './chart-of.ts';
import type { Step } from './history.ts';
import { stateWords } from './words.ts';

const WIDTH = 400;
const NODE = { width: 148, height: 54 };

interface Point {
  readonly x: number;
  readonly y: number;
}

/** What stands goes down, whether something is asked goes to the right; a state that nobody placed goes below. */
const PLACES: Readonly<Record<string, Point>> = {
  unpaired: { x: 92, y: 44 },
  pairingPending: { x: 308, y: 44 },
  paired: { x: 92, y: 190 },
  upgradePending: { x: 308, y: 190 },
  revoked: { x: 92, y: 336 },
  revokedPending: { x: 308, y: 336 },
};

const placeOf = (state: string): Point =>
  PLACES[state] ?? { x: 200, y: 440 + 70 * stateNames.filter((one) => !PLACES[one]).indexOf(state) };

/** Where the line from `from` towards `to` leaves the box around `from`. */
function border(from: Point, to: Point): Point {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const scale = Math.min(
    (NODE.width / 2 + 3) / Math.max(Math.abs(dx), 0.01),
    (NODE.height / 2 + 3) / Math.max(Math.abs(dy), 0.01),
  );
  return { x: from.x + dx * scale, y: from.y + dy * scale };
}

/** A line that leaves room for the one back, and goes around a box that stands between. */
function curve(from: Point, to: Point): string {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const normal = { x: -(to.y - from.y) / length, y: (to.x - from.x) / length };
  const isFar = from.x === to.x && Math.abs(to.y - from.y) > 200;
  const aside = 9;
  const shift = (point: Point, by: number): Point => ({
    x: point.x + normal.x * by,
    y: point.y + normal.y * by,
  });
  if (isFar) {
    const side = from.x < WIDTH / 2 ? -1 : 1;
    const edge = from.x + (side * NODE.width) / 2;
    const out = edge + side * 26;
    const lean = from.y < to.y ? 8 : -8;
    return `M${edge} ${from.y + lean} C${out} ${from.y + lean} ${out} ${to.y - lean} ${edge + side * 3} ${to.y - lean}`;
  }
  const start = shift(border(from, to), aside);
  const end = shift(border(to, from), aside);
  const middle = shift({ x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 }, 8);
  return `M${start.x} ${start.y} Q${middle.x} ${middle.y} ${end.x} ${end.y}`;
}

const isTaken = (edge: Edge, path: readonly Step[]): boolean =>
  path.some(({ from, to }) => from === edge.from && to === edge.to);

function Arrow({ edge, kind }: { edge: Edge; kind: 'idle' | 'taken' | 'last' }) {
  return (
    <path
      class={`edge ${kind}`}
      d={curve(placeOf(edge.from), placeOf(edge.to))}
      marker-end={`url(#head-${kind})`}
    >
      <title>{`${stateWords(edge.from)} to ${stateWords(edge.to)}: ${edge.events.join(', ')}`}</title>
    </path>
  );
}

function Box({ state, isNow, wasHere }: { state: string; isNow: boolean; wasHere: boolean }) {
  const { x, y } = placeOf(state);
  const kind = isNow ? 'now' : wasHere ? 'been' : '';
  return (
    <g class={`state ${kind}`} data-state={state}>
      <title>{descriptions[state]}</title>
      <rect x={x - NODE.width / 2} y={y - NODE.height / 2} width={NODE.width} height={NODE.height} rx="12" />
      <text x={x} y={y - 3} class="state-words">
        {stateWords(state)}
      </text>
      <text x={x} y={y + 14} class="state-id">
        {state}
      </text>
    </g>
  );
}

/** The machine with the present state lit, and the way that led there. */
export function Statechart({ state, path }: { state: string; path: readonly Step[] }) {
  const been = new Set(path.flatMap(({ from, to }) => [from, to]));
  const last = path.at(-1);
  const kindOf = (edge: Edge): 'idle' | 'taken' | 'last' => {
    if (last && edge.from === last.from && edge.to === last.to) return 'last';
    return isTaken(edge, path) ? 'taken' : 'idle';
  };
  const order = { idle: 0, taken: 1, last: 2 };
  const drawn = edges.map((edge) => ({ edge, kind: kindOf(edge) }));
  drawn.sort((left, right) => order[left.kind] - order[right.kind]);
  const way = [...path.slice(-6).map(({ from }) => from), state].map(stateWords).join(', then ');
  return (
    <svg
      class="statechart"
      viewBox={`0 0 ${WIDTH} 384`}
      role="img"
      aria-label={`Now: ${stateWords(state)}. The way: ${way}.`}
    >
      <defs>
        {(['idle', 'taken', 'last'] as const).map((kind) => (
          <marker
            key={kind}
            id={`head-${kind}`}
            class={`head ${kind}`}
            viewBox="0 0 8 8"
            refX="6.5"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 0.6 L7 4 L0 7.4 Z" />
          </marker>
        ))}
      </defs>
      {drawn.map(({ edge, kind }) => (
        <Arrow key={`${edge.from} ${edge.to}`} edge={edge} kind={kind} />
      ))}
      {stateNames.map((one) => (
        <Box key={one} state={one} isNow={one === state} wasHere={been.has(one)} />
      ))}
    </svg>
  );
}
