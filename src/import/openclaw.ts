/** Reads the devices of an OpenClaw gateway from its state folder. Nothing of the folder is changed. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ForeignDevice, ForeignList, ForeignRequest } from '../authority/importing.ts';
import type { Damage, LeftOut } from './damage.ts';
import { foreignDevice, foreignRequests } from './foreign-device.ts';
import type { Dialect } from './foreign-scopes.ts';
import { readDatabase } from './openclaw-database.ts';
import { hasDeviceFiles, readDeviceFiles } from './openclaw-files.ts';
import type { RawEntry, RawLists } from './raw-lists.ts';
import { readPaired, readPending } from './raw-record.ts';
import { SourceError } from './source-error.ts';

export interface OpenclawReading {
  /** The file or folder that was read. */
  readonly path: string;
  /** Why that one, where the folder holds both kinds; null otherwise. */
  readonly choice: string | null;
  readonly list: ForeignList;
  readonly damage: readonly Damage[];
  readonly leftOut: readonly LeftOut[];
}

/** `folder` is what OpenClaw calls its state directory, `~/.openclaw` unless it was told otherwise. Rejects with a
 * SourceError, or with what the operating system says. */
export async function readOpenclaw(folder: string, nowMs: number): Promise<OpenclawReading> {
  const database = [join(folder, 'state', DATABASE), join(folder, DATABASE)].find((path) => existsSync(path));
  const files = [join(folder, 'devices'), folder].find(hasDeviceFiles);
  if (database === undefined && files === undefined) throw nothingThere(folder);
  if (database === undefined)
    return judged(files as string, null, readDeviceFiles(files as string), 'exact', nowMs);
  const lists = await readDatabase(database);
  if (files === undefined) return judged(database, null, lists, 'expanded', nowMs);
  const isUnused = lists.paired.length === 0 && lists.pending.length === 0;
  if (isUnused) return judged(files, UNUSED, readDeviceFiles(files), 'exact', nowMs);
  return judged(database, `${USED} ${files}`, lists, 'expanded', nowMs);
}

const DATABASE = 'openclaw.sqlite';
const UNUSED = `the ${DATABASE} beside them knows no device`;
const USED = 'a gateway of 2026.9 reads only this one, and not the older files in';

function nothingThere(folder: string): SourceError {
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const message = isFolder
    ? `${folder} holds neither devices/paired.json (OpenClaw 2026.2) nor state/${DATABASE} (2026.9); ` +
      'name the state folder of that gateway, ~/.openclaw unless OPENCLAW_STATE_DIR says otherwise'
    : `there is no folder ${folder}`;
  return new SourceError('SOURCE_MISSING', message);
}

function judged(
  path: string,
  choice: string | null,
  { source, paired, pending, damage }: RawLists,
  dialect: Dialect,
  nowMs: number,
): OpenclawReading {
  const problems: Damage[] = [...damage];
  const leftOut: LeftOut[] = [];
  const devices = new Map<string, ForeignDevice>();
  const requests: ForeignRequest[] = [];
  for (const entry of paired) {
    const device = judge(
      entry,
      readPaired,
      (raw) => foreignDevice(raw, dialect, nowMs),
      idOf,
      problems,
      leftOut,
    );
    if (device && devices.has(device.deviceId)) problems.push({ record: entry.name, problem: TWICE });
    else if (device) devices.set(device.deviceId, device);
  }
  for (const entry of pending) {
    const asked = judge(entry, readPending, foreignRequests, ({ requestId }) => requestId, problems, leftOut);
    requests.push(...(asked ?? []));
  }
  const list = { source, devices: [...devices.values()], requests };
  return { path, choice, list, damage: problems, leftOut };
}

const TWICE = 'the same device is there a second time';
const idOf = ({ deviceId }: { readonly deviceId: string }): string => deviceId;

/** The value of one record; what is wrong with it, or left out of it, goes into the lists. */
function judge<Raw, T>(
  { name, key, value }: RawEntry,
  read: (value: unknown) => { ok: true; record: Raw } | { ok: false; problem: string },
  make: (raw: Raw) => { ok: true; value: T; leftOut: readonly LeftOut[] } | { ok: false; problem: string },
  keyOf: (raw: Raw) => string,
  problems: Damage[],
  leftOut: LeftOut[],
): T | undefined {
  const reading = read(value);
  const made = reading.ok ? make(reading.record) : reading;
  const isMisfiled = reading.ok && key !== null && keyOf(reading.record) !== key;
  if (!made.ok || isMisfiled) {
    problems.push({ record: name, problem: made.ok ? 'it is filed under another id' : made.problem });
    return undefined;
  }
  leftOut.push(...made.leftOut);
  return made.value;
}
