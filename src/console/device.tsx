import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Device, RoleView } from './book.ts';
import { stateNames } from './chart-of.ts';
import { Connections } from './connections.tsx';
import { useConsole } from './console-context.ts';
import { type Action, DeviceDialog } from './device-dialogs.tsx';
import { type HistoryEvent, pathOf } from './history.ts';
import { Ago, Empty, Scopes, StatePill } from './parts.tsx';
import { linkTo } from './route.ts';
import { useChanging } from './signal.ts';
import { Statechart } from './statechart.tsx';
import { Timeline } from './timeline.tsx';
import { counted, nameOf, scopeWords, span } from './words.ts';

export function DeviceView({ deviceId }: { deviceId: string }) {
  const { book } = useConsole();
  useChanging(book);
  useEffect(() => {
    book.refresh(deviceId);
    return book.watch([deviceId]);
  }, [deviceId]);
  const device = book.get(deviceId);
  const events = useHistory(deviceId, device);
  const [action, act] = useState<Action | null>(null);
  if (!device) {
    return (
      <Empty title={book.isComplete ? 'Not there' : 'Reading…'}>
        {book.isComplete ? 'This device was removed, or never asked. ' : ''}
        <a href={linkTo('devices')}>All devices</a>
      </Empty>
    );
  }
  return (
    <article class="device" aria-labelledby="device-title">
      <DeviceHead device={device} onAct={act} />
      {device.roles.map((role) => (
        <RoleCard key={role.role} device={device} role={role} onAct={act} />
      ))}
      <div class="columns">
        <Charts device={device} events={events} />
        <Timeline events={events} />
      </div>
      <Connections device={device} />
      {action && <DeviceDialog device={device} action={action} onClose={() => act(null)} />}
    </article>
  );
}

/** Read again when what stands has changed, not for an attempt or a socket. */
function useHistory(deviceId: string, device: Device | undefined): readonly HistoryEvent[] {
  const { link } = useConsole();
  const [events, setEvents] = useState<readonly HistoryEvent[]>([]);
  const mark = JSON.stringify([
    device?.label,
    device?.roles.map(({ live: _, parked: __, request, ...role }) => [role, request?.requestId]),
  ]);
  useEffect(() => {
    let isOver = false;
    link
      .request<{ events: readonly HistoryEvent[] }>('device.history', { deviceId, limit: 200 })
      .then((read) => {
        if (!isOver) setEvents(read.events);
      })
      // While the gateway is away the last reading stays.
      .catch(() => {});
    return () => {
      isOver = true;
    };
  }, [deviceId, mark]);
  return events;
}

function DeviceHead({ device, onAct }: { device: Device; onAct: (action: Action) => void }) {
  const { claimedName, label, clientId, clientVersion, platform, remoteIp } = device;
  const program = [clientId, clientVersion].filter(Boolean).join(' ');
  return (
    <header class="device-head">
      <a class="back" href={linkTo('devices')}>
        All devices
      </a>
      <div class="head-line">
        <h1 id="device-title">{nameOf(device)}</h1>
        <div class="buttons">
          <button type="button" onClick={() => onAct({ kind: 'rename' })}>
            Rename…
          </button>
          <button type="button" class="danger-text" onClick={() => onAct({ kind: 'remove' })}>
            Remove…
          </button>
        </div>
      </div>
      <code class="full-id">{device.deviceId}</code>
      <p class="facts">
        {label && claimedName && claimedName !== label && <span>calls itself “{claimedName}”</span>}
        {program && <span>{program}</span>}
        {platform && <span>{platform}</span>}
        {remoteIp && <span>last from {remoteIp}</span>}
      </p>
    </header>
  );
}

interface RoleProps {
  readonly device: Device;
  readonly role: RoleView;
  readonly onAct: (action: Action) => void;
}

