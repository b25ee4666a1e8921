/** Processes of their own for a benchmark: what is measured shares neither heap nor event loop with what measures. */
import { type ChildProcess, fork } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Command = { readonly id: number; readonly name: string; readonly args: unknown };
type Reply = { readonly id: number; readonly value?: unknown; readonly error?: string };

export interface Child {
  /** Runs one command in the process and gives its answer. */
  call<T>(name: string, args?: unknown): Promise<T>;
  stop(): Promise<void>;
}

/** Starts `file` of this folder as a process that answers with `answerCommands`. */
export function startChild(file: string): Child {
  const child = fork(new URL(file, import.meta.url), [], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let next = 1;
  child.on('message', ({ id, value, error }: Reply) => {
    const answer = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) answer?.resolve(value);
    else answer?.reject(new Error(`${file}: ${error}`));
  });
  child.on('exit', (code) => {
    for (const answer of waiting.values()) answer.reject(new Error(`${file} ended with ${code}`));
  });
  return {
    call: <T>(name: string, args: unknown = {}) => {
      const answer = Promise.withResolvers<unknown>();
      const command: Command = { id: next++, name, args };
      waiting.set(command.id, answer);
      child.send(command);
      return answer.promise as Promise<T>;
    },
    stop: () => ended(child),
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.disconnect();
  return gone;
}

/** In the child: answers commands until the parent hangs up, then runs `finish` and ends. */
export function answerCommands<A>(
  commands: Readonly<Record<string, (args: A) => unknown>>,
  finish: () => unknown = () => {},
): void {
  process.on('message', ({ id, name, args }: Command) => {
    Promise.resolve()
      .then(() => {
        const command = commands[name];
        if (!command) throw new Error(`no command ${name}`);
        return command(args as A);
      })
      .then(
        (value) => reply({ id, value }),
        (error: unknown) => reply({ id, error: error instanceof Error ? `${error.stack}` : String(error) }),
      );
  });
  process.on('disconnect', () => {
    const done = Promise.resolve().then(finish);
    done.then(
      () => process.exit(),
      () => process.exit(1),
    );
  });
}

function reply(message: Reply): void {
  process.send?.(message);
}

/** CPU time of this process so far, all its threads, in microseconds. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** As `--expose-gc` gives it; asked for here, so that a benchmark starts like any other program. */
function collector(): NodeJS.GCFunction {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}

/** Resident memory of this process after all garbage and the pages that held it are gone. */
export async function residentBytes(): Promise<number> {
  const collect = collector();
  for (let turn = 0; turn < 6; turn++) {
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  return process.memoryUsage.rss();
}
