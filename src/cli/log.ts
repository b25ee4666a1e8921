import { pino } from 'pino';
import { timestamp } from './history-line.ts';
import type { Io } from './io.ts';
import type { ServeSettings } from './serve-settings.ts';
import { shown } from './shown.ts';

/** The fields that a line may carry besides its message: whatever else is logged is dropped, so that a secret in some
 * object of a later version stays out by itself. */
const FIELDS = ['conn', 'method', 'device', 'role', 'err'];

function allowedOnly(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => FIELDS.includes(name)));
}

function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  return { name, message, stack, ...('code' in error && { code: error.code }) };
}

/** The log of a running gateway; the gateway itself only needs three of its methods. */
export interface ServeLog {
  readonly log: pino.Logger;
  /** Goes on in a new file of the same name, after the old one was moved away. */
  reopen(): void;
  /** Writes out what is left. */
  close(): void;
}

/** JSON lines in the file, or readable lines on stdout. Throws what the system says when the file cannot be opened. */
export function openLog({ logFile, logLevel }: ServeSettings, io: Io): ServeLog {
  const options = {
    level: logLevel,
    base: null,
    timestamp: () => `,"time":${io.now()}`,
    formatters: { log: allowedOnly, level: (label: string) => ({ level: label }) },
    serializers: { err: plainError },
  };
  if (logFile === null)
    return {
      log: pino(options, { write: (line) => io.out(readable(line)) }),
      reopen: () => {},
      close: () => {},
    };
  const file = pino.destination({ dest: logFile, sync: true, mode: 0o600 });
  // A disk that fills up must not end the gateway.
  file.on('error', (error: Error) => io.err(`antechamber: cannot write the log: ${shown(error.message)}\n`));
  return { log: pino(options, file), reopen: () => file.reopen(), close: () => file.end() };
}

function readable(line: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(line) as {
    readonly time: number;
    readonly level: string;
    readonly msg?: string;
    readonly err?: { readonly message?: string };
  };
  const reason = err?.message === undefined ? '' : `: ${shown(err.message)}`;
  const more = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : '';
  return `${timestamp(time)} ${level} ${shown(msg ?? '')}${reason}${more}\n`;
}
