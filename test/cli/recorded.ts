import { readFileSync } from 'node:fs';

type Row = Readonly<Record<string, unknown>>;

/** What a published gateway answered to `device.pair.list`, recorded from the real one. */
export function recordedList(name: string): {
  readonly pending: readonly Row[];
  readonly paired: readonly Row[];
} {
  return JSON.parse(readFileSync(new URL(`recorded/${name}.json`, import.meta.url), 'utf8'));
}

/** The `device` that a published gateway answered to `device.pair.approve`. */
export function recordedApproval(name: string): Row {
  return JSON.parse(readFileSync(new URL(`recorded/${name}.json`, import.meta.url), 'utf8')).device;
}
