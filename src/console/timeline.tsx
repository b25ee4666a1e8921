import { useConsole } from './console-context.ts';
import type { HistoryEvent } from './history.ts';
import { Ago, Scopes } from './parts.tsx';
import { eventWords } from './words.ts';

const TONES: readonly (readonly [RegExp, string])[] = [
  [/approved|narrowed|granted|imported/, 'good'],
  [/rejected|revoked|removed/, 'bad'],
  [/opened|widened/, 'asks'],
];

function toneOf({ type, detail }: HistoryEvent): string {
  const text = `${type} ${detail.outcome ?? ''}`;
  return TONES.find(([pattern]) => pattern.test(text))?.[1] ?? 'calm';
}

/** What happened to a device, the newest first. */
export function Timeline({ events }: { events: readonly HistoryEvent[] }) {
  return (
    <section class="card" aria-labelledby="timeline-title">
      <h2 id="timeline-title">What happened</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys, and not every browser sees to it. */}
      <ol class="timeline" tabIndex={0} aria-labelledby="timeline-title">
        {events.toReversed().map((event) => (
          <Line key={event.seq} event={event} />
        ))}
      </ol>
      {events.length === 0 && <p class="nothing">Nothing yet.</p>}
    </section>
  );
}

function Line({ event }: { event: HistoryEvent }) {
  const { book } = useConsole();
  const { by, address, client, outcome = null, note, scopesTo = [], request } = event.detail;
  const who = by ? `by ${by}` : [address && `from ${address}`, client].filter(Boolean).join(', ');
  return (
    <li class={`line is-${toneOf(event)}`}>
      <p class="line-head">
        <strong>{eventWords(event.type, outcome)}</strong>
        <Ago book={book} atMs={event.atMs} />
      </p>
      {/opened|widened|granted|rotated/.test(event.type) && scopesTo.length > 0 && (
        <Scopes scopes={scopesTo} most={6} />
      )}
      {note && <p class="note">“{note}”</p>}
      <p class="line-who">
        {who}
        {request && <code>{request}</code>}
      </p>
    </li>
  );
}
