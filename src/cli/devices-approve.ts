import type { Command } from 'commander';
import type { PendingRow } from '../authority/listing.ts';
import { asksFor, saysOf } from './devices-list.ts';
import { ago, showDuration } from './duration.ts';
import { CliError, EXIT } from './exit.ts';
import { fingerprint, scopeList, shown } from './shown.ts';
import { answer, repeated, type Shell, throughGate, type Work, withGateOptions, withHelp } from './verb.ts';

export function addDevicesApprove(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('approve'))
    .description('approve a request, or a part of it; without an id show the newest and approve nothing')
    .argument('[request]', 'the request with the revision that you saw: <id>.r<revision>')
    .option('--scope <scope>', 'approve only this (repeatable); the rest is declined for a while', repeated)
    .action((request: string | undefined, flags) =>
      throughGate(shell, flags, 'manage', (work) =>
        request === undefined ? preview(work) : approve(work, request, flags.scope ?? null),
      ),
    );
  withHelp(verb, [
    'devices approve',
    'devices approve abcdefghijklmnop.r1',
    'devices approve abcdefghijklmnop.r2 --scope operator.read',
  ]);
}

/** Shows the newest request and the command for exactly it: an id that nobody looked at approves nothing. */
async function preview(work: Work): Promise<void> {
  const { pending } = await work.gate.list();
  const [newest] = pending;
  if (!newest) throw new CliError(EXIT.nothing, 'nothing-waits', 'nothing waits for an approval');
  work.shell.exitCode = EXIT.failed;
  answer(work, { approved: null, newest }, () => [
    ...requestLines(newest, work.now),
    ...(pending.length > 1 ? [`(${pending.length - 1} more: ${work.command('devices list')})`] : []),
    'Nothing was approved. To approve exactly this:',
    `  ${work.command(`devices approve ${shown(newest.requestId)}`)}`,
  ]);
}

export function requestLines(row: PendingRow, now: number): readonly string[] {
  const says = saysOf(row);
  const tried = row.attempts === undefined ? '' : `, tried ${row.attempts}x+`;
  const ends = row.expiresAtMs === undefined ? '' : `, ends in ${showDuration(row.expiresAtMs - now)}`;
  return [
    `Device ${fingerprint(row.deviceId)} at ${shown(row.remoteIp ?? '?')}${says === '' ? '' : `, says it is ${says}`}`,
    `  asks for ${asksFor(row)} (${row.role}), since ${ago(row.ts, now)}${tried}${ends}`,
  ];
}

async function approve(work: Work, request: string, scopes: readonly string[] | null): Promise<void> {
  const done = await work.gate.approve(request, scopes);
  const { pending, paired } = await work.gate.list();
  const device = paired.find(({ deviceId }) => deviceId === done.deviceId);
  const [id] = done.requestId.split('.');
  const rest = pending.find(({ requestId }) => requestId.split('.')[0] === id);
  answer(work, { requestId: done.requestId, device, stillOpen: rest?.requestId ?? null }, () => [
    `Approved ${shown(done.requestId)} of device ${fingerprint(done.deviceId)}.`,
    ...(device?.tokens ?? [])
      .filter(({ revokedAtMs }) => revokedAtMs === undefined)
      .map(({ role, scopes: grant }) =>
        grant.length === 0 ? `It is paired as ${role}.` : `As ${role} it may use ${scopeList(grant)}.`,
      ),
    ...(rest ? [`It asks for more meanwhile: ${shown(rest.requestId)} for ${asksFor(rest)}.`] : []),
  ]);
}
