/**
 * Frames between the published command lines 2026.2.19 and 2026.9.6 and their own gateways, one command a file. What
 * could identify or let in anybody is replaced by a name in angle brackets; the same name is the same thing in all files
 * of a version. Calls that have nothing to do with devices are left out.
 */
import { readdirSync, readFileSync } from 'node:fs';

export type Version = '2026.2.19' | '2026.9.6';

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the wire held.
export type Loose = any;

/** One message of a connection, or the gateway's end of it. */
export interface RecordedFrame {
  /** The connection within its file, from 1. */
  readonly conn: number;
  readonly from: 'client' | 'gateway';
  /** A `connect` and every call have their method as their id. */
  readonly json?: Loose;
  readonly close?: { readonly code: number; readonly reason: string };
}

const folder = (version: Version): URL => new URL(`recorded/${version}/`, import.meta.url);

export function recordedFiles(version: Version): readonly string[] {
  return readdirSync(folder(version)).sort();
}

export function readRecorded(version: Version, file: string): readonly RecordedFrame[] {
  const text = readFileSync(new URL(file, folder(version)), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RecordedFrame);
}
