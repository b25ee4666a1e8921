import { useEffect, useState } from 'preact/hooks';
import type { ConnectionsPage, ConnectionView } from '../gateway/console-views.ts';
import type { Device } from './book.ts';
import { useConsole } from './console-context.ts';
import { Ago, Scopes } from './parts.tsx';

const STATE_WORDS: Readonly<Record<string, string>> = {
  paired: 'live',
  'upgradePending.held': 'held',
  'upgradePending.serving': 'live, waits for more',
};

/** The sockets of one device; read again with each reading of the device. */
export function Connections({ device }: { device: Device }) {
  const { link, book } = useConsole();
  const [sockets, setSockets] = useState<readonly ConnectionView[]>([]);
  useEffect(() => {
    let isOver = false;
    link
      .request<ConnectionsPage>('antechamber.connections', {
        deviceId: device.deviceId,
      })
      .then(({ connections }) => {
        if (!isOver) setSockets(connections);
      })
      .catch(() => {});
    return () => {
      isOver = true;
    };
  }, [device]);
  return (
    <section class="card" aria-labelledby="connections-title">
      <h2 id="connections-title">Connections</h2>
      {sockets.length === 0 ? (
        <p class="nothing">No socket is open.</p>
      ) : (
        <ul class="connections">
          {sockets.map((one) => (
            <li key={one.connId}>
              <span class={`dot ${/paired|serving/.test(one.state) ? 'on' : 'held'}`} aria-hidden="true" />
              <span class="conn-state">{STATE_WORDS[one.state] ?? one.state}</span>
              <span>
                for <Ago book={book} atMs={one.openedAtMs} bare />
              </span>
              <span>
                {one.client} {one.version}
              </span>
              <span>from {one.address}</span>
              <span>
                protocol {one.protocol}, by {one.credential.replaceAll('-', ' ')}
              </span>
              {one.scopes.length > 0 && <Scopes scopes={one.scopes} most={4} />}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
