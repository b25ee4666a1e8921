import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { episodeOf, type RoleView, type Waiting } from './book.ts';
import { useConsole } from './console-context.ts';
import { useKeys } from './keys.ts';
import { Ago, Empty, RoleName, Scopes, Who } from './parts.tsx';
import { ApprovePart, Reject } from './request-dialogs.tsx';
import { linkTo, linkToDevice, type Route } from './route.ts';
import { useChanging } from './signal.ts';
import { useNarrow, VirtualList } from './virtual.tsx';
import { counted, fingerprint, nameOf, outcomeWords } from './words.ts';

/** In px; a row's text never takes more lines than these hold. */
const ROW = { wide: 108, narrow: 178 };
/** What has stood in a row for less time than this was not read, and cannot be decided yet, in ms. */
const READ_MS = 600;

export type Asked = { readonly how: 'part' | 'reject'; readonly row: Waiting } | null;

/** A request is one row, whatever its revision. */
const keyOf = ({ request, device }: Waiting): string => `${episodeOf(request.requestId)} ${device.deviceId}`;

export function WaitingView({ route }: { route: Route }) {
  const { book } = useConsole();
  useChanging(book);
  const [asked, ask] = useState<Asked>(null);
  const isNarrow = useNarrow();
  const rows = book.waiting;
  useFirstRow(rows.length > 0);
  const goal = useGoal(route);
  const endWatch = useRef<() => void>(() => {});
  useEffect(() => () => endWatch.current(), []);
  const watch = (shown: readonly Waiting[]): void => {
    endWatch.current();
    endWatch.current = book.watch(shown.map(({ device }) => device.deviceId));
  };
  return (
    <section aria-labelledby="waiting-title">
      <header class="view-head">
        <h1 id="waiting-title">Waiting for you</h1>
        <p>{rows.length > 0 ? `${counted(book.openCount, 'request')}, the longest open first` : ''}</p>
        <BellButton />
      </header>
      {rows.length === 0 && (book.isComplete || book.problem === null) && (
        <Empty title={book.isComplete ? 'Nobody waits' : 'Looking…'}>
          {book.isComplete
            ? 'A device that asks for something appears here by itself, once, and stays until somebody decides.'
            : 'Reading what waits.'}
        </Empty>
      )}
      <VirtualList
        items={rows}
        rowHeight={isNarrow ? ROW.narrow : ROW.wide}
        label="Open requests"
        keyOf={keyOf}
        wanted={goal.row && keyOf(goal.row)}
        onFound={goal.reached}
        isSame={(before, now) => before.role === now.role && before.ended === now.ended}
        onShown={watch}
      >
        {(row) => <WaitingRow row={row} onAsk={ask} />}
      </VirtualList>
      {asked?.how === 'part' && <ApprovePart row={asked.row} onClose={() => ask(null)} />}
      {asked?.how === 'reject' && <Reject row={asked.row} onClose={() => ask(null)} />}
    </section>
  );
}

/** The row that an address names, until the focus is on it. */
function useGoal(route: Route) {
  const { book, desk } = useConsole();
  const [episode, aim] = useState<string | null>(null);
  useEffect(() => aim(route.requestId && episodeOf(route.requestId)), [route]);
  const row = book.waiting.find(({ request }) => episodeOf(request.requestId) === episode) ?? null;
  const reached = (): void => {
    history.replaceState(null, '', linkTo('waiting'));
    aim(null);
  };
  const isGone = episode !== null && row === null && book.isComplete;
  useEffect(() => {
    if (!isGone) return;
    desk.say('That request is not open any more');
    reached();
  }, [isGone]);
  return { row, reached };
}

/** Asks for notices on the desktop, or for no more of them. */
function BellButton() {
  const { bell } = useConsole();
  const { ringing } = useChanging(bell);
  if (ringing === 'impossible') return null;
  if (ringing === 'refused') return <p class="bell">This browser blocks notices of this page</p>;
  return (
    <button
      type="button"
      class="bell"
      aria-pressed={ringing === 'on'}
      title="On this desktop, once for each request, while you look at something else"
      onClick={() => void bell.turn()}
    >
      Notify me of new requests
    </button>
  );
}

/**
 * The row as it was when a finger or the focus came to it: what is asked for meanwhile does not change what a button
 * under that finger approves (I2).
 */
function usePinned(row: Waiting) {
  const [pinned, pin] = useState<Waiting | null>(null);
  const isSame = pinned !== null && episodeOf(pinned.request.requestId) === episodeOf(row.request.requestId);
  const shown = pinned && isSame && !row.ended ? { ...row, request: pinned.request } : row;
  const isOutdated = shown.request.requestId !== row.request.requestId;
  const { requestId } = shown.request;
  const [read, setRead] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setRead(requestId), READ_MS);
    return () => clearTimeout(timer);
  }, [requestId]);
  return {
    shown: isOutdated ? shown : row,
    isOutdated,
    wasRead: read === requestId,
    hold: () => pin((before) => before ?? row),
    release: () => pin(null),
  };
}