function RoleCard({ role, onAct }: RoleProps) {
  const isPaired = role.state === 'paired' || role.state === 'upgradePending';
  return (
    <section class="card role-card" aria-label={`As ${role.role}`}>
      <div class="role-head">
        <h2>As {role.role}</h2>
        <StatePill state={role.state} />
        {isPaired && (
          <div class="buttons">
            <button type="button" onClick={() => onAct({ kind: 'rotate', role })}>
              Rotate…
            </button>
            {role.ceiling.length > 0 && (
              <button type="button" onClick={() => onAct({ kind: 'narrow', role })}>
                Set rights…
              </button>
            )}
            <button type="button" class="danger-text" onClick={() => onAct({ kind: 'revoke', role })}>
              Revoke…
            </button>
          </div>
        )}
      </div>
      <Rights role={role} isPaired={isPaired} />
    </section>
  );
}

function Rights({ role, isPaired }: { role: RoleView; isPaired: boolean }) {
  const { book } = useConsole();
  return (
    <dl class="rights">
      <div>
        <dt>May use</dt>
        <dd>{role.grant.length > 0 ? <Scopes scopes={role.grant} most={12} /> : 'nothing by scope'}</dd>
      </div>
      {role.ceiling.join() !== role.grant.join() && (
        <div>
          <dt>Was approved for</dt>
          <dd>
            <Scopes scopes={role.ceiling} most={12} />
          </dd>
        </div>
      )}
      {role.request && (
        <div>
          <dt>Asks for</dt>
          <dd>
            <Scopes scopes={role.request.missing} most={12} kind="new" />{' '}
            <a href={linkTo('waiting')}>decide</a>
          </dd>
        </div>
      )}
      <Declined role={role} />
      <div>
        <dt>Token</dt>
        <dd>
          {role.approvedAtMs === null ? (
            'none'
          ) : (
            <Age book={book} words="approved" atMs={role.approvedAtMs} />
          )}
          {role.rotatedAtMs !== null && <Age book={book} words=", rotated" atMs={role.rotatedAtMs} />}
          {role.revokedAtMs !== null && !isPaired && (
            <Age book={book} words=", revoked" atMs={role.revokedAtMs} />
          )}
        </dd>
      </div>
      <div>
        <dt>Sockets</dt>
        <dd>
          {role.live === 0 ? 'none live' : counted(role.live, 'live socket')}
          {role.parked > 0 && `, ${role.parked} held`}
        </dd>
      </div>
    </dl>
  );
}

function Age({
  book,
  words,
  atMs,
}: {
  book: ReturnType<typeof useConsole>['book'];
  words: string;
  atMs: number;
}) {
  return (
    <>
      {words} <Ago book={book} atMs={atMs} />
    </>
  );
}

function Declined({ role }: { role: RoleView }) {
  const { book } = useConsole();
  const declined = Object.entries(role.declined);
  if (declined.length === 0) return null;
  const until = Math.max(...declined.map(([, untilMs]) => untilMs));
  return (
    <div>
      <dt>Declined</dt>
      <dd>
        {declined.map(([scope]) => scopeWords(scope)).join(', ')}, for another {span(until - book.now())}
      </dd>
    </div>
  );
}

function Charts({ device, events }: { device: Device; events: readonly HistoryEvent[] }) {
  const [role, choose] = useState(device.roles[0]?.role ?? 'operator');
  const shown = device.roles.find((one) => one.role === role) ?? device.roles[0];
  const path = useMemo(() => pathOf(events, role), [events, role]);
  if (!shown) return null;
  return (
    <section class="card chart-card" aria-labelledby="chart-title">
      <div class="role-head">
        <h2 id="chart-title">Where it stands</h2>
        {device.roles.length > 1 &&
          device.roles.map((one) => (
            <button
              key={one.role}
              type="button"
              aria-pressed={one.role === role}
              onClick={() => choose(one.role)}
            >
              {one.role}
            </button>
          ))}
      </div>
      <Statechart state={stateNames.includes(shown.state) ? shown.state : 'unpaired'} path={path} />
    </section>
  );
}
