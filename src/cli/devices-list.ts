import type { Command } from 'commander';
import { PAIRING } from '../../machines/record.ts';
import type { DeclinedRow, DeviceList, PairedRow, PendingRow, TokenRow } from '../authority/listing.ts';
import { ago, showDuration } from './duration.ts';
import type { CommandFor } from './refused.ts';
import { claimed, fingerprint, scopeList, shown } from './shown.ts';
import { table } from './table.ts';
import { answer, type Shell, throughGate, withGateOptions, withHelp } from './verb.ts';

export function addDevicesList(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('list'))
    .description('show what waits, what is approved and what is declined')
    .action((flags) =>
      throughGate(shell, flags, 'look', async (work) => {
        const list = await work.gate.list();
        answer(work, list, () => listLines(list, work.now, shell.io.columns, work.command));
      }),
    );
  withHelp(verb, ['devices list', 'devices list --json', 'devices list --url ws://127.0.0.1:18789']);
}

export interface Claims {
  readonly deviceId: string;
  readonly displayName?: string;
  readonly claimedName?: string;
  readonly label?: string;
  readonly platform?: string;
  readonly clientId?: string;
  readonly clientMode?: string;
  readonly remoteIp?: string;
}

/** The whole list, at most `width` cells wide but for the commands, which are there to be copied. */
export function listLines(
  list: DeviceList,
  now: number,
  width: number,
  command: CommandFor,
): readonly string[] {
  const { pending, paired, declined } = list;
  return [
    `Waiting (${pending.length})`,
    ...pendingTable(pending, now, width),
    ...approvals(pending, command),
    '',
    `Approved (${paired.length})`,
    ...pairedTable(paired, now, width),
    ...(declined.length > 0
      ? ['', `Declined (${declined.length})`, ...declinedTable(declined, now, width)]
      : []),
  ];
}

function pendingTable(rows: readonly PendingRow[], now: number, width: number): readonly string[] {
  const headings = ['Device', 'Peer', 'Says it is', 'Role', 'Asks for', 'Since'];
  const lines = rows.map((row) => [
    nameOf(row),
    peerOf(row),
    saysOf(row),
    row.role,
    asksFor(row),
    row.attempts === undefined ? ago(row.ts, now) : `${ago(row.ts, now)}, tried ${row.attempts}x+`,
  ]);
  return table(headings, lines, width);
}

/** What an approval would add. */
export function asksFor({ missing, role }: PendingRow): string {
  return missing.length > 0 ? scopeList(missing) : `pairing as ${role}`;
}

function approvals(rows: readonly PendingRow[], command: CommandFor): readonly string[] {
  if (rows.length === 0) return [];
  const lines = rows.flatMap((row) => [
    `  ${fingerprint(row.deviceId)} ${row.role}:`,
    `    ${command(`devices approve ${shown(row.requestId)}`)}`,
  ]);
  return ['', 'To approve (or "devices reject"):', ...lines];
}

function pairedTable(rows: readonly PairedRow[], now: number, width: number): readonly string[] {
  const headings = ['Device', 'Peer', 'Says it is', 'Role', 'May use', 'Approved', 'State'];
  const lines = rows.flatMap((row) =>
    row.tokens.map((token) => [
      nameOf(row),
      peerOf(row),
      saysOf(row),
      token.role,
      mayUse(row, token),
      ago(row.approvedAtMs, now),
      stateOf(row, token, now),
    ]),
  );
  return table(headings, lines, width);
}

function mayUse(row: PairedRow, token: TokenRow): string {
  if (token.revokedAtMs !== undefined) return 'nothing';
  const beyond = row.roles.length === 1 ? row.scopes.filter((scope) => !token.scopes.includes(scope)) : [];
  const narrowed = beyond.length > 0 ? ` (approved up to ${scopeList(row.scopes)})` : '';
  return scopeList(token.scopes) + narrowed;
}

function stateOf(row: PairedRow, token: TokenRow, now: number): string {
  if (token.revokedAtMs !== undefined) return `revoked ${ago(token.revokedAtMs, now)}`;
  const rotated = token.rotatedAtMs === undefined ? '' : `, rotated ${ago(token.rotatedAtMs, now)}`;
  if (row.connected === undefined) return `approved${rotated}`;
  return (row.connected ? 'connected' : 'away') + rotated;
}

function declinedTable(rows: readonly DeclinedRow[], now: number, width: number): readonly string[] {
  const headings = ['Device', 'Peer', 'Says it is', 'Role', 'Declined', 'May ask again'];
  const lines = rows.map((row) => [
    nameOf(row),
    peerOf(row),
    saysOf(row),
    row.role,
    row.scopes.map((scope) => (scope === PAIRING ? 'pairing' : shown(scope))).join(', '),
    `in ${showDuration(row.untilMs - now)}`,
  ]);
  return table(headings, lines, width);
}

function nameOf({ deviceId, label }: Claims): string {
  return label === undefined ? fingerprint(deviceId) : `${fingerprint(deviceId)} ${shown(label)}`;
}

function peerOf({ remoteIp }: Claims): string {
  return remoteIp === undefined ? '?' : shown(remoteIp);
}

/** In quotes, because it is the device's word and nobody checked it. */
export function saysOf(row: Claims): string {
  const name = row.claimedName ?? (row.label === undefined ? row.displayName : undefined);
  const client =
    row.clientId === row.clientMode ? row.clientId : [row.clientId, row.clientMode].filter(Boolean).join('/');
  const words = [name, client, row.platform].filter((word) => word !== undefined && word !== '');
  return words.length === 0 ? '' : claimed(words.join(', '));
}
