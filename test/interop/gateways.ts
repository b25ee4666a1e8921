/** The gateways that are compared: `antechamber serve`, and the published one of a generation. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Cache } from './install.ts';
import { Running, surroundings } from './program.ts';
import type { Release } from './releases.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const START_MS = 300_000;
/** Where the recorder comes from: what it says of its client is believed. */
const PROXY = '127.0.0.1';

export interface Gateway {
  readonly port: number;
  readonly secret: string;
  readonly folder: string;
  /** All that it wrote. */
  readonly log: () => string;
  stop(): Promise<void>;
}

export interface GatewayPlan {
  readonly folder: string;
  readonly secret: string;
  readonly flags?: readonly string[];
}

async function until<T>(running: Running, name: string, find: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (const late = AbortSignal.timeout(START_MS); !late.aborted && !running.hasEnded; ) {
    const found = await find();
    if (found) return found;
    await sleep(50);
  }
  await running.stop();
  throw new Error(`${name} did not start:\n${running.out}${running.err}`);
}

export function ourCommand(folder: string): { readonly words: readonly string[]; readonly state: string } {
  return { words: ['--disable-warning=ExperimentalWarning', MAIN], state: join(folder, 'state') };
}

/** A gateway of this tree, as `antechamber serve` starts it. */
export async function startOurs({ folder, secret, flags = [] }: GatewayPlan): Promise<Gateway> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'secret');
  writeFileSync(file, secret, { mode: 0o600 });
  const { words, state } = ourCommand(folder);
  const [option = '', main = ''] = words;
  const proxied = ['--trusted-proxy', PROXY, '--local', 'auto'];
  const args = ['serve', '--port', '0', '--state-dir', state, '--token-file', file, ...proxied, ...flags];
  const running = new Running({
    program: { node: process.execPath, main: option },
    args: [main, ...args],
    root: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder, COLUMNS: '100' },
  });
  const port = await until(running, 'antechamber serve', () => {
    const found = /^listening on ws:\/\/127\.0\.0\.1:(\d+)$/m.exec(running.out);
    return Number(found?.[1] ?? 0);
  });
  return {
    port,
    secret,
    folder,
    log: () => running.out + running.err,
    stop: async () => void (await running.stop()),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
}

/** Only what takes part in device authorization runs. */
function settingsOf({ protocol }: Release, port: number, { secret, folder }: GatewayPlan): object {
  return {
    gateway: {
      mode: 'local',
      port,
      bind: 'loopback',
      auth: { mode: 'token', token: secret },
      controlUi: { enabled: false },
      tailscale: { mode: 'off' },
      reload: { mode: 'off' },
      // 2026.9.6 answers 403 to a forwarding header from anybody else; for 2026.2.19 nobody behind it is local then.
      ...(protocol === 4 && { trustedProxies: [PROXY] }),
    },
    ...(protocol === 4 && { models: { catalogRefresh: { enabled: false } } }),
    agents: { defaults: { heartbeat: { every: '0m' } } },
    update: { checkOnStart: false },
    discovery: { mdns: { mode: 'off' } },
    browser: { enabled: false },
    cron: { enabled: false },
    plugins: { enabled: false },
    logging: { file: join(folder, 'tmp', 'log.jsonl') },
  };
}

/** The published gateway, with a state folder of its own. */
export async function startTheirs(cache: Cache, release: Release, plan: GatewayPlan): Promise<Gateway> {
  const { folder, secret } = plan;
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  writeFileSync(join(folder, 'openclaw.json'), JSON.stringify(settingsOf(release, port, plan)));
  const running = new Running({
    program: cache.cli(release),
    args: ['gateway', 'run', '--port', String(port), '--bind', 'loopback'],
    root: folder,
    env: surroundings(folder, join(cache.folder, 'compiled')),
  });
  await until(running, `the gateway of ${release.version}`, () => isListening(port));
  return {
    port,
    secret,
    folder,
    log: () => running.out + running.err,
    stop: async () => void (await running.stop()),
  };
}
