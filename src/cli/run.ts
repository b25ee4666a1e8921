import { CommanderError } from 'commander';
import { EXIT } from './exit.ts';
import { failureOf } from './failure.ts';
import type { Io } from './io.ts';
import { buildProgram } from './program.ts';
import type { Shell } from './verb.ts';

/** Runs one command line, without the program's own name, and answers its exit code. Never throws. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const shell: Shell = { io, exitCode: EXIT.ok };
  try {
    await buildProgram(shell).parseAsync([...args], { from: 'user' });
    return shell.exitCode;
  } catch (error) {
    // Commander has printed its own message, or the help or version that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return report(error, args.includes('--json'), io);
  }
}

function report(error: unknown, json: boolean, io: Io): number {
  const { exitCode, code, message } = failureOf(error);
  if (io.env.ANTECHAMBER_DEBUG === '1' && error instanceof Error) io.err(`${error.stack}\n`);
  io.err(json ? `${JSON.stringify({ ok: false, error: { code, message } })}\n` : `antechamber: ${message}\n`);
  return exitCode;
}
