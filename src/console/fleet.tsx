import { useEffect, useState } from 'preact/hooks';
import type { FleetPage } from '../gateway/console-views.ts';
import { useConsole } from './console-context.ts';
import { FleetChart } from './fleet-chart.tsx';
import { FLEET_STATES } from './fleet-states.ts';
import { counted, stateWords } from './words.ts';

const HOUR = 3_600_000;
const WINDOWS: readonly (readonly [number, string])[] = [
  [HOUR, '1 hour'],
  [24 * HOUR, '24 hours'],
  [7 * 24 * HOUR, '7 days'],
];
const BUCKETS = 96;
const NEWS_MS = 2000;
const QUIET_MS = 15_000;

function useFleet(windowMs: number): FleetPage | null {
  const { link, book } = useConsole();
  const [fleet, setFleet] = useState<FleetPage | null>(null);
  useEffect(() => {
    let isOver = false;
    let readAt = 0;
    let hasNews = true;
    const read = (): void => {
      if (document.hidden || !(hasNews || Date.now() - readAt > QUIET_MS)) return;
      hasNews = false;
      readAt = Date.now();
      link
        .request<FleetPage>('antechamber.fleet', { windowMs, buckets: BUCKETS })
        .then((answer) => {
          if (!isOver) setFleet(answer);
        })
        .catch(() => {});
    };
    read();
    const timer = setInterval(read, NEWS_MS);
    const end = book.onChange(() => {
      hasNews = true;
    });
    return () => {
      isOver = true;
      clearInterval(timer);
      end();
    };
  }, [windowMs]);
  return fleet;
}

export function FleetView() {
  const [windowMs, choose] = useState(24 * HOUR);
  const fleet = useFleet(windowMs);
  const { open = 0, live = 0, parked = 0 } = fleet?.sockets ?? {};
  return (
    <section aria-labelledby="fleet-title">
      <header class="view-head">
        <h1 id="fleet-title">Fleet</h1>
        <p>
          {counted(live, 'live socket')}, {parked} held, {open} open in all
        </p>
      </header>
      <dl class="tiles">
        {FLEET_STATES.map((state) => (
          <div key={state} class={`tile tone-${state}`}>
            <dt>{stateWords(state)}</dt>
            <dd>{fleet ? (fleet.counts[state] ?? 0).toLocaleString() : '–'}</dd>
          </div>
        ))}
      </dl>
      <section class="card" aria-labelledby="over-time">
        <div class="role-head">
          <h2 id="over-time">Over time</h2>
          <fieldset class="filters">
            <legend class="hidden">How long</legend>
            {WINDOWS.map(([ms, words]) => (
              <button key={ms} type="button" aria-pressed={ms === windowMs} onClick={() => choose(ms)}>
                {words}
              </button>
            ))}
          </fieldset>
        </div>
        {fleet && <FleetChart moments={fleet.moments} knownSinceMs={fleet.knownSinceMs} />}
      </section>
    </section>
  );
}
