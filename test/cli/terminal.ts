import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Profile } from '../../machines/record.ts';
import { OPENCLAW_VOCABULARY, type Role, readWish } from '../../machines/vocabulary.ts';
import { NO_ORIGIN } from '../../src/authority/audit.ts';
import type { AccessAnswer } from '../../src/authority/authority.ts';
import type { DeviceList } from '../../src/authority/listing.ts';
import type { Io } from '../../src/cli/io.ts';
import { run } from '../../src/cli/run.ts';
import { makeStateFolder, openState, sharedToken } from '../../src/cli/state.ts';
import { deviceIdOf } from '../../src/protocol/signature.ts';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly columns?: number;
  readonly isTerminal?: boolean;
  readonly now?: () => number;
  /** Aborting it is Ctrl-C. */
  readonly interrupt?: AbortSignal;
  /** Hears each piece of output as it is written. */
  readonly onOut?: (text: string) => void;
  /** Is given what SIGHUP calls. */
  readonly onHangup?: (reload: () => void) => void;
  readonly onErr?: (text: string) => void;
}

/** Runs a command line in this process, with its output caught; the home folder is one that nobody has. */
export async function cli(args: readonly string[], around: Surroundings = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const io: Io = {
    out: (text) => {
      out += text;
      around.onOut?.(text);
    },
    err: (text) => {
      err += text;
      around.onErr?.(text);
    },
    columns: around.columns ?? 100,
    isTerminal: around.isTerminal ?? false,
    env: around.env ?? {},
    home: '/nonexistent/home',
    user: 'ann',
    now: around.now ?? (() => NOW),
    program: 'antechamber',
    onHangup: around.onHangup ?? (() => {}),
    interrupted: () => around.interrupt ?? new AbortController().signal,
  };
  return { code: await run(args, io), out, err };
}

export const NOW = 1_795_418_600_000;

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'antechamber-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const LAPTOP: Profile = {
  displayName: 'laptop',
  platform: 'linux',
  clientId: 'cli',
  clientMode: 'cli',
  remoteIp: '192.0.2.7',
};

/** A key of its own for each first letter; the id is what the key says, as on the wire. */
export function someDevice(): { readonly deviceId: string; readonly publicKey: string } {
  const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const raw = Buffer.from(x as string, 'base64url');
  return { deviceId: deviceIdOf(raw), publicKey: raw.toString('base64url') };
}

/** A state folder in which a gateway has run. */
export interface Home {
  readonly folder: string;
  /** Of the shared token; must never be printed. */
  readonly secret: string;
  /** What a device's connect does in a gateway, through an opening of the folder of its own. */
  ask(device: ReturnType<typeof someDevice>, scopes: readonly string[], more?: Asking): Promise<AccessAnswer>;
  cli(args: readonly string[], around?: Surroundings): Promise<Ran>;
  list(): Promise<DeviceList>;
  /** The wire id of the newest open request. */
  newest(): Promise<string>;
}

interface Asking {
  readonly role?: Role;
  readonly profile?: Profile;
  readonly atMs?: number;
}

export async function openHome(): Promise<Home> {
  const folder = join(temporaryFolder(), 'state');
  makeStateFolder(folder);
  const first = await openState({ folder, clock: { now: () => NOW }, terms: {} });
  await first.close();
  const home: Home = {
    folder,
    secret: sharedToken(folder),
    cli: (args, around) => cli([...args, '--state-dir', folder], around),
    async ask(device, scopes, { role = 'operator', profile = LAPTOP, atMs = NOW } = {}) {
      const reading = readWish(role, scopes, OPENCLAW_VOCABULARY);
      if (!reading.ok) throw new Error(reading.problem);
      const state = await openState({ folder, clock: { now: () => atMs }, terms: {} });
      try {
        return await state.authority.access({
          ...device,
          role,
          wish: reading.wish,
          deviceToken: null,
          profile,
          local: false,
          probe: false,
          commandLine: false,
          origin: { ...NO_ORIGIN, address: '192.0.2.7', client: 'cli/cli' },
        });
      } finally {
        await state.close();
      }
    },
    async list() {
      return JSON.parse((await home.cli(['devices', 'list', '--json'])).out);
    },
    async newest() {
      const [row] = (await home.list()).pending;
      if (!row) throw new Error('nothing waits');
      return row.requestId;
    },
  };
  return home;
}

/** Runs the real program as a process of its own. */
export function spawnCli(args: readonly string[]): {
  readonly ended: Promise<Ran>;
  /** Resolves with the first match in its output; rejects when the process ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void;
} {
  const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;
  const { ANTECHAMBER_DEBUG: _, ...env } = process.env;
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  let stir = Promise.withResolvers<void>();
  const woken = (): void => {
    stir.resolve();
    stir = Promise.withResolvers();
  };
  child.stdout.on('data', (data) => {
    out += data;
    woken();
  });
  child.stderr.on('data', (data) => {
    err += data;
    woken();
  });
  let over = false;
  const ended = new Promise<Ran>((resolve) => {
    child.on('close', (code) => {
      over = true;
      woken();
      resolve({ code, out, err });
    });
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    ended,
    async until(pattern) {
      for (;;) {
        const found = pattern.exec(out) ?? pattern.exec(err);
        if (found) return found;
        if (over) throw new Error(`ended without ${pattern}: ${out}${err}`);
        await stir.promise;
      }
    },
    kill: (signal) => void child.kill(signal),
  };
}
