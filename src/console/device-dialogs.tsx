import { useState } from 'preact/hooks';
import { covers } from '../../machines/policy.ts';
import { OPENCLAW_VOCABULARY } from '../../machines/vocabulary.ts';
import type { Device, RoleView } from './book.ts';
import { useConsole } from './console-context.ts';
import { Confirm } from './dialog.tsx';
import { go, linkTo } from './route.ts';
import { counted, nameOf } from './words.ts';

export type Action =
  | { readonly kind: 'rename' }
  | { readonly kind: 'remove' }
  | { readonly kind: 'rotate'; readonly role: RoleView }
  | { readonly kind: 'narrow'; readonly role: RoleView }
  | { readonly kind: 'revoke'; readonly role: RoleView };

interface DialogProps {
  readonly device: Device;
  readonly onClose: () => void;
}

type RoleDialogProps = DialogProps & { readonly role: RoleView };

export function DeviceDialog({ action, ...rest }: DialogProps & { action: Action }) {
  switch (action.kind) {
    case 'rename':
      return <Rename {...rest} />;
    case 'remove':
      return <Remove {...rest} />;
    case 'rotate':
      return <Rotate {...rest} role={action.role} />;
    case 'narrow':
      return <SetRights {...rest} role={action.role} />;
    case 'revoke':
      return <Revoke {...rest} role={action.role} />;
  }
}

const closing = (live: number): string =>
  live === 0 ? 'No socket of it is live now.' : `${counted(live, 'live socket')} will be closed.`;

function Rename({ device, onClose }: DialogProps) {
  const { desk } = useConsole();
  const [label, setLabel] = useState(device.label ?? '');
  const confirm = (): void => {
    onClose();
    void desk.rename(device.deviceId, label.trim());
  };
  return (
    <Confirm
      title={`Rename ${nameOf(device)}`}
      action="Rename"
      isReady={label.trim() !== ''}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p class="dialog-lead">
        Your name for it is shown in place of what the device calls itself. Nothing else changes.
      </p>
      <label class="field">
        Name
        <input
          type="text"
          maxLength={120}
          value={label}
          placeholder={device.claimedName ?? ''}
          onInput={(event) => setLabel(event.currentTarget.value)}
        />
      </label>
    </Confirm>
  );
}

function Rotate({ device, role, onClose }: RoleDialogProps) {
  const { desk } = useConsole();
  const confirm = (): void => {
    onClose();
    void desk.rotate(device.deviceId, role.role);
  };
  return (
    <Confirm
      title={`Rotate the token of ${nameOf(device)}`}
      action="Rotate"
      onConfirm={confirm}
      onClose={onClose}
    >
      <p class="dialog-lead">
        Its rights stay as they are. {closing(role.live)} It gets the new token when it comes back; the old
        one is taken with its signature until then. After a theft, revoke instead.
      </p>
    </Confirm>
  );
}

function SetRights({ device, role, onClose }: RoleDialogProps) {
  const { desk } = useConsole();
  const possible = OPENCLAW_VOCABULARY[role.role].filter((scope) => covers(role.ceiling, [scope]));
  const choices = [...new Set([...role.ceiling, ...possible])].sort();
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set(role.grant));
  const toggle = (scope: string): void => {
    const next = new Set(chosen);
    if (!next.delete(scope)) next.add(scope);
    choose(next);
  };
  const scopes = choices.filter((scope) => chosen.has(scope));
  const lost = role.grant.filter((scope) => !covers(scopes, [scope]));
  const confirm = (): void => {
    onClose();
    void desk.rotate(device.deviceId, role.role, scopes);
  };
  return (
    <Confirm
      title={`Set the rights of ${nameOf(device)}`}
      action={lost.length > 0 ? 'Narrow' : 'Set'}
      isDangerous={lost.length > 0}
      isReady={scopes.join() !== [...role.grant].sort().join()}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p class="dialog-lead">
        Within what was approved once. The token is rotated. {closing(role.live)}
        {lost.length > 0 && ` It loses ${lost.join(', ')}, and has to ask again for it.`}
      </p>
      <fieldset class="choices">
        <legend>May use</legend>
        {choices.map((scope) => (
          <label key={scope}>
            <input type="checkbox" checked={chosen.has(scope)} onChange={() => toggle(scope)} />
            <code>{scope}</code>
          </label>
        ))}
      </fieldset>
    </Confirm>
  );
}

function Revoke({ device, role, onClose }: RoleDialogProps) {
  const { desk } = useConsole();
  const confirm = (): void => {
    onClose();
    void desk.revoke(device.deviceId, role.role);
  };
  return (
    <Confirm
      title={`Revoke ${nameOf(device)} as ${role.role}`}
      action="Revoke"
      isDangerous
      onConfirm={confirm}
      onClose={onClose}
    >
      <p class="dialog-lead">
        Every token it has for this role ends at once. {closing(role.live)} The shared secret does not bring
        it back; only an approval does.
      </p>
    </Confirm>
  );
}

function Remove({ device, onClose }: DialogProps) {
  const { desk } = useConsole();
  const live = device.roles.reduce((count, role) => count + role.live, 0);
  const confirm = async (): Promise<void> => {
    onClose();
    if (await desk.remove(device.deviceId)) go(linkTo('devices'));
  };
  return (
    <Confirm
      title={`Remove ${nameOf(device)}`}
      action="Remove"
      isDangerous
      onConfirm={confirm}
      onClose={onClose}
    >
      <p class="dialog-lead">
        It is forgotten in all its roles, with what was approved and what it asks for. {closing(live)} Its
        history stays. If it comes back, it has to be approved anew.
      </p>
    </Confirm>
  );
}
