import type { Moment } from '../gateway/console-views.ts';
import { FLEET_STATES } from './fleet-states.ts';
import { useNarrow } from './virtual.tsx';
import { stateWords } from './words.ts';

/** In units of the picture, which are px where it is not scaled. */
const SIZE = { wide: { width: 960, height: 260 }, narrow: { width: 320, height: 200 } };
const LEFT = 44;
const BOTTOM = 24;
const TOP = 10;

/** A round number at or above the highest, so that the grid has whole steps. */
function ceilingOf(highest: number): number {
  const size = 10 ** Math.floor(Math.log10(Math.max(highest, 1)));
  const step = [1, 2, 4, 5, 8, 10].find((one) => one * size >= highest) ?? 10;
  return Math.max(4, step * size);
}

const heightOf = ({ counts }: Moment, upTo: number): number =>
  FLEET_STATES.slice(0, upTo).reduce((sum, state) => sum + (counts[state] ?? 0), 0);

function hour(atMs: number, windowMs: number): string {
  const date = new Date(atMs);
  const options: Intl.DateTimeFormatOptions =
    windowMs > 2 * 86_400_000 ? { weekday: 'short', day: 'numeric' } : { hour: '2-digit', minute: '2-digit' };
  return date.toLocaleString(undefined, options);
}

/** How many are in which state, one above the other. */
export function FleetChart({
  moments,
  knownSinceMs,
}: {
  moments: readonly Moment[];
  knownSinceMs: number | null;
}) {
  const { width, height } = useNarrow() ? SIZE.narrow : SIZE.wide;
  const first = moments[0]?.atMs ?? 0;
  const windowMs = (moments.at(-1)?.atMs ?? 0) - first;
  const top = ceilingOf(Math.max(...moments.map((moment) => heightOf(moment, FLEET_STATES.length))));
  const x = (atMs: number): number => LEFT + ((atMs - first) / windowMs) * (width - LEFT - 8);
  const y = (count: number): number => TOP + (1 - count / top) * (height - TOP - BOTTOM);
  const line = (upTo: number): string[] =>
    moments.map((moment) => `${x(moment.atMs).toFixed(1)} ${y(heightOf(moment, upTo)).toFixed(1)}`);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => top * part);
  const times = [0, 0.25, 0.5, 0.75, 1].map((part) => first + windowMs * part);
  return (
    <figure class="fleet-figure">
      <svg class="fleet-chart" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        {ticks.map((tick) => (
          <g key={tick} class="grid">
            <line x1={LEFT} x2={width - 8} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 8} y={y(tick) + 4}>
              {tick.toLocaleString()}
            </text>
          </g>
        ))}
        {FLEET_STATES.map((state, index) => (
          <path
            key={state}
            class={`area tone-${state}`}
            d={`M${line(index + 1).join('L')}L${line(index).reverse().join('L')}Z`}
          />
        ))}
        {times.map((atMs, index) => (
          <text key={atMs} class={`tick at-${index}`} x={x(atMs)} y={height - 6}>
            {index === times.length - 1 ? 'now' : hour(atMs, windowMs)}
          </text>
        ))}
      </svg>
      <figcaption>
        {FLEET_STATES.map((state) => (
          <span key={state} class={`legend tone-${state}`}>
            {stateWords(state)}
          </span>
        ))}
        {knownSinceMs !== null && <span>known since {new Date(knownSinceMs).toLocaleString()}</span>}
      </figcaption>
      <div class="hidden">
        <FleetTable moments={moments} windowMs={windowMs} />
      </div>
    </figure>
  );
}

/** The same in numbers, for who cannot see the picture. */
function FleetTable({ moments, windowMs }: { moments: readonly Moment[]; windowMs: number }) {
  const some = moments.filter((_, index) => index % 16 === 0 || index === moments.length - 1);
  return (
    <table>
      <caption>Devices by state over time</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          {FLEET_STATES.map((state) => (
            <th key={state} scope="col">
              {stateWords(state)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {some.map(({ atMs, counts }) => (
          <tr key={atMs}>
            <th scope="row">{hour(atMs, windowMs)}</th>
            {FLEET_STATES.map((state) => (
              <td key={state}>{counts[state] ?? 0}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
