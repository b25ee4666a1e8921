import { autoApprovePolicy } from '../authority/authority.ts';
import type { SharedAuth } from '../gateway/credentials.ts';
import { isLoopback } from '../gateway/locality.ts';
import { type Gateway, startGateway } from '../gateway/server.ts';
import { CliError, EXIT } from './exit.ts';
import { removeGatewayFile, runningGateway, writeGatewayFile } from './gateway-file.ts';
import type { Io } from './io.ts';
import { openLog, type ServeLog } from './log.ts';
import { restoredText } from './open-gate.ts';
import type { CommandFor } from './refused.ts';
import { type ServeSettings, serveSettings, termsOf } from './serve-settings.ts';
import { type Flags, type Resolved, resolveSettings } from './settings.ts';
import { makeStateFolder, openState, readSecret, type State, sharedToken, sharedTokenPath } from './state.ts';
import { commandFor } from './verb.ts';
import { VERSION } from './version.ts';

/** Runs a gateway until it is interrupted. Rejects with what kept it from starting. */
export async function serve(flags: Flags, io: Io): Promise<void> {
  const resolved = resolveSettings(flags, io);
  const settings = serveSettings(resolved);
  const { stateDir } = resolved;
  makeStateFolder(stateDir);
  const logging = openLog(settings, io);
  try {
    const state = await openState({
      folder: stateDir,
      clock: io,
      terms: termsOf(resolved.values),
      autoApprove: autoApprovePolicy(settings.autoApprove),
      onAudit: (line) => logging.log.info(line),
    });
    try {
      await serveOn(state, resolved, settings, logging, io, commandFor({ ...flags, url: undefined }));
    } finally {
      await state.close();
    }
  } finally {
    logging.close();
  }
}

async function serveOn(
  state: State,
  resolved: Resolved,
  settings: ServeSettings,
  { log }: ServeLog,
  io: Io,
  command: CommandFor,
): Promise<void> {
  const secret = secretOf(resolved, settings);
  const auth: SharedAuth =
    settings.auth === 'none' || secret === null ? { mode: 'none' } : { mode: settings.auth, secret };
  warn(state, settings, io);
  // Asked for before anything listens: a signal during the start must stop it, too.
  const interrupted = io.interrupted();
  const gateway = await start(state, settings, auth, log);
  try {
    writeGatewayFile(state.folder, { pid: process.pid, url: gateway.url });
    io.out(welcome(gateway, state.folder, resolved, settings, secret, command));
    await aborted(interrupted);
    io.err('stopping; the same signal again ends it at once\n');
  } finally {
    removeGatewayFile(state.folder);
    await gateway.stop('service restart');
  }
  io.out('stopped; open requests stay open\n');
}

async function start(
  { authority }: State,
  settings: ServeSettings,
  auth: SharedAuth,
  log: ServeLog['log'],
): Promise<Gateway> {
  const { host, port, tls, local, trustedProxies, deviceless, waiting } = settings;
  try {
    return await startGateway({
      authority,
      auth,
      host,
      port,
      ...(tls && { tls }),
      locality: { local, trustedProxies },
      deviceless,
      waiting,
      log,
      version: VERSION,
    });
  } catch (cause) {
    // What the system says of a port or a file is explained where all such failures are.
    if (!tls || (cause as NodeJS.ErrnoException).syscall !== undefined) throw cause;
    throw new CliError(EXIT.failed, 'tls', `${(cause as Error).message}; check --tls-cert and --tls-key`, {
      cause,
    });
  }
}

/** Null when none is asked for. */
function secretOf({ secret, stateDir }: Resolved, { auth }: ServeSettings): string | null {
  if (auth === 'none') return null;
  if (!secret) return sharedToken(stateDir);
  return 'text' in secret ? secret.text : readSecret(secret.file);
}

function warn({ folder, restoredFromBackup }: State, { host, auth, tls }: ServeSettings, io: Io): void {
  const other = runningGateway(folder);
  const isOpen = !isLoopback(host) && host !== 'localhost';
  const warnings = [
    ...(restoredFromBackup ? [restoredText(folder)] : []),
    ...(other ? [`another gateway (process ${other.pid}, ${other.url}) already works on ${folder}`] : []),
    ...(isOpen && auth === 'none' ? [`anybody who reaches ${host} may ask to be paired (--auth none)`] : []),
    ...(isOpen && !tls
      ? [`secrets cross the network in the clear (no --tls-cert) unless a proxy adds TLS`]
      : []),
  ];
  for (const text of warnings) io.err(`warning: ${text}\n`);
}

function welcome(
  { url }: Gateway,
  folder: string,
  { secret: given }: Resolved,
  { auth, showToken }: ServeSettings,
  secret: string | null,
  command: CommandFor,
): string {
  const file = given === null ? sharedTokenPath(folder) : 'file' in given ? given.file : null;
  const held = file === null ? `the shared ${auth} that was given` : `the shared ${auth} in ${file}`;
  const lines = [
    `listening on ${url}`,
    `state: ${folder}`,
    auth === 'none'
      ? 'clients connect to that address, without a secret'
      : `clients connect to that address with ${held}`,
    ...(file !== null && auth !== 'none'
      ? [`  for example: openclaw devices list --url ${url} --${auth} "$(cat ${file})"`]
      : []),
    ...(showToken && secret !== null ? [`shared ${auth}: ${secret}`] : []),
    `what waits: ${command('devices list')}`,
    `to approve: ${command('devices approve')}`,
  ];
  return `${lines.join('\n')}\n`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
