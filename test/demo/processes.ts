import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Told } from './program.ts';

const PROGRAM = fileURLToPath(new URL('program.ts', import.meta.url));
const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
export const EMULATION = fileURLToPath(new URL('emulated-2026.2.19.ts', import.meta.url));

/** Longer than anything in the demo takes on a slow machine; it only ends a story that has failed anyway. */
const PATIENCE_MS = 20_000;

/** A process of its own and every line that it wrote to stdout. What it wrote to stderr is told when it fails. */
export class Process {
  readonly lines: string[] = [];
  readonly #name: string;
  readonly #child: ChildProcess;
  #complaints = '';
  readonly #ended: Promise<unknown>;
  #wake = Promise.withResolvers<void>();

  constructor(
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    onLine: (line: string) => void = () => {},
  ) {
    this.#name = name;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    this.#ended = once(child, 'close').then(() => this.#stir());
    child.stderr.on('data', (text) => {
      this.#complaints += text;
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line);
      onLine(line);
      this.#stir();
    });
  }

  /** Waits until `find` gives something; rejects when the process ends, or takes too long, without it. */
  async until<T>(find: (lines: readonly string[]) => T | undefined): Promise<T> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    late.addEventListener('abort', () => this.#stir());
    for (;;) {
      const found = find(this.lines);
      if (found !== undefined) return found;
      const problem = late.aborted
        ? 'took too long'
        : this.#child.exitCode === null
          ? null
          : 'ended too early';
      if (problem) throw this.#failed(problem);
      await this.#wake.promise;
    }
  }

  /** The address in its line `listening on ...`. */
  url(): Promise<string> {
    return this.until((lines) => /listening on (\S+)/.exec(lines.join('\n'))?.[1]);
  }

  /** Its exit code; rejects when it was ended by a signal. */
  async exitCode(): Promise<number> {
    await this.#ended;
    if (this.#child.exitCode === null) throw this.#failed(`was ended by ${this.#child.signalCode}`);
    return this.#child.exitCode;
  }

  /** All that it said, once it has ended with 0; rejects when it ends with anything else. */
  async output(): Promise<string> {
    const code = await this.exitCode();
    if (code !== 0) throw this.#failed(`ended with ${code}`);
    return this.lines.join('\n');
  }

  #failed(problem: string): Error {
    const said = [...this.lines.slice(-3), this.#complaints].join('\n');
    return new Error(`${this.#name} ${problem}; it said last:\n${said}`);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  #stir(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}

/** The command line as it is after an installation: called by its name, with one state folder for all commands. */
export class Installed {
  /** Where `antechamber serve` and the owner's commands find their devices. */
  readonly state: string;
  readonly #command: string;

  constructor(folder: string) {
    this.state = join(folder, 'state');
    this.#command = join(folder, 'antechamber');
    symlinkSync(CLI, this.#command);
  }

  /** `antechamber <words>`. */
  start(...words: readonly string[]): Process {
    const env = { ANTECHAMBER_STATE_DIR: this.state, COLUMNS: '100' };
    return new Process(`antechamber ${words.join(' ')}`, [this.#command, ...words], env);
  }

  /** Runs `antechamber <words>` to its end; rejects unless it succeeds. */
  run(...words: readonly string[]): Promise<string> {
    return this.start(...words).output();
  }
}

export type Hello = Extract<Told, { what: 'hello' }>;

export interface ProgramOptions {
  readonly url: string;
  readonly keyFile: string;
  readonly scopes: readonly string[];
  readonly token: string;
  readonly onTold: (told: Told) => void;
}

/** The program that needs rights, and what its sockets were told. */
export class Program extends Process {
  constructor({ url, keyFile, scopes, token, onTold }: ProgramOptions) {
    super('the program', [PROGRAM, url, keyFile, scopes.join(',')], { DEMO_TOKEN: token }, (line) =>
      onTold(JSON.parse(line)),
    );
  }

  get told(): readonly Told[] {
    return this.lines.map((line) => JSON.parse(line) as Told);
  }

  count(what: Told['what']): number {
    return this.told.filter((told) => told.what === what).length;
  }

  get toldToWait(): number {
    return this.told.filter((told) => told.what === 'closed' && told.next === 'wait_then_retry').length;
  }

  /** Waits for the first thing told that `wanted` accepts. */
  next<T extends Told>(wanted: (told: Told) => told is T): Promise<T> {
    return this.until(() => this.told.find(wanted));
  }

  hello(): Promise<Hello> {
    return this.next((told) => told.what === 'hello');
  }
}