/** Marks when the first row is on the screen, for whoever measures: a message comes after the frame that draws it. */
function useFirstRow(hasRows: boolean): void {
  useLayoutEffect(() => {
    if (!hasRows) return;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      performance.mark('antechamber.first-painted');
      port1.close();
    };
    port2.postMessage(null);
  }, [hasRows]);
}

function WaitingRow({ row, onAsk }: { row: Waiting; onAsk: (asked: Asked) => void }) {
  const { desk } = useConsole();
  useChanging(desk);
  const { shown, isOutdated, wasRead, hold, release } = usePinned(row);
  const { device, request, ended } = shown;
  const who = `${nameOf(device)} ${fingerprint(device.deviceId)}`;
  const approve = (): void => {
    if (!isBusy) void desk.approve(request.requestId, device.deviceId);
  };
  const isBusy = !wasRead || desk.isBusy(request.requestId) || ended !== null;
  const releaseUnlessInside = (event: FocusEvent): void => {
    const { currentTarget, relatedTarget } = event;
    if (!(currentTarget as HTMLElement).contains(relatedTarget as Node | null)) release();
  };
  useRowKeys(request.requestId, {
    a: approve,
    r: () => onAsk({ how: 'reject', row: shown }),
    p: () => onAsk({ how: 'part', row: shown }),
  });
  return (
    <article
      class={`request ${ended ? 'ended' : ''}`}
      data-request={request.requestId}
      aria-label={who}
      onPointerEnter={hold}
      onPointerLeave={release}
      onFocusIn={hold}
      onFocusOut={releaseUnlessInside}
    >
      <RequestText row={shown} />
      {ended ? (
        <p class="outcome">{outcomeWords(ended.outcome)}</p>
      ) : (
        <Buttons
          who={who}
          isBusy={isBusy}
          canPart={request.missing.length > 1}
          onNewer={isOutdated ? release : null}
          onApprove={approve}
          onAsk={(how) => onAsk({ how, row: shown })}
        />
      )}
    </article>
  );
}

interface ButtonsProps {
  /** Whose request it is: said with each button, because a list of buttons is all that some listen to. */
  readonly who: string;
  readonly isBusy: boolean;
  readonly canPart: boolean;
  /** Shows the newer revision; null when there is none. */
  readonly onNewer: (() => void) | null;
  readonly onApprove: () => void;
  readonly onAsk: (how: 'part' | 'reject') => void;
}

function Buttons({ who, isBusy, canPart, onNewer, onApprove, onAsk }: ButtonsProps) {
  return (
    <div class="buttons">
      {onNewer && (
        <button type="button" class="notice-link" onClick={onNewer}>
          Asks for more now: show
        </button>
      )}
      <button
        type="button"
        class="primary"
        aria-label={`Approve ${who}`}
        disabled={isBusy}
        onClick={onApprove}
      >
        Approve
      </button>
      {canPart && (
        <button
          type="button"
          aria-label={`A part… of ${who}`}
          disabled={isBusy}
          onClick={() => onAsk('part')}
        >
          A part…
        </button>
      )}
      <button type="button" aria-label={`Reject… ${who}`} disabled={isBusy} onClick={() => onAsk('reject')}>
        Reject…
      </button>
    </div>
  );
}

/** `a`, `p` and `r` decide about the row that has the focus. */
function useRowKeys(requestId: string, keys: Readonly<Record<'a' | 'p' | 'r', () => void>>): void {
  const run = (key: 'a' | 'p' | 'r') => (): boolean => {
    const row = document.activeElement?.closest('[data-row]');
    const isHere = row?.querySelector(`[data-request="${requestId}"]`) != null;
    if (isHere) keys[key]();
    return isHere;
  };
  useKeys({ a: run('a'), p: run('p'), r: run('r') });
}

const socketsOf = ({ parked, live }: RoleView): string => {
  if (parked > 0) return `${counted(parked, 'socket')} held`;
  return live > 0 ? counted(live, 'live socket') : 'no socket held';
};

function RequestText({ row: { device, role, request } }: { row: Waiting }) {
  const { book } = useConsole();
  const has = request.scopes.filter((scope) => !request.missing.includes(scope));
  const program = [device.clientId, device.clientVersion].filter(Boolean).join(' ');
  return (
    <div class="request-text">
      <a href={linkToDevice(device.deviceId)} class="title">
        <Who device={device} />
        <RoleName role={request.role} />
        {request.revision > 1 && <span class="tag">revision {request.revision}</span>}
      </a>
      <p class="asks">
        <span class="word">{request.missing.length > 0 ? 'asks for' : 'asks to pair'}</span>
        <Scopes scopes={request.missing} kind="new" />
        {has.length > 0 && (
          <span class="has">
            <span class="word">has</span> <Scopes scopes={has} most={2} />
          </span>
        )}
      </p>
      <p class="facts">
        <span>
          waits <Ago book={book} atMs={request.ts} bare />
        </span>
        <span>{counted(request.attempts, 'attempt')}</span>
        <span>{socketsOf(role)}</span>
        {device.remoteIp && <span>from {device.remoteIp}</span>}
        {program && <span class="program">{program}</span>}
      </p>
    </div>
  );
}
