import { createSecretKey, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { Authority } from '../authority/authority.ts';
import type { Deciding } from '../authority/deciding.ts';
import { importAll, previewImport } from '../authority/importing.ts';
import { DATABASE_FILE } from '../authority/open.ts';
import { type OpenclawReading, readOpenclaw } from '../import/openclaw.ts';
import { SourceError } from '../import/source-error.ts';
import { memoryStore } from '../store/memory.ts';
import { unsettledWarning } from './confirm.ts';
import { CliError, EXIT } from './exit.ts';
import { hasEffect, type ImportReport, importLines } from './import-table.ts';
import type { Io } from './io.ts';
import { restoredText, secretFor } from './open-gate.ts';
import { termsOf } from './serve-settings.ts';
import { type Flags, type Resolved, resolveSettings } from './settings.ts';
import { shown } from './shown.ts';
import { makeStateFolder, openState, type State } from './state.ts';
import { commandFor, quoted, type Shell, withHelp, withSettings } from './verb.ts';

export function addImportOpenclaw(parent: Command, shell: Shell): void {
  const verb = parent
    .command('openclaw')
    .description(
      'take over the devices of an OpenClaw gateway (2026.2 or 2026.9); shows first what it would do',
    )
    .argument('<folder>', "that gateway's state folder, such as ~/.openclaw; nothing in it is changed")
    .option('--yes', 'do it, as one step')
    .option('--dry-run', 'only show it')
    .option('--skip-damaged', 'leave out what cannot be read, instead of importing nothing')
    .option('--json', 'print JSON')
    .action((folder: string, flags: ImportFlags) => importOpenclaw(shell, folder, flags));
  withHelp(withSettings(verb, ['state-dir', 'token', 'token-file']), [
    'import openclaw ~/.openclaw',
    'import openclaw ~/.openclaw --yes',
  ]);
}

type ImportFlags = Flags & {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly skipDamaged?: boolean;
  readonly json?: boolean;
};

async function importOpenclaw(shell: Shell, folder: string, flags: ImportFlags): Promise<void> {
  const { io } = shell;
  const settings = resolveSettings(flags, io);
  const reading = await read(resolve(folder), io);
  if (reading.damage.length > 0 && flags.skipDamaged !== true) throw damaged(reading);
  const preview = await previewOn(settings, reading, flags, io);
  const wanted = preview.lines.some(hasEffect);
  const isMeant = flags.yes === true && flags.dryRun !== true;
  const report = isMeant && wanted ? await doIt(settings, reading, flags, io) : preview;
  const skip = flags.skipDamaged === true ? ' --skip-damaged' : '';
  const again = commandFor(flags, io)(`import openclaw ${quoted(resolve(folder))}${skip} --yes`);
  const how = flags.dryRun === true ? 'dry-run' : report.done || !wanted ? 'done' : 'unconfirmed';
  if (how === 'unconfirmed') shell.exitCode = EXIT.failed;
  const text =
    flags.json === true ? JSON.stringify(report, null, 2) : importLines(report, how, again, io).join('\n');
  io.out(`${text}\n`);
}

async function read(folder: string, io: Io): Promise<OpenclawReading> {
  try {
    return await readOpenclaw(folder, io.now());
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const exitCode = error.code === 'SOURCE_MISSING' ? EXIT.nothing : EXIT.failed;
    throw new CliError(exitCode, error.code, error.message, { cause: error });
  }
}

function damaged({ damage }: OpenclawReading): CliError {
  const named = damage.map(({ record, problem }) => `${shown(record)}: ${shown(problem)}`).join('; ');
  const count = damage.length === 1 ? 'one record' : `${damage.length} records`;
  const message =
    `${count} cannot be read, and nothing was imported: ${named}; ` +
    'mend or remove what is named, or leave it out with --skip-damaged';
  return new CliError(EXIT.failed, 'damaged-source', message);
}

function reportOf({
  path,
  choice,
  list,
  leftOut,
  damage,
}: OpenclawReading): Omit<ImportReport, 'lines' | 'done'> {
  const claims = Object.fromEntries(
    [...list.requests, ...list.devices].map(({ deviceId, profile }) => [deviceId, profile]),
  );
  return { source: list.source, path, choice, leftOut, damaged: damage, claims };
}

/** On a folder in which no gateway ran yet nothing is made before it is meant. */
async function previewOn(
  settings: Resolved,
  reading: OpenclawReading,
  flags: ImportFlags,
  io: Io,
): Promise<ImportReport> {
  const preview = async (authority: Authority): Promise<ImportReport> => ({
    ...reportOf(reading),
    done: false,
    lines: await previewImport(deciding(authority, io), reading.list),
  });
  if (!existsSync(join(settings.stateDir, DATABASE_FILE))) return preview(nobodyKnown(io));
  return onState(settings, flags, io, ({ authority }) => preview(authority));
}

function doIt(
  settings: Resolved,
  reading: OpenclawReading,
  flags: ImportFlags,
  io: Io,
): Promise<ImportReport> {
  makeStateFolder(settings.stateDir);
  return onState(settings, flags, io, async ({ authority, store }) => {
    const lines = await importAll(deciding(authority, io), reading.list);
    const secret = settings.secret ? secretFor(settings, 'ws://localhost') : null;
    // What changed there meanwhile may have taken rights away.
    const warning = await unsettledWarning(settings.stateDir, secret, await store.head(), io.now);
    if (warning !== null) io.err(`warning: ${warning}\n`);
    return { ...reportOf(reading), done: true, lines };
  });
}

async function onState<T>(
  settings: Resolved,
  flags: ImportFlags,
  io: Io,
  work: (state: State) => Promise<T>,
): Promise<T> {
  const { stateDir, values } = settings;
  const state = await openState({ folder: stateDir, clock: io, terms: termsOf(values) });
  try {
    if (state.restoredFromBackup) io.err(`warning: ${restoredText(stateDir, commandFor(flags, io))}\n`);
    return await work(state);
  } finally {
    await state.close();
  }
}

function deciding(authority: Authority, { user }: Io): Deciding {
  return {
    authority,
    caller: { class: 'store-file', name: user },
    origin: { auth: 'store-file', client: 'antechamber' },
  };
}

/** Stands for a state folder that is not there yet. */
function nobodyKnown(io: Io): Authority {
  const store = memoryStore();
  const key = { id: '00000000', secret: createSecretKey(randomBytes(32)) };
  return new Authority({ store, realm: { storeId: store.id, epoch: 1, keys: [key] }, clock: io });
}
