/** The folder of a published command line: its settings, its device, and what it leaves behind. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Release } from './releases.ts';

export interface Manner {
  /** `local`: as on the gateway's host. `remote`: as on another computer, which a forwarding header says. */
  readonly place: 'local' | 'remote';
  /** Whether it has the shared secret, or only what its device was given. */
  readonly credential: 'secret' | 'device';
}

/** Writes the settings of a person who uses the gateway at `port`. */
export function writeSettings(
  root: string,
  { protocol }: Release,
  { place, credential }: Manner,
  { port, secret }: { readonly port: number; readonly secret: string },
): void {
  const token = credential === 'secret' ? { token: secret } : {};
  const local = { mode: 'local', port, bind: 'loopback', auth: { mode: 'token', ...token } };
  const remote = {
    mode: 'remote',
    remote: { url: `ws://127.0.0.1:${port}`, ...token },
    // With a token alone 2026.9.6 keeps its device to itself on loopback, which is where this gateway must be.
    ...(protocol === 4 && { auth: { mode: 'password' } }),
  };
  const settings = {
    gateway: place === 'local' ? local : remote,
    update: { checkOnStart: false },
    discovery: { mdns: { mode: 'off' } },
    plugins: { enabled: false },
    browser: { enabled: false },
    logging: { file: join(root, 'tmp', 'log.jsonl') },
  };
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'openclaw.json'), `${JSON.stringify(settings)}\n`);
}

/** The id of the device that this folder holds; undefined before a command has made one. */
export function deviceOfHome(root: string): string | undefined {
  const file = join(root, 'state', 'identity', 'device.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).deviceId;
  const database = join(root, 'state', 'state', 'openclaw.sqlite');
  if (!existsSync(database)) return undefined;
  const opened = new DatabaseSync(database, { readOnly: true });
  try {
    const row = opened.prepare('SELECT device_id AS id FROM device_identities LIMIT 1').get();
    return row?.id as string | undefined;
  } catch {
    // Its tables are made when they are needed.
    return undefined;
  } finally {
    opened.close();
  }
}
