/** The frames of a journey as a fixture: what names a key, a secret, an id or a time is replaced. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Journey } from './journeys.ts';
import { type Known, plainText } from './plain-text.ts';
import type { Json, Passed } from './recorder.ts';
import type { Travelled } from './travel.ts';

/** One frame that a published client sent, or that our gateway answered. */
export interface RecordedFrame {
  readonly socket: number;
  readonly from: 'client' | 'gateway';
  readonly frame: Json;
}

/** One command of the journey, in its order. */
export interface RecordedStop {
  readonly cli: string;
  readonly code: number | null;
  readonly frames: readonly RecordedFrame[];
}

function fileOf({ generation, name }: Journey): string {
  const file = `${name.replace(/\W+/g, '-')}.jsonl`;
  return fileURLToPath(new URL(`recorded/${generation}/${file}`, import.meta.url));
}

/** What was made anew for the run, by the key it stands under. */
const FRESH: Readonly<Record<string, string>> = {
  token: '<token>',
  deviceToken: '<token>',
  signature: '<signature>',
  publicKey: '<key>',
  nonce: '<nonce>',
};

function cleaned(value: Json, key: string, known: Known): Json {
  if (typeof value === 'string') return FRESH[key] ?? plainText(value, known);
  if (typeof value === 'number') return value > 1_000_000_000_000 ? 0 : value;
  if (Array.isArray(value)) return value.map((one) => cleaned(one, key, known));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [plainText(name, known), cleaned(inner, name, known)]),
  );
}

/** A tick comes when it comes. */
const isTick = (frame: Json): boolean => frame.event === 'tick';

function framesOf(passed: readonly Passed[], known: Known): readonly RecordedFrame[] {
  const numbers = new Map<string, string>();
  const numbered = (frame: Json): Json => {
    if (typeof frame.id !== 'string') return frame;
    const number = numbers.get(frame.id) ?? String(numbers.size + 1);
    numbers.set(frame.id, number);
    return { ...frame, id: number };
  };
  return passed.flatMap((one) => {
    if (!('frame' in one) || isTick(one.frame)) return [];
    return [{ socket: one.socket, from: one.from, frame: cleaned(numbered(one.frame), '', known) }];
  });
}

export function writeRecording(journey: Journey, { stops }: Travelled, known: Known): void {
  const lines = stops.map(({ cli, ran, passed }) => {
    const stop: RecordedStop = { cli, code: ran.code, frames: framesOf(passed, known) };
    return JSON.stringify(stop);
  });
  const file = fileOf(journey);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${lines.join('\n')}\n`);
}

export function hasRecording(journey: Journey): boolean {
  return existsSync(fileOf(journey));
}

export function readRecording(journey: Journey): readonly RecordedStop[] {
  const lines = readFileSync(fileOf(journey), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}
