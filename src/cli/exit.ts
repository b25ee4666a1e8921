/** Exit codes, the same for every verb; `--help` lists them. */
export const EXIT = {
  ok: 0,
  /** Refused, or it failed. */
  failed: 1,
  /** The command line or a setting is wrong; nothing was tried. */
  usage: 2,
  /** What was named is not there. */
  nothing: 3,
  /** The gateway does not answer. */
  unreachable: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a verb: what is wrong, then what to do, for the person at the terminal. Holds no secret. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** A short word for scripts, such as `already-rejected`. */
  readonly code: string;
  constructor(exitCode: ExitCode, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.code = code;
  }
}

export function usage(message: string): CliError {
  return new CliError(EXIT.usage, 'usage', message);
}
