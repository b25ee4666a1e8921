import type { Json, Store } from '../store/store.ts';

/** What the store remembers of the notices of one request, for all gateways and over restarts. */
// Types and not interfaces, because JSON has an index signature.
export type NoticeMemo = {
  /** The newest revision that is done: delivered, or given up; 0 for none. */
  readonly done: number;
  readonly tries: number;
  /** Nobody tries before: somebody is at it, or it failed lately. Epoch ms. */
  readonly nextMs: number;
};

/** That notices fail, for `status`. */
export type NoticeTrouble = {
  readonly sinceMs: number;
  readonly atMs: number;
  readonly problem: string;
};

const TROUBLE = 'notices';
const NOTHING: NoticeMemo = { done: 0, tries: 0, nextMs: 0 };
/** After a request has ended its memo is of no use, but for a clock that is set back. */
const KEEP_MS = 24 * 3_600_000;

type Memos = Pick<Store, 'memo' | 'setMemo'>;

export interface ReadNotice {
  readonly memo: NoticeMemo;
  readonly version: number;
}

export async function readNotice(store: Memos, requestId: string): Promise<ReadNotice> {
  const found = await store.memo(nameOf(requestId));
  if (!found) return { memo: NOTHING, version: 0 };
  return { memo: found.value as NoticeMemo, version: found.version };
}

/** The version that it now has; null when another gateway was faster. */
export function writeNotice(
  store: Memos,
  requestId: string,
  memo: NoticeMemo,
  { version, endsAtMs }: { readonly version: number; readonly endsAtMs: number },
): Promise<number | null> {
  return store.setMemo(nameOf(requestId), memo, version, endsAtMs + KEEP_MS);
}

function nameOf(requestId: string): string {
  return `notice/${requestId}`;
}

/** Null while notices get through, and where none are sent. */
export async function readTrouble(store: Memos): Promise<NoticeTrouble | null> {
  return ((await store.memo(TROUBLE))?.value ?? null) as NoticeTrouble | null;
}

/** Somebody who is faster knows as much. True when it has changed whether there is trouble. */
export async function writeTrouble(
  store: Memos,
  trouble: Omit<NoticeTrouble, 'sinceMs'> | null,
): Promise<boolean> {
  const found = await store.memo(TROUBLE);
  const before = (found?.value ?? null) as NoticeTrouble | null;
  if (before === null && trouble === null) return false;
  const next: Json = trouble && { ...trouble, sinceMs: before?.sinceMs ?? trouble.atMs };
  const version = await store.setMemo(TROUBLE, next, found?.version ?? 0, null);
  return version !== null && (before === null) !== (trouble === null);
}
