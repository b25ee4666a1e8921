import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Device, RoleView } from './book.ts';
import { useConsole } from './console-context.ts';
import { Ago, Empty, RoleName, Scopes, StatePill, Who } from './parts.tsx';
import { linkToDevice } from './route.ts';
import { useChanging } from './signal.ts';
import { useNarrow, VirtualList } from './virtual.tsx';
import { counted } from './words.ts';

const ROW = { wide: 64, narrow: 134 };

const FILTERS: readonly (readonly [string, string, (state: string) => boolean])[] = [
  ['all', 'All', (state) => state !== 'unpaired'],
  ['paired', 'Paired', (state) => state === 'paired' || state === 'upgradePending'],
  ['asks', 'Asking', (state) => state.endsWith('Pending')],
  ['revoked', 'Revoked', (state) => state === 'revoked' || state === 'revokedPending'],
];

const texts = new WeakMap<Device, string>();

/** What a search looks through; made once for each reading of a device. */
function textOf(device: Device): string {
  let text = texts.get(device);
  if (text === undefined) {
    const { label, claimedName, deviceId, clientId, platform, remoteIp } = device;
    text = [label, claimedName, deviceId, clientId, platform, remoteIp].join(' ').toLowerCase();
    texts.set(device, text);
  }
  return text;
}

export function DevicesView() {
  const { book } = useConsole();
  useChanging(book);
  const [words, search] = useState('');
  const [filter, choose] = useState('all');
  const isNarrow = useNarrow();
  const all = book.devices;
  const rows = useMemo(() => {
    const isWanted = FILTERS.find(([id]) => id === filter)?.[2] ?? (() => true);
    const wanted = words.trim().toLowerCase();
    return all.filter(
      (device) => device.roles.some(({ state }) => isWanted(state)) && textOf(device).includes(wanted),
    );
  }, [all, words, filter]);
  // Said for what somebody searched or chose, and not again for each device that comes meanwhile.
  const said = useMemo(
    () => (words || filter !== 'all' ? counted(rows.length, 'device') : ''),
    [words, filter],
  );
  const endWatch = useRef<() => void>(() => {});
  useEffect(() => () => endWatch.current(), []);
  const watch = (shown: readonly Device[]): void => {
    endWatch.current();
    endWatch.current = book.watch(shown.map(({ deviceId }) => deviceId));
  };
  return (
    <section aria-labelledby="devices-title">
      <header class="view-head">
        <h1 id="devices-title">Devices</h1>
        <p>{book.isComplete ? counted(rows.length, 'device') : 'reading…'}</p>
        <p class="hidden" role="status">
          {said}
        </p>
      </header>
      <Sieve words={words} filter={filter} onSearch={search} onChoose={choose} />
      {rows.length === 0 && book.isComplete && (
        <Empty title={words || filter !== 'all' ? 'No such device' : 'No devices yet'}>
          {words || filter !== 'all'
            ? 'Nothing here matches. Search looks at names, ids, programs and addresses.'
            : 'Connect a client to this gateway, and approve it under Waiting.'}
        </Empty>
      )}
      <VirtualList
        items={rows}
        rowHeight={isNarrow ? ROW.narrow : ROW.wide}
        label="Devices"
        keyOf={({ deviceId }) => deviceId}
        isSame={(before, now) => before === now}
        onShown={watch}
      >
        {(device) => <DeviceRow device={device} />}
      </VirtualList>
    </section>
  );
}

interface SieveProps {
  readonly words: string;
  readonly filter: string;
  readonly onSearch: (words: string) => void;
  readonly onChoose: (filter: string) => void;
}

function Sieve({ words, filter, onSearch, onChoose }: SieveProps) {
  return (
    <div class="sieve">
      <input
        type="search"
        aria-label="Search devices"
        placeholder="Search by name, id, program or address"
        value={words}
        onInput={(event) => onSearch(event.currentTarget.value)}
      />
      <fieldset class="filters">
        <legend class="hidden">Which devices</legend>
        {FILTERS.map(([id, label]) => (
          <button key={id} type="button" aria-pressed={filter === id} onClick={() => onChoose(id)}>
            {label}
          </button>
        ))}
      </fieldset>
    </div>
  );
}

const isPaired = (state: string): boolean => state === 'paired' || state === 'upgradePending';
const tokenAtMs = ({ rotatedAtMs, approvedAtMs }: RoleView): number =>
  Math.max(rotatedAtMs ?? 0, approvedAtMs ?? 0);

function DeviceRow({ device }: { device: Device }) {
  const { book } = useConsole();
  const roles = device.roles.filter(({ state }) => state !== 'unpaired');
  const grant = [...new Set(roles.flatMap((role) => role.grant))];
  const live = roles.reduce((count, role) => count + role.live, 0);
  const approved = Math.max(0, ...roles.filter(({ state }) => isPaired(state)).map(tokenAtMs));
  return (
    <a class="device-row" href={linkToDevice(device.deviceId)}>
      <span class="cell who-cell">
        <Who device={device} />
        {roles.map(({ role }) => (
          <RoleName key={role} role={role} />
        ))}
      </span>
      <span class="cell state-cell">
        {roles.map(({ role, state }) => (
          <StatePill key={role} state={state} />
        ))}
      </span>
      <span class="cell grant-cell">
        {grant.length > 0 ? <Scopes scopes={grant} most={3} /> : <span class="nothing">no scopes</span>}
      </span>
      <span class="cell age-cell">
        {approved > 0 ? (
          <span>
            token <Ago book={book} atMs={approved} bare /> old
          </span>
        ) : (
          'no token'
        )}
      </span>
      <span class="cell live-cell">
        <span class={`dot ${live > 0 ? 'on' : ''}`} aria-hidden="true" />
        {live > 0 ? `${live} live` : 'away'}
      </span>
    </a>
  );
}
