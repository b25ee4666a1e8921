import type { ComponentChildren } from 'preact';
import type { Book, Device, RoleView } from './book.ts';
import { useSeconds } from './signal.ts';
import { ago, fingerprint, moment, nameOf, scopeWords, span, stateWords } from './words.ts';

/** A time as an age that goes on. */
export function Ago({ book, atMs, bare = false }: { book: Book; atMs: number; bare?: boolean }) {
  useSeconds();
  const now = book.now();
  return (
    <time
      dateTime={new Date(atMs).toISOString()}
      // Words for a date are dear, and there may be a hundred ages on a screen.
      onPointerEnter={({ currentTarget }) => {
        currentTarget.title = moment(atMs);
      }}
    >
      {bare ? span(Math.max(0, now - atMs)) : ago(atMs, now)}
    </time>
  );
}

const TONES: Readonly<Record<string, string>> = {
  paired: 'good',
  upgradePending: 'asks',
  pairingPending: 'asks',
  revoked: 'bad',
  revokedPending: 'bad',
};

export function StatePill({ state }: { state: string }) {
  return <span class={`pill ${TONES[state] ?? 'calm'}`}>{stateWords(state)}</span>;
}

/** What covers every other scope is not to be taken for one of many. */
const EVERYTHING: ReadonlySet<string> = new Set(['operator.admin']);

/** Scopes as small labels; as many as fit, and how many more there are. */
export function Scopes({
  scopes,
  most = 4,
  kind = '',
}: {
  scopes: readonly string[];
  most?: number;
  kind?: string;
}) {
  const shown = scopes.slice(0, most);
  const more = scopes.slice(most);
  return (
    <span class="scopes">
      {shown.map((scope) => (
        <span class={`scope ${kind} ${EVERYTHING.has(scope) ? 'all' : ''}`} key={scope} title={scope}>
          {scopeWords(scope)}
        </span>
      ))}
      {more.length > 0 && (
        <span class="scope more" title={more.join(', ')}>
          +{more.length}
        </span>
      )}
    </span>
  );
}

/** Who it is: a name that may be anybody's, and the key that is nobody else's. */
export function Who({ device }: { device: Device }) {
  return (
    <span class="who">
      <span class="name">{nameOf(device)}</span>
      <code title={device.deviceId}>{fingerprint(device.deviceId)}</code>
    </span>
  );
}

export function RoleName({ role }: { role: RoleView['role'] }) {
  return role === 'node' ? <span class="role">node</span> : null;
}

export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <svg viewBox="0 0 64 64" aria-hidden="true">
        <path d="M20 52V26a12 12 0 0 1 24 0v26" />
        <path d="M12 52h40" />
        <circle cx="38" cy="40" r="1.6" />
      </svg>
      <h2>{title}</h2>
      <p>{children}</p>
    </div>
  );
}
