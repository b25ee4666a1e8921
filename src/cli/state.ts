import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Terms } from '../../machines/record.ts';
import type { Authority, AutoApprove } from '../authority/authority.ts';
import type { Clock, TakenStep } from '../authority/committer.ts';
import type { FailureLog } from '../authority/embedder.ts';
import { writeSecretFile } from '../authority/keys.ts';
import { DATABASE_FILE, openAuthority } from '../authority/open.ts';
import type { Store } from '../store/store.ts';
import { CliError, EXIT } from './exit.ts';

const TOKEN_FILE = 'shared-token';
const NOTICE_SECRET_FILE = 'notice-secret';

export interface StateOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly terms: Partial<Terms>;
  readonly autoApprove?: AutoApprove;
  readonly onAudit?: (line: string) => void;
  readonly onStep?: (step: TakenStep) => void;
  readonly log?: FailureLog;
  readonly wrap?: (store: Store) => Store;
}

/** An open state folder. Several processes may have the same one open. */
export interface State {
  readonly folder: string;
  readonly store: Store;
  readonly authority: Authority;
  /** The database came out of a backup (see OpenAuthority). */
  readonly restoredFromBackup: boolean;
  close(): Promise<void>;
}

/** Makes the folder if it is missing, for its owner only. Throws what the operating system says. */
export function makeStateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!statSync(folder).isDirectory()) {
    throw new CliError(EXIT.failed, 'ENOTDIR', `${folder} is not a folder; name another --state-dir`);
  }
}

/** Refuses a folder in which no gateway ever ran: a verb that only looks must not make one. */
export function requireState(folder: string, { program }: { readonly program: string }): void {
  const stats = statSync(join(folder, DATABASE_FILE), { throwIfNoEntry: false });
  if (stats) return;
  const message =
    `no devices here: ${folder} holds no ${DATABASE_FILE}; start the gateway with "${program} serve", ` +
    'or name its folder with --state-dir, or its address with --url';
  throw new CliError(EXIT.nothing, 'no-state', message);
}

/** Opens the store and its keys. Rejects with a StoreError, a KeyError or an error of the operating system. */
export async function openState(options: StateOptions): Promise<State> {
  const opened = await openAuthority(options);
  return { ...opened, folder: options.folder, store: opened.authority.store };
}

export function sharedTokenPath(folder: string): string {
  return join(folder, TOKEN_FILE);
}

export function noticeSecretPath(folder: string): string {
  return join(folder, NOTICE_SECRET_FILE);
}

/** The shared token of the folder, made at the first start: 32 random bytes in base64url. */
export function sharedToken(folder: string): string {
  return madeSecret(sharedTokenPath(folder), () => randomBytes(32).toString('base64url'));
}

/** The secret in a file of the state folder, which is made when it is missing. */
export function madeSecret(path: string, make: () => string): string {
  if (!statSync(path, { throwIfNoEntry: false })) makeSecret(path, make());
  return readSecret(path);
}

/** A secret from a file, without the newline that editors add. Throws a CliError, or what the system says. */
export function readSecret(path: string): string {
  const secret = readFileSync(path, 'utf8').trim();
  if (secret !== '') return secret;
  throw new CliError(
    EXIT.failed,
    'empty-secret',
    `${path} is empty; put the shared secret into it, or remove it`,
  );
}

// Linking fails when another start was faster: then both go on with the one secret that is in the file.
function makeSecret(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`;
  writeSecretFile(draft, `${text}\n`);
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
