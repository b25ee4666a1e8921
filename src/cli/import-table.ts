import type { Profile } from '../../machines/record.ts';
import type { ImportAction, ImportLine } from '../authority/importing.ts';
import type { Damage, LeftOut } from '../import/damage.ts';
import type { Io } from './io.ts';
import { claimed, fingerprint, scopeList, shown } from './shown.ts';
import { table } from './table.ts';

/** What an import would do, or has done; `--json` prints it as it is. */
export interface ImportReport {
  readonly source: string;
  readonly path: string;
  /** Why this one was read, where the folder holds two. */
  readonly choice: string | null;
  readonly done: boolean;
  readonly lines: readonly ImportLine[];
  readonly leftOut: readonly LeftOut[];
  readonly damaged: readonly Damage[];
  /** What each device says of itself. */
  readonly claims: Readonly<Record<string, Profile>>;
}

const HAS_EFFECT: readonly ImportAction[] = ['import', 'update', 'open'];

/** Whether a line changes anything here. */
export function hasEffect({ action }: ImportLine): boolean {
  return HAS_EFFECT.includes(action);
}

/** For a person: what differs from what is here, at most as wide as the terminal, and what to do next. */
export function importLines(
  report: ImportReport,
  how: 'dry-run' | 'unconfirmed' | 'done',
  again: string,
  { columns }: Pick<Io, 'columns'>,
): readonly string[] {
  const news = report.lines.filter(({ action }) => action !== 'here');
  const here = report.lines.length - news.length;
  const rows = news.map((line) => [
    fingerprint(line.deviceId),
    saysOf(report.claims[line.deviceId]),
    line.role,
    scopesOf(line),
    tokenOf(line),
    outcomeOf(line),
  ]);
  return [
    `Read ${shown(report.path)}${report.choice === null ? '' : ` (${shown(report.choice)})`}`,
    ...table(
      ['Device', 'Says it is', 'Role', 'May use', 'Token', report.done ? 'Done' : 'To do'],
      rows,
      columns,
    ),
    ...(here > 0 ? [`Already here, and the same: ${here}`] : []),
    ...report.leftOut.map(({ deviceId, reason }) => `Left out of ${fingerprint(deviceId)}: ${shown(reason)}`),
    ...report.damaged.map(({ record, problem }) => `Skipped ${shown(record)}: ${shown(problem)}`),
    ...replaced(report),
    ...ending(report, how, again),
  ];
}

function saysOf(profile: Profile | undefined): string {
  const { displayName, clientId, platform } = profile ?? {};
  const words = [displayName, clientId, platform].filter((word) => word !== undefined && word !== '');
  return words.length === 0 ? '' : claimed(words.join(', '));
}

function scopesOf({ grant, ceiling, replaces, revoked }: ImportLine): string {
  if (replaces !== null) return `asks for ${grant.length === 0 ? 'pairing' : scopeList(grant)}`;
  if (revoked) return 'nothing';
  const isNarrowed = ceiling.some((scope) => !grant.includes(scope));
  return scopeList(grant) + (isNarrowed ? ` (approved up to ${scopeList(ceiling)})` : '');
}

function tokenOf({ token, replaces, revoked }: ImportLine): string {
  if (replaces !== null) return '';
  if (revoked) return 'ends';
  return token ? 'works' : 'none';
}

function outcomeOf({ action, revoked, reason }: ImportLine): string {
  switch (action) {
    case 'import':
      return revoked ? 'import as revoked' : 'import';
    case 'update':
      return revoked ? 'revoke, as there' : 'take over what changed there';
    case 'open':
      return 'open a request';
    case 'kept':
      return `kept as decided here${reason === 'decided here' ? '' : `: ${shown(reason ?? '')}`}`;
    case 'left-out':
      return `left out: ${shown(reason ?? '')}`;
    case 'here':
      return `already here: ${shown(reason ?? '')}`;
  }
}

/** Which request here stands for which one there. */
function replaced({ lines, done }: ImportReport): readonly string[] {
  return lines
    .filter(({ action }) => action === 'open')
    .map(({ deviceId, requestId, replaces }) =>
      done
        ? `Request ${shown(requestId ?? '')} replaces ${shown(replaces ?? '')}`
        : `A request of ${fingerprint(deviceId)} would replace ${shown(replaces ?? '')}`,
    );
}

function ending(
  report: ImportReport,
  how: 'dry-run' | 'unconfirmed' | 'done',
  again: string,
): readonly string[] {
  const effects = report.lines.filter(hasEffect);
  const opened = effects.filter(({ action }) => action === 'open').length;
  if (effects.length === 0) return ['Nothing to import.'];
  if (how === 'dry-run') return ['Nothing was imported.'];
  if (how === 'unconfirmed') return ['Nothing was imported. To import exactly this:', `  ${again}`];
  return [`Imported in one step: ${effects.length - opened} of devices and roles, ${opened} of requests.`];
}
