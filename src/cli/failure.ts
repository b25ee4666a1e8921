import { KeyError } from '../authority/keys.ts';
import { StoreError } from '../store/store.ts';
import { CliError, EXIT } from './exit.ts';
import { shown } from './shown.ts';

/** What the operating system reports, and what to do about it. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'make it accessible for the user that runs this, or name another path',
  EPERM: 'make it accessible for the user that runs this, or name another path',
  EROFS: 'the file system is read-only; name another path',
  ENOTDIR: 'a file is where a folder is needed; move it away, or name another --state-dir',
  EEXIST: 'something else is there already; move it away, or name another path',
  EISDIR: 'a folder is where a file is needed; move it away, or name another path',
  ENOENT: 'it is not there; check the path',
  ENOSPC: 'the disk is full; make room and try again',
  EADDRINUSE: 'another program listens there; stop it, or name another --port (0 takes a free one)',
  EADDRNOTAVAIL: 'this machine has no such address; name another --host',
  ENOTFOUND: 'no such host; check --host',
};

/** A failure as its exit code, a word for scripts and one line: what was wrong, what to do next. */
export interface Failure {
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof CliError) return failure(error.exitCode, error.code, error.message);
  if (error instanceof StoreError) return failure(EXIT.failed, error.code, error.message);
  if (error instanceof KeyError) return failure(EXIT.failed, error.code, error.message);
  const system = error as Partial<NodeJS.ErrnoException>;
  const advice = ADVICE[system.code ?? ''];
  if (error instanceof Error && advice) {
    return failure(EXIT.failed, system.code ?? '', `${error.message}; ${advice}`);
  }
  const message = `${error instanceof Error ? error.message : String(error)}; set ANTECHAMBER_DEBUG=1 to see where`;
  return failure(EXIT.failed, 'unexpected', message);
}

function failure(exitCode: number, code: string, message: string): Failure {
  return { exitCode, code, message: shown(message) };
}
