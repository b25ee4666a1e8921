import { useEffect, useState } from 'preact/hooks';
import { useConsole } from './console-context.ts';
import type { Phase } from './link.ts';
import type { Secret } from './secret.ts';
import { fingerprint } from './words.ts';

/** How long a connect may take before it is worth words, in ms. Most are over before those would be painted. */
const QUICK_MS = 300;

/** What this page is until it is let in: a device at the door like any other. */
export function Door({ phase }: { phase: Exclude<Phase, { kind: 'in' }> }) {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), QUICK_MS);
    return () => clearTimeout(timer);
  }, []);
  if (phase.kind === 'starting' && !isSlow) return <main class="door" id="main" />;
  return (
    <main class="door" id="main">
      <div class="door-card">
        <DoorMark />
        {phase.kind === 'starting' && <Starting />}
        {phase.kind === 'secret' && <AskSecret asks={phase.asks} problem={phase.problem} />}
        {phase.kind === 'waiting' && <Wait requestId={phase.requestId} />}
        {phase.kind === 'refused' && <Refused message={phase.message} hint={phase.hint} />}
      </div>
    </main>
  );
}

function DoorMark() {
  return (
    <svg class="door-mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M8 27V13a8 8 0 0 1 16 0v14" />
      <circle cx="16" cy="19" r="2.6" />
    </svg>
  );
}

function Starting() {
  return (
    <div role="status">
      <h1>Connecting</h1>
      <p>To the gateway at {location.host}.</p>
    </div>
  );
}

function AskSecret({ asks, problem }: { asks: Secret['kind']; problem: string | null }) {
  const { link } = useConsole();
  const [text, setText] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') link.enter({ kind: asks, text: text.trim() });
      }}
    >
      <h1>Who are you?</h1>
      <p>
        This browser is not known to the gateway yet. The shared {asks} shows that you belong here; it is
        asked for once, and not kept.
      </p>
      <label class="field">
        Shared {asks}
        <input
          type="password"
          autocomplete="off"
          value={text}
          aria-invalid={problem !== null}
          aria-describedby={problem ? 'secret-problem' : undefined}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      {problem && (
        <p class="problem" id="secret-problem" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" class="primary wide">
        Continue
      </button>
      <p class="aside">
        <code>antechamber serve</code> says in which file the {asks} is.
      </p>
    </form>
  );
}

function Wait({ requestId }: { requestId: string | null }) {
  const { link } = useConsole();
  const command = `antechamber devices approve ${requestId ?? ''}`.trim();
  return (
    <div>
      <h1>This console waits, too</h1>
      <p role="status">
        It is a device as any other. An owner lets it in once; after that it comes in by itself. On the
        gateway’s host:
      </p>
      <pre class="command">{command}</pre>
      <button type="button" class="wide" onClick={() => void navigator.clipboard?.writeText(command)}>
        Copy the command
      </button>
      <p class="aside">
        Compare the device: <code>{fingerprint(link.deviceId)}</code>
      </p>
      <div class="waiting-bar" aria-hidden="true" />
    </div>
  );
}

function Refused({ message, hint }: { message: string; hint: string | null }) {
  const { link } = useConsole();
  return (
    <div>
      <h1>Not let in</h1>
      <p role="alert">{message}</p>
      {hint && <p class="hint">{hint}</p>}
      <button type="button" class="primary wide" onClick={() => link.again()}>
        Try again
      </button>
      {link.deviceId && (
        <p class="aside">
          This browser is device <code>{fingerprint(link.deviceId)}</code>
        </p>
      )}
    </div>
  );
}
