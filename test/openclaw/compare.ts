import type { Loose } from './recorded.ts';

/** How an answer of ours differs from the recorded one, at a path such as `connect.payload.auth.method`. */
export interface Difference {
  readonly at: string;
  /** `missing`: recorded only; `extra`: ours only. */
  readonly kind: 'missing' | 'extra' | 'type' | 'value';
  readonly recorded?: unknown;
  readonly ours?: unknown;
}

/** Numbers that clients act on; of the others only the type counts. */
const LITERAL_NUMBERS = /(^close|\.protocol|\.policy\.\w+|\.retryAfterMs)$/;

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Names in angle brackets stand for any text. */
function isAsRecorded(recorded: string, ours: string): boolean {
  const parts = recorded.split(/<[\w ]+>/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^\\s)]+')}$`).test(ours);
}

function compareLists(at: string, recorded: Loose[], ours: Loose[]): Difference[] {
  if (at.includes('.features.')) {
    const missing = recorded.filter((name) => !ours.includes(name));
    const extra = ours.filter((name) => !recorded.includes(name));
    return [
      ...missing.map((name) => ({ at: `${at}[${name}]`, kind: 'missing' as const })),
      ...(extra.length > 0 ? [{ at: `${at}[]`, kind: 'extra' as const, ours: extra }] : []),
    ];
  }
  if ([...recorded, ...ours].every((entry) => typeof entry === 'string')) {
    const isSame = JSON.stringify(recorded) === JSON.stringify(ours);
    return isSame ? [] : [{ at, kind: 'value', recorded, ours }];
  }
  if (recorded.length !== ours.length)
    return [{ at: `${at}.length`, kind: 'value', recorded: recorded.length, ours: ours.length }];
  return recorded.flatMap((entry, index) => compare(`${at}[]`, entry, ours[index]));
}

function compareObjects(at: string, recorded: Loose, ours: Loose): Difference[] {
  const keys = new Set([...Object.keys(recorded), ...Object.keys(ours)]);
  return [...keys].flatMap((key): Difference[] => {
    const path = `${at}.${key}`;
    if (!(key in ours)) return [{ at: path, kind: 'missing', recorded: recorded[key] }];
    if (!(key in recorded)) return [{ at: path, kind: 'extra', ours: ours[key] }];
    return compare(path, recorded[key], ours[key]);
  });
}

/** Field by field: the same keys, the same types, the same literals. */
export function compare(at: string, recorded: Loose, ours: Loose): Difference[] {
  const kind = kindOf(recorded);
  if (kind !== kindOf(ours)) return [{ at, kind: 'type', recorded, ours }];
  if (kind === 'array') return compareLists(at, recorded, ours);
  if (kind === 'object') return compareObjects(at, recorded, ours);
  const isSame =
    kind === 'string'
      ? isAsRecorded(recorded, ours)
      : kind === 'number' && !LITERAL_NUMBERS.test(at)
        ? true
        : recorded === ours;
  return isSame ? [] : [{ at, kind: 'value', recorded, ours }];
}
