import { type Command, Option } from 'commander';
import type { Gate, Purpose } from './gate.ts';
import type { Io } from './io.ts';
import { openGate } from './open-gate.ts';
import type { CommandFor } from './refused.ts';
import { type Flags, resolveSettings } from './settings.ts';
import { SETTINGS, type Setting, type SettingName } from './settings-table.ts';

/** What a run of the command line ends with. */
export interface Shell {
  readonly io: Io;
  exitCode: number;
}

/** What every verb about devices works with. */
export interface Work {
  readonly shell: Shell;
  readonly gate: Gate;
  readonly json: boolean;
  /** Epoch ms, one moment for the whole answer. */
  readonly now: number;
  readonly command: CommandFor;
}

const EXIT_CODES = `
Exit codes: 0 done, 1 refused or failed, 2 wrong command line or setting,
            3 what was named is not there, 4 the gateway does not answer.`;

/** Adds settings as options, and the config file. */
export function withSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) command.addOption(settingOption(name));
  return command.option('--config <path>', 'settings as JSON (default: config.json in the state folder)');
}

/** A verb about devices: on the state folder, or with --url through a gateway. */
export function withGateOptions(command: Command): Command {
  command.option('--json', 'print JSON');
  return withSettings(command, ['state-dir', 'url', 'token', 'token-file', 'timeout']);
}

export function withHelp(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  antechamber ${example}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}\n${EXIT_CODES}`);
}

/** Opens the gate, does the work and closes it, whatever happens. */
export async function throughGate(
  shell: Shell,
  flags: Flags,
  purpose: Purpose,
  work: (work: Work) => Promise<void>,
): Promise<void> {
  const { io } = shell;
  const command = commandFor(flags, io);
  const gate = await openGate(resolveSettings(flags, io), purpose, io, command);
  try {
    await work({ shell, gate, json: flags.json === true, now: io.now(), command });
  } finally {
    await gate.close();
  }
}

/** Prints the result of a verb: as JSON, or as lines. */
export function answer({ shell, json }: Work, result: unknown, lines: () => readonly string[]): void {
  const text = json ? JSON.stringify(result, null, 2) : lines().join('\n');
  shell.io.out(`${text}\n`);
}

/** Repeated options become a list. */
export function repeated(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** Commands that messages show reach the same devices as this one: they repeat the options that say which. */
export function commandFor(flags: Flags, { program }: Pick<Io, 'program'>): CommandFor {
  const named = { '--state-dir': flags.stateDir, '--config': flags.config, '--url': flags.url };
  const secret = flags.url === undefined ? {} : { '--token-file': flags.tokenFile };
  const suffix = Object.entries({ ...named, ...secret })
    .flatMap(([option, value]) => (typeof value === 'string' ? [` ${option} ${quoted(value)}`] : []))
    .join('');
  return (words) => `${program} ${words}${suffix}`;
}

/** For a shell. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function settingOption(name: SettingName): Option {
  const setting: Setting = SETTINGS[name];
  const option = new Option(`--${name}${setting.form === null ? '' : ` ${setting.form}`}`, setting.about);
  return setting.reading === 'list' ? option.argParser(repeated) : option;
}
