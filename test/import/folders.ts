/** State folders of OpenClaw gateways for one test: the recorded ones, and ones written as a test needs them. */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { TestDevice } from '../protocol/device.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** Shortly after the recordings: what waits in them waits still. */
export const RECORDED_MS = 1_795_446_302_000;

export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'antechamber-source-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** As 2026.2.19 left it. */
export function recordedFiles(folder = emptyFolder()): string {
  mkdirSync(join(folder, 'devices'));
  for (const file of ['paired.json', 'pending.json']) {
    copyFileSync(join(HERE, 'openclaw-2026.2', file), join(folder, 'devices', file));
  }
  return folder;
}

/** As 2026.9.6 left it; `more` is SQL that changes it. */
export function recordedDatabase(more = '', folder = emptyFolder()): string {
  mkdirSync(join(folder, 'state'));
  const db = new DatabaseSync(databaseIn(folder));
  db.exec(readFileSync(join(HERE, 'openclaw-2026.9.sql'), 'utf8'));
  db.exec(more);
  db.close();
  return folder;
}

export function databaseIn(folder: string): string {
  return join(folder, 'state', 'openclaw.sqlite');
}

/** 2026.2 files with these records, as objects by id or as lists. */
export function writtenFiles(paired: unknown, pending: unknown = {}, folder = emptyFolder()): string {
  mkdirSync(join(folder, 'devices'), { recursive: true });
  writeFileSync(join(folder, 'devices', 'paired.json'), JSON.stringify(paired));
  writeFileSync(join(folder, 'devices', 'pending.json'), JSON.stringify(pending));
  return folder;
}

/** A record of a device as 2026.2 keeps it, of an operator with one token; `more` is what is different. */
export function pairedRecord(
  device: Pick<TestDevice, 'id' | 'publicKey'>,
  scopes: readonly string[],
  token: string,
  more: Readonly<Record<string, unknown>> = {},
) {
  return {
    deviceId: device.id,
    publicKey: device.publicKey,
    role: 'operator',
    roles: ['operator'],
    scopes,
    tokens: { operator: { token, role: 'operator', scopes, createdAtMs: 1 } },
    createdAtMs: 1_700_000_000_000,
    approvedAtMs: 1_700_000_000_000,
    ...more,
  };
}

/** What every file of a folder holds, and when it was changed. */
export function fingerprintOf(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    files.map((name) => {
      const path = join(folder, name);
      const stats = statSync(path);
      const hash = stats.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'folder';
      return [name, `${hash} ${stats.mtimeMs}`];
    }),
  );
}
