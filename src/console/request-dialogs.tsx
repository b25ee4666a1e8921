import { useState } from 'preact/hooks';
import type { Waiting } from './book.ts';
import { useConsole } from './console-context.ts';
import { Confirm } from './dialog.tsx';
import { Scopes } from './parts.tsx';
import { useChanging } from './signal.ts';
import { fingerprint, nameOf } from './words.ts';

interface RequestDialog {
  /** As it was shown when the dialog was opened. */
  readonly row: Waiting;
  readonly onClose: () => void;
}

/** What became of the request since the dialog was opened. */
function useNewer({ row }: Pick<RequestDialog, 'row'>) {
  const { book } = useConsole();
  useChanging(book);
  const role = book.get(row.device.deviceId)?.roles.find((one) => one.role === row.request.role);
  const open = role?.request ?? null;
  const isSame = open?.requestId.split('.')[0] === row.request.requestId.split('.')[0];
  return {
    isGone: !open || !isSame,
    newer: open && isSame && open.requestId !== row.request.requestId ? open : null,
  };
}

function Changed({ row }: Pick<RequestDialog, 'row'>) {
  const { isGone, newer } = useNewer({ row });
  if (isGone) {
    return (
      <p class="changed" role="status">
        This request has ended meanwhile. Somebody else decided, or the device no longer asks.
      </p>
    );
  }
  if (!newer) return null;
  const more = newer.missing.filter((scope) => !row.request.missing.includes(scope));
  return (
    <p class="changed" role="status">
      It asks for more now: <Scopes scopes={more} kind="new" />. That is revision {newer.revision}, and is not
      part of what you decide here: you see revision {row.request.revision}.
    </p>
  );
}

export function ApprovePart({ row, onClose }: RequestDialog) {
  const { desk } = useConsole();
  const { request, device } = row;
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set(request.missing));
  const toggle = (scope: string): void => {
    const next = new Set(chosen);
    if (!next.delete(scope)) next.add(scope);
    choose(next);
  };
  const isAll = chosen.size === request.missing.length;
  const scopes = request.missing.filter((scope) => chosen.has(scope));
  const confirm = async (): Promise<void> => {
    onClose();
    await desk.approve(request.requestId, device.deviceId, isAll ? undefined : scopes);
  };
  return (
    <Confirm
      title={`Approve a part for ${nameOf(device)}`}
      action={isAll ? 'Approve all' : `Approve ${scopes.length} of ${request.missing.length}`}
      isReady={scopes.length > 0}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p class="dialog-lead">
        Device <code>{fingerprint(device.deviceId)}</code>, revision {request.revision}. What you leave out is
        declined, and stays so for the quiet period.
      </p>
      <Changed row={row} />
      <fieldset class="choices">
        <legend>It asks for</legend>
        {request.missing.map((scope) => (
          <label key={scope}>
            <input type="checkbox" checked={chosen.has(scope)} onChange={() => toggle(scope)} />
            <code>{scope}</code>
          </label>
        ))}
      </fieldset>
    </Confirm>
  );
}

export function Reject({ row, onClose }: RequestDialog) {
  const { desk } = useConsole();
  const { request, device } = row;
  const [note, setNote] = useState('');
  const confirm = async (): Promise<void> => {
    onClose();
    await desk.reject(request.requestId, device.deviceId, note);
  };
  return (
    <Confirm
      title={`Reject ${nameOf(device)}`}
      action="Reject"
      isDangerous
      onConfirm={confirm}
      onClose={onClose}
    >
      <p class="dialog-lead">
        Everybody who waits with device <code>{fingerprint(device.deviceId)}</code> is told no, and asking
        again is refused for the quiet period. What it has already, it keeps.
      </p>
      <Changed row={row} />
      <label class="field">
        A note, which the device is told and the history keeps (optional)
        <input
          type="text"
          maxLength={280}
          value={note}
          placeholder="why"
          onInput={(event) => setNote(event.currentTarget.value)}
        />
      </label>
    </Confirm>
  );
}
