import type { Command } from 'commander';
import { PAIRING } from '../../machines/record.ts';
import type { Ending, Explanation, NextConnect, RoleExplanation } from '../authority/explaining.ts';
import { showDuration } from './duration.ts';
import { CliError, EXIT } from './exit.ts';
import { pickDevice } from './pick-device.ts';
import type { CommandFor } from './refused.ts';
import { fingerprint, scopeList, shown } from './shown.ts';
import { answer, repeated, type Shell, throughGate, withGateOptions, withHelp } from './verb.ts';

export function addDevicesExplain(parent: Command, shell: Shell): void {
  const verb = withGateOptions(parent.command('explain'))
    .description('why a device waits, what would end it, and what its next connect would get')
    .argument('<device>', 'id, at least 6 characters of it, or label')
    .option('--scope <scope>', 'what the next connect is taken to ask for (repeatable)', repeated)
    .action((device: string, flags) =>
      throughGate(shell, flags, 'look', async (work) => {
        const deviceId = pickDevice(await work.gate.list(), device, work.command);
        const explanation = await work.gate.explain(deviceId, flags.scope ?? null);
        if (!explanation) {
          const message = `nothing is known of device ${fingerprint(deviceId)}; see "${work.command('devices list')}"`;
          throw new CliError(EXIT.nothing, 'unknown-device', message);
        }
        answer(work, explanation, () => explanationLines(explanation, work.command));
      }),
    );
  withHelp(verb, [
    'devices explain 43c0bd435c12',
    'devices explain "kitchen tablet" --scope operator.write --json',
  ]);
}

export function explanationLines(
  { deviceId, atMs, roles }: Explanation,
  command: CommandFor,
): readonly string[] {
  const one = roles.flatMap((role) => ['', ...roleLines(role, atMs, command)]);
  return [`Device ${fingerprint(deviceId)}`, ...one];
}

function roleLines(told: RoleExplanation, now: number, command: CommandFor): readonly string[] {
  const { role, state, grant, ceiling, request } = told;
  const beyond = ceiling.filter((scope) => !grant.includes(scope));
  const upTo = beyond.length > 0 ? ` (approved up to ${scopeList(ceiling)})` : '';
  return [
    `As ${role}: ${shown(state)}; it may use ${scopeList(grant)}${upTo}.`,
    request === null
      ? '  Nothing waits.'
      : `  It waits ${showDuration(now - request.openedAtMs)} for ${scopeList(request.scopes)} (${shown(request.requestId)}).`,
    ...told.endings.map((ending) => `  ${endingLine(ending, told, now, command)}`),
    ...declinedLines(told, now),
    `  ${nextLine(told.next, now)}`,
  ];
}

function endingLine(
  { by, atMs, state, grant }: Ending,
  { request }: RoleExplanation,
  now: number,
  command: CommandFor,
): string {
  const after = `then it is ${shown(state)} and may use ${scopeList(grant)}`;
  const id = shown(request?.requestId ?? '');
  if (by === 'expiry') {
    const when = atMs === null ? '' : ` in ${showDuration(atMs - now)} unless it asks again`;
    return `It expires${when}: ${after}.`;
  }
  return `${command(`devices ${by} ${id}`)}: ${after}.`;
}

function declinedLines({ quiet }: RoleExplanation, now: number): readonly string[] {
  return Object.entries(quiet).map(
    ([scope, untilMs]) =>
      `  ${scope === PAIRING ? 'Its pairing' : shown(scope)} is declined for another ${showDuration(untilMs - now)}.`,
  );
}

/** What the machine's answer means for the one who connects. */
const VERDICTS: Readonly<Record<string, string>> = {
  covered: 'is let in with all of it',
  joined: 'joins the request that is open',
  widened: 'widens the request that is open',
  opened: 'opens a request',
  quiet: 'is refused: it was declined',
  lacking: 'is refused: it lacks the rights',
  full: 'is refused: the request has as many revisions as it may have',
};

function nextLine({ wish, verdict, live, quietUntilMs }: NextConnect, now: number): string {
  const what = VERDICTS[verdict] ?? shown(verdict);
  const until = quietUntilMs === null ? '' : `, for another ${showDuration(quietUntilMs - now)}`;
  const part = verdict !== 'covered' && live.length > 0 ? `; meanwhile it may use ${scopeList(live)}` : '';
  return `Its next connect for ${scopeList(wish)} ${what}${until}${part}.`;
}
