#!/usr/bin/env node
import { homedir, userInfo } from 'node:os';
import { relative } from 'node:path';
import type { Io } from './io.ts';
import { run } from './run.ts';

/** The process as the verbs see it. */
const io: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  columns: process.stdout.columns ?? (Number(process.env.COLUMNS) || 120),
  isTerminal: process.stdout.isTTY === true,
  env: process.env,
  home: homedir(),
  user: userName(),
  now: () => Date.now(),
  interrupted,
  onHangup: (reload) => void process.on('SIGHUP', reload),
  program: programName(),
};

/** In a checkout nothing is called `antechamber`: there the file is run, by the Node.js of the checkout. */
function programName(): string {
  const script = process.argv[1] ?? '';
  if (!/\.[jt]s$/.test(script)) return 'antechamber';
  const node = relative(process.cwd(), process.execPath);
  return `${node.startsWith('..') ? 'node' : node} ${relative(process.cwd(), script)}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** The first signal asks, the second ends the process at once. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(128 + number);
      controller.abort();
    });
  }
  return controller.signal;
}

// A reader such as `head` that has seen enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await run(process.argv.slice(2), io);
