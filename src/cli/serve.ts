import { autoApprovePolicy } from '../authority/authority.ts';
import { isConsoleBuilt } from '../gateway/console-files.ts';
import type { SharedAuth } from '../gateway/credentials.ts';
import { type Gateway, startGateway } from '../gateway/server.ts';
import { CliError, EXIT } from './exit.ts';
import { removeGatewayFile, runningGateway, writeGatewayFile } from './gateway-file.ts';
import type { Io } from './io.ts';
import { openLog, type ServeLog } from './log.ts';
import { restoredText } from './open-gate.ts';
import type { CommandFor } from './refused.ts';
import { makeReload } from './reload.ts';
import { openInspection, type ServeInspection } from './serve-inspect.ts';
import { openMetrics, type ServeMetrics } from './serve-metrics.ts';
import { openNotices } from './serve-notices.ts';
import { type ServeSettings, serveSettings, termsOf } from './serve-settings.ts';
import { type Flags, type Resolved, resolveSettings } from './settings.ts';
import { makeStateFolder, openState, readSecret, type State, sharedToken } from './state.ts';
import { commandFor } from './verb.ts';
import { VERSION } from './version.ts';
import { type ConsoleState, warnings, welcome } from './welcome.ts';

interface Serving {
  readonly resolved: Resolved;
  readonly settings: ServeSettings;
  readonly logging: ServeLog;
  readonly io: Io;
  readonly command: CommandFor;
  readonly metrics: ServeMetrics | null;
  readonly inspection: ServeInspection | null;
}

/** Runs a gateway until it is interrupted. Rejects with what kept it from starting. */
export async function serve(flags: Flags, io: Io): Promise<void> {
  const resolved = resolveSettings(flags, io);
  const settings = serveSettings(resolved);
  makeStateFolder(resolved.stateDir);
  const logging = openLog(settings, io);
  const command = commandFor(flags, io);
  const metrics = settings.metrics && (await openMetrics(settings.metrics, VERSION));
  const isShown = io.isTerminal || settings.showToken;
  const inspection =
    settings.inspect && (await openInspection(settings.inspect, { folder: resolved.stateDir, isShown }));
  try {
    const state = await openState({
      folder: resolved.stateDir,
      clock: io,
      terms: termsOf(resolved.values),
      autoApprove: autoApprovePolicy(settings.autoApprove),
      onAudit: (line) => logging.log.info(line),
      log: logging.log,
      ...(metrics && { wrap: metrics.wrap }),
      ...(inspection && { onStep: inspection.inspector.stepped }),
    });
    try {
      await serveOn(state, { resolved, settings, logging, io, command, metrics, inspection });
    } finally {
      await state.close();
    }
  } finally {
    logging.close();
  }
}

async function serveOn(state: State, serving: Serving): Promise<void> {
  const { resolved, settings, logging, io, command, metrics, inspection } = serving;
  const auth = readAuth(resolved, settings);
  const told = warnings(settings, state.folder, runningGateway(state.folder));
  const restored = state.restoredFromBackup ? [restoredText(state.folder, command)] : [];
  for (const text of [...restored, ...told]) io.err(`warning: ${text}\n`);
  // Asked for before anything listens: a signal during the start must stop it, too.
  const interrupted = io.interrupted();
  await metrics?.begin(state.authority);
  const notices = settings.notices && openNotices(state, settings.notices, serving);
  const gateway = await start(state, serving, auth);
  try {
    writeGatewayFile(state.folder, { pid: process.pid, url: gateway.url });
    io.onHangup(makeReload({ gateway, logging, readAuth: () => readAuth(resolved, settings) }, auth));
    if (metrics) io.out(`metrics on ${await metrics.serve(gateway)}\n`);
    for (const line of (await inspection?.serve()) ?? []) io.out(`${line}\n`);
    await notices?.start();
    const secret = auth.mode === 'none' ? null : auth.secret;
    io.out(
      `${welcome(gateway.url, resolved, { ...settings, console: consoleOf(settings) }, secret, command).join('\n')}\n`,
    );
    await aborted(interrupted);
    io.err('stopping; the same signal again ends it at once\n');
  } finally {
    removeGatewayFile(state.folder);
    await notices?.stop();
    await metrics?.stop();
    await gateway.stop('service restart');
    // Last, so that whoever looks sees how each connection is ended.
    await inspection?.stop();
  }
  io.out('stopped; open requests stay open\n');
}

async function start(
  { authority }: State,
  { settings, logging, metrics, inspection }: Serving,
  auth: SharedAuth,
): Promise<Gateway> {
  const { host, port, tls, local, trustedProxies, allowedOrigins, deviceless, waiting, retention } = settings;
  try {
    return await startGateway({
      authority,
      auth,
      host,
      port,
      ...(tls && { tls }),
      locality: { local, trustedProxies, ...(allowedOrigins && { allowedOrigins }) },
      deviceless,
      waiting,
      ...(retention && { retention }),
      log: logging.log,
      ...(settings.console && isConsoleBuilt() && { console: {} }),
      ...metrics?.hooks,
      ...(inspection && { inspect: inspection.inspector }),
      version: VERSION,
    });
  } catch (cause) {
    // What the system says of a port or a file is explained where all such failures are.
    if (!tls || (cause as NodeJS.ErrnoException).syscall !== undefined) throw cause;
    const message = `${(cause as Error).message}; check --tls-cert and --tls-key`;
    throw new CliError(EXIT.failed, 'tls', message, { cause });
  }
}

function consoleOf({ console: isWanted }: ServeSettings): ConsoleState {
  if (!isWanted) return 'off';
  return isConsoleBuilt() ? 'served' : 'not-built';
}

/** The shared secret as it is now. Throws what the system says of its file. */
function readAuth({ secret, stateDir }: Resolved, { auth: mode }: ServeSettings): SharedAuth {
  if (mode === 'none') return { mode };
  if (!secret) return { mode, secret: sharedToken(stateDir) };
  return { mode, secret: 'text' in secret ? secret.text : readSecret(secret.file) };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
