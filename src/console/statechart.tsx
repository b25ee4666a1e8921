import { descriptions, type Edge, edges, stateNames } from './chart-of.ts';
import type { Step } from './history.ts';
import { stateWords } from './words.ts';

const WIDTH = 432;
const NODE = { width: 158, height: 54 };

interface Point {
  readonly x: number;
  readonly y: number;
}

/** What stands goes down, whether something is asked goes to the right; a state that nobody placed goes below. */
const PLACES: Readonly<Record<string, Point>> = {
  unpaired: { x: 112, y: 44 },
  pairingPending: { x: 320, y: 44 },
  paired: { x: 112, y: 190 },
  upgradePending: { x: 320, y: 190 },
  revoked: { x: 112, y: 336 },
  revokedPending: { x: 320, y: 336 },
};

const placeOf = (state: string): Point =>
  PLACES[state] ?? { x: 216, y: 440 + 70 * stateNames.filter((one) => !PLACES[one]).indexOf(state) };

/** Where a line that starts at `inside`, in the box around `center`, leaves that box. */
function border(center: Point, inside: Point, towards: Point): Point {
  const dx = towards.x - inside.x;
  const dy = towards.y - inside.y;
  const reach = (half: number, at: number, step: number): number =>
    Math.abs(step) < 0.01 ? Number.POSITIVE_INFINITY : (Math.sign(step) * half - at) / step;
  const scale = Math.min(
    reach(NODE.width / 2 + 3, inside.x - center.x, dx),
    reach(NODE.height / 2 + 3, inside.y - center.y, dy),
  );
  return { x: inside.x + dx * scale, y: inside.y + dy * scale };
}

/** Around the box that stands between, on the side where there is room. */
function detour(from: Point, to: Point): string {
  const side = from.x < WIDTH / 2 ? -1 : 1;
  const edge = from.x + (side * NODE.width) / 2;
  const out = edge + side * 28;
  const lean = from.y < to.y ? 8 : -8;
  return `M${edge} ${from.y + lean} C${out} ${from.y + lean} ${out} ${to.y - lean} ${edge + side * 3} ${to.y - lean}`;
}

/** A line that leaves room for the one back. */
function curve(from: Point, to: Point): string {
  if (from.x === to.x && Math.abs(to.y - from.y) > 200) return detour(from, to);
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const aside = { x: (-(to.y - from.y) / length) * 9, y: ((to.x - from.x) / length) * 9 };
  const here = { x: from.x + aside.x, y: from.y + aside.y };
  const there = { x: to.x + aside.x, y: to.y + aside.y };
  const start = border(from, here, there);
  const end = border(to, there, here);
  const middle = { x: (start.x + end.x) / 2 + aside.x * 0.8, y: (start.y + end.y) / 2 + aside.y * 0.8 };
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
