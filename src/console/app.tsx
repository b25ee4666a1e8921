import { useEffect, useState } from 'preact/hooks';
import { covers } from '../../machines/policy.ts';
import { useConsole } from './console-context.ts';
import { DeviceLater } from './device-later.tsx';
import { DevicesView } from './devices.tsx';
import { Dialog } from './dialog.tsx';
import { Door } from './door.tsx';
import { FleetView } from './fleet.tsx';
import { Herald } from './herald.tsx';
import { moveRow, openRow, useKeys } from './keys.ts';
import { WISH } from './link.ts';
import { go, linkTo, linkToDevice, useRoute, type View } from './route.ts';
import { useChanging } from './signal.ts';
import { WaitingView } from './waiting.tsx';
import { fingerprint } from './words.ts';

const VIEWS: readonly (readonly [View, string])[] = [
  ['waiting', 'Waiting'],
  ['devices', 'Devices'],
  ['fleet', 'Fleet'],
];

export function App() {
  const { link } = useConsole();
  useChanging(link);
  return link.phase.kind === 'in' ? <Inside scopes={link.phase.scopes} /> : <Door phase={link.phase} />;
}

function Inside({ scopes }: { scopes: readonly string[] }) {
  const { link, book } = useConsole();
  const route = useRoute();
  const [isHelp, showHelp] = useState(false);
  useKeys({
    '1': () => go(linkTo('waiting')),
    '2': () => go(linkTo('devices')),
    '3': () => go(linkTo('fleet')),
    j: () => moveRow(1),
    k: () => moveRow(-1),
    ArrowDown: () => moveRow(1),
    ArrowUp: () => moveRow(-1),
    Enter: openRow,
    '/': () => document.querySelector<HTMLElement>('input[type=search]')?.focus(),
    '?': () => showHelp(true),
  });
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to content
      </button>
      <Top view={route.view} onHelp={() => showHelp(true)} />
      {!link.isOnline && (
        <p class="banner" role="status">
          The gateway does not answer. What you see is as it was; the connection is being made again.
        </p>
      )}
      {book.problem && (
        <p class="banner bad" role="alert">
          {book.problem}
        </p>
      )}
      <Rights scopes={scopes} />
      <main id="main" tabIndex={-1}>
        {route.deviceId !== null && <DeviceLater deviceId={route.deviceId} key={route.deviceId} />}
        {route.deviceId === null && route.view === 'waiting' && <WaitingView route={route} />}
        {route.deviceId === null && route.view === 'devices' && <DevicesView />}
        {route.deviceId === null && route.view === 'fleet' && <FleetView />}
      </main>
      <Notice />
      <Herald />
      {isHelp && <Help onClose={() => showHelp(false)} />}
    </>
  );
}

function Top({ view, onHelp }: { view: View; onHelp: () => void }) {
  const { book, link } = useConsole();
  useChanging(book);
  const open = book.openCount;
  useEffect(() => {
    const words = VIEWS.find(([one]) => one === view)?.[1];
    document.title = `${open > 0 ? `(${open}) ` : ''}${words} · Antechamber`;
  }, [open, view]);
  return (
    <header class="top">
      <a class="brand" href={linkTo('waiting')} aria-label="Antechamber">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M8 27V13a8 8 0 0 1 16 0v14" />
          <circle cx="16" cy="19" r="2.6" />
        </svg>
        <span>Antechamber</span>
      </a>
      <nav aria-label="Views">
        {VIEWS.map(([one, words]) => (
          <a key={one} href={linkTo(one)} aria-current={view === one ? 'page' : undefined}>
            {words}
            {one === 'waiting' && open > 0 && <span class="count">{open}</span>}
          </a>
        ))}
      </nav>
      <div class="top-end">
        <a class="self" href={linkToDevice(link.deviceId)} title="This console as a device">
          <span class={`dot ${link.isOnline ? 'on' : ''}`} aria-hidden="true" />
          <span class="self-words">
            {link.isOnline ? 'Live' : 'Away'} · {fingerprint(link.deviceId)}
          </span>
        </a>
        <button type="button" class="quiet help" aria-label="Keys" title="Keys (?)" onClick={onHelp}>
          ?
        </button>
      </div>
    </header>
  );
}

/** Says so when this console was given less than it needs. */
function Rights({ scopes }: { scopes: readonly string[] }) {
  const { link, desk } = useConsole();
  if (covers(scopes, WISH)) return null;
  const ask = (): void => {
    link.askForAll().then(
      () => desk.say('Asked. An owner has to approve it.'),
      (error: Error) => desk.say(error.message, 'failed'),
    );
  };
  return (
    <p class="banner" role="status">
      This console may use {scopes.join(', ') || 'nothing'}. To see and manage other devices it needs
      operator.admin.{' '}
      <button type="button" class="inline" onClick={ask}>
        Ask for it
      </button>
    </p>
  );
}

function Notice() {
  const { desk } = useConsole();
  const { notice } = useChanging(desk);
  return (
    <div class="notices" role="status" aria-live="polite">
      {notice && <p class={`notice ${notice.kind}`}>{notice.text}</p>}
    </div>
  );
}

const KEYS: readonly (readonly [string, string])[] = [
  ['1 2 3', 'Waiting, Devices, Fleet'],
  ['j k', 'next row, row before'],
  ['Enter', 'open the device of the row'],
  ['a', 'approve what the row shows'],
  ['p', 'approve a part of it'],
  ['r', 'reject it'],
  ['/', 'search'],
  ['Esc', 'leave a dialog'],
];

function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([key, words]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <div class="actions">
        <button type="button" class="primary" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
