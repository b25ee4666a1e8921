/** Programs of others as processes: each sees its own folder and this machine's loopback, nothing of the caller's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Installed } from './install.ts';

export interface Ran {
  /** Null when it was ended by a signal. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

/** More than any command needs on a slow machine. */
const PATIENCE_MS = 240_000;

/** What a published program would start, fetch or announce by itself is off. */
const QUIET = {
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  TERM: 'dumb',
  NO_COLOR: '1',
  CI: '1',
  COLUMNS: '200',
  DO_NOT_TRACK: '1',
  OPENCLAW_TELEMETRY_DISABLED: '1',
  OPENCLAW_NO_RESPAWN: '1',
  OPENCLAW_NO_AUTO_UPDATE: '1',
  OPENCLAW_HIDE_BANNER: '1',
  OPENCLAW_DISABLE_BONJOUR: '1',
  OPENCLAW_DISABLE_BUNDLED_PLUGINS: '1',
  ...Object.fromEntries(
    [
      'CHANNELS',
      'PROVIDERS',
      'CRON',
      'GMAIL_WATCHER',
      'BROWSER_CONTROL_SERVER',
      'CANVAS_HOST',
      'STARTUP_MODEL_PREWARM',
    ].map((part) => [`OPENCLAW_SKIP_${part}`, '1']),
  ),
};

/** `gateway probe` of 2026.9.6 opens a tunnel to the gateway's host, `status` asks npm for updates: here both fail. */
function foldersOfCommands(root: string): string {
  const folder = join(root, 'bin');
  mkdirSync(folder, { recursive: true });
  for (const name of ['ssh', 'npm', 'pnpm']) {
    writeFileSync(join(folder, name), '#!/bin/sh\nexit 255\n');
    chmodSync(join(folder, name), 0o755);
  }
  return `${folder}:/usr/bin:/bin`;
}

/** The surroundings of a program whose home is `root`. `compiled` is a folder that all share, for a faster start. */
export function surroundings(root: string, compiled: string): Readonly<Record<string, string>> {
  for (const folder of ['home', 'state', 'tmp'])
    mkdirSync(join(root, folder), { recursive: true, mode: 0o700 });
  return {
    ...QUIET,
    PATH: foldersOfCommands(root),
    HOME: join(root, 'home'),
    TMPDIR: join(root, 'tmp'),
    NODE_COMPILE_CACHE: compiled,
    OPENCLAW_HOME: join(root, 'home'),
    OPENCLAW_STATE_DIR: join(root, 'state'),
    OPENCLAW_CONFIG_PATH: join(root, 'openclaw.json'),
  };
}

export interface Start {
  readonly program: Installed;
  readonly args: readonly string[];
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Programs that run; when this one ends, whatever ended it, they do. */
const groups = new Set<number>();
process.once('exit', () => {
  for (const group of groups) signalGroup(group, 'SIGKILL');
});

// Without a handler a signal ends this process and no `exit` is told.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

/** To a program and all that it has started: some start themselves again. */
function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody of it is left.
  }
}

/** A process and all that it said so far. */
export class Running {
  out = '';
  err = '';
  readonly child: ChildProcess;
  readonly #group: number;
  readonly #startedMs = performance.now();
  readonly #ended: Promise<unknown>;

  constructor({ program, args, root, env }: Start) {
    const child = spawn(program.node, [program.main, ...args], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.child = child;
    this.#group = child.pid as number;
    groups.add(this.#group);
    child.stdout.on('data', (text) => {
      this.out += text;
    });
    child.stderr.on('data', (text) => {
      this.err += text;
    });
    this.#ended = once(child, 'close').then(() => groups.delete(this.#group));
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Ends it with SIGTERM when it takes too long. */
  async ended(patienceMs: number = PATIENCE_MS): Promise<Ran> {
    const late = setTimeout(() => signalGroup(this.#group, 'SIGTERM'), patienceMs);
    await this.#ended;
    clearTimeout(late);
    return {
      code: this.child.exitCode,
      out: this.out,
      err: this.err,
      ms: performance.now() - this.#startedMs,
    };
  }

  async stop(): Promise<Ran> {
    signalGroup(this.#group, 'SIGTERM');
    const hard = setTimeout(() => signalGroup(this.#group, 'SIGKILL'), 10_000);
    const ran = await this.ended();
    clearTimeout(hard);
    return ran;
  }
}
