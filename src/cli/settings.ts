import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { usage } from './exit.ts';
import type { Io } from './io.ts';
import {
  isAllowed,
  readText,
  SETTING_NAMES,
  SETTINGS,
  type Setting,
  type SettingName,
  type Values,
} from './settings-table.ts';

/** Flags as the command line gives them: text, a list of texts, or true for a switch. */
export type Flags = Readonly<Record<string, string | readonly string[] | boolean | undefined>>;

/** Every setting that some source has, flags before environment before config file, and where the secret comes from. */
export interface Resolved {
  readonly values: Values;
  /** Absolute. */
  readonly stateDir: string;
  /** The secret itself or its file, whichever the strongest source names. */
  readonly secret: { readonly text: string } | { readonly file: string } | null;
  /** The config file that was read; null if there is none. */
  readonly config: string | null;
}

const PREFIX = 'ANTECHAMBER_';
/** Variables with our prefix that are no settings. */
const OTHER_VARIABLES = [`${PREFIX}DEBUG`, `${PREFIX}CONFIG`];

/** Reads all sources. Throws a CliError (usage) that names what is wrong and what is allowed. */
export function resolveSettings(flags: Flags, io: Pick<Io, 'env' | 'home'>): Resolved {
  const fromFlags = valuesOfFlags(flags);
  const fromEnv = valuesOfEnvironment(io.env);
  const stateDir = resolve(fromFlags['state-dir'] ?? fromEnv['state-dir'] ?? defaultStateDir(io));
  const named = (flags.config as string | undefined) ?? io.env[`${PREFIX}CONFIG`];
  const config = readConfig(named ?? join(stateDir, 'config.json'), named !== undefined);
  const fromFile = config?.values ?? {};
  const values: Values = { ...fromFile, ...fromEnv, ...fromFlags };
  return {
    values,
    stateDir: resolve(values['state-dir'] ?? stateDir),
    secret: secretOf([
      [fromFlags, 'the command line'],
      [fromEnv, 'the environment'],
      [fromFile, 'the config file'],
    ]),
    config: config?.path ?? null,
  };
}

export function defaultStateDir({ env, home }: Pick<Io, 'env' | 'home'>): string {
  const base = env.XDG_STATE_HOME || join(home, '.local', 'state');
  return join(base, 'antechamber');
}

function valuesOfFlags(flags: Flags): Values {
  const values: Record<string, unknown> = {};
  for (const name of SETTING_NAMES) {
    const given = givenFlag(flags, name);
    if (given === undefined) continue;
    const { bare }: Setting = SETTINGS[name];
    const value = typeof given === 'boolean' ? (bare ?? given) : readText(name, [given].flat());
    values[name] = allowed(name, value, `--${name}`);
  }
  return values;
}

/** The parser takes `--no-x` for `x: false`, and says `x: true` where nothing was said. */
function givenFlag(flags: Flags, name: SettingName): Flags[string] {
  if (name.startsWith('no-')) return flags[name.slice(3)] === false ? true : undefined;
  return flags[name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())];
}

function valuesOfEnvironment(env: Io['env']): Values {
  const values: Record<string, unknown> = {};
  for (const [variable, given] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || OTHER_VARIABLES.includes(variable) || !given) continue;
    const name = SETTING_NAMES.find((one) => variableOf(one) === variable);
    if (!name) {
      const names = SETTING_NAMES.map(variableOf).concat(OTHER_VARIABLES);
      throw usage(`${variable} is not a setting; allowed: ${names.join(', ')}`);
    }
    const texts = SETTINGS[name].reading === 'list' ? given.split(',').map((part) => part.trim()) : [given];
    values[name] = allowed(name, readText(name, texts), variable);
  }
  return values;
}

export function variableOf(name: SettingName): string {
  return PREFIX + name.toUpperCase().replaceAll('-', '_');
}

function readConfig(path: string, isNamed: boolean): { path: string; values: Values } | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const isMissing = ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
    if (isMissing && !isNamed) return undefined;
    throw usage(`cannot read the config file ${path}: ${(cause as Error).message}`);
  }
  return { path, values: valuesOfFile(path, text) };
}

function valuesOfFile(path: string, text: string): Values {
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(parseObject(path, text))) {
    const name = SETTING_NAMES.find((one) => one === key);
    if (!name) throw usage(`${path}: "${key}" is not a setting; allowed: ${SETTING_NAMES.join(', ')}`);
    values[name] = allowed(name, value, `${path}: "${key}"`);
  }
  return values;
}

function parseObject(path: string, text: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, and a secret may be in it.
    throw usage(`${path} is not JSON`);
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  throw usage(`${path} must hold one JSON object with settings`);
}

function allowed(name: SettingName, value: unknown, where: string): unknown {
  if (isAllowed(name, value)) return value;
  const setting: Setting = SETTINGS[name];
  const isList = setting.reading === 'list' ? 'each ' : '';
  // Never the value of a secret, not even a wrong one; the address of a webhook is one often.
  const shown = name === 'token' || name === 'notice-url' ? 'this value' : JSON.stringify(value);
  throw usage(`${where}: ${shown} is not allowed; allowed: ${isList}${setting.allowed}`);
}

function secretOf(sources: readonly (readonly [Values, string])[]): Resolved['secret'] {
  for (const [values, where] of sources) {
    const { token, 'token-file': file } = values;
    if (token !== undefined && file !== undefined) {
      throw usage(`${where} gives both token and token-file; give one of them`);
    }
    if (token !== undefined) return { text: token };
    if (file !== undefined) return { file: resolve(file) };
  }
  return null;
}
