/** The device store of OpenClaw 2026.2: two JSON files, each replaced as a whole when it changes (PROTOCOL section 4.1). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RawEntry, RawLists } from './raw-lists.ts';

const PAIRED = 'paired.json';
const PENDING = 'pending.json';

/** Whether a folder holds at least one of the two files. */
export function hasDeviceFiles(folder: string): boolean {
  return existsSync(join(folder, PAIRED)) || existsSync(join(folder, PENDING));
}

/** Reads both files, the pending ones first: a request that is approved meanwhile is then in both, and not in neither. */
export function readDeviceFiles(folder: string): RawLists {
  const pending = readEntries(folder, PENDING, 'request');
  const paired = readEntries(folder, PAIRED, 'device');
  return {
    source: `OpenClaw devices/${PAIRED}`,
    paired: paired.entries,
    pending: pending.entries,
    damage: [...paired.damage, ...pending.damage],
  };
}

function readEntries(
  folder: string,
  file: string,
  noun: string,
): { readonly entries: readonly RawEntry[]; readonly damage: RawLists['damage'] } {
  const path = join(folder, file);
  if (!existsSync(path)) return { entries: [], damage: [] };
  const damaged = (problem: string) => ({ entries: [], damage: [{ record: path, problem }] });
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The parser's own message quotes the text, and a token may be in it.
    return damaged('it is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) return damaged('it holds no list of devices');
  const entries = Array.isArray(parsed)
    ? parsed.map((value, index) => ({ name: `${path}: entry ${index + 1}`, key: null, value }))
    : Object.entries(parsed).map(([key, value]) => ({ name: `${path}: ${noun} ${key}`, key, value }));
  return { entries, damage: [] };
}
