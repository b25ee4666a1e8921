import type { WatchRow } from './gate.ts';
import { claimed, fingerprint, scopeList, shown } from './shown.ts';

/** UTC, to the second: lines of several machines sort together. */
export function timestamp(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** One thing that happened, on one line: when, to whom, what, and who did it. */
export function historyLine({ atMs, type, role, detail }: WatchRow): string {
  return [
    timestamp(atMs),
    role === null ? '-' : shown(role),
    shown(type),
    ...whatOf(type, detail),
    ...whoOf(detail),
  ].join('  ');
}

/** The same with the device, for a stream of several. */
export function watchLine(row: WatchRow): string {
  const [at, ...rest] = historyLine(row).split('  ');
  return [at, row.deviceId === null ? '-' : fingerprint(row.deviceId), ...rest].join('  ');
}

function whatOf(type: string, detail: WatchRow['detail']): string[] {
  const { request, outcome, stateFrom, stateTo, scopesTo } = detail;
  const isAsking = /opened|widened|requested/.test(type);
  const asks = isAsking ? 'asks for' : 'may use';
  return [
    ...(request ? [shown(request)] : []),
    ...(outcome ? [shown(outcome)] : []),
    ...(stateFrom && stateTo && stateFrom !== stateTo ? [`${shown(stateFrom)} -> ${shown(stateTo)}`] : []),
    ...(scopesTo ? [`${asks} ${scopeList(scopesTo)}`] : []),
  ];
}

function whoOf({ by, address, client }: WatchRow['detail']): string[] {
  if (by) return [`by ${shown(by)}`];
  return [...(address ? [`from ${shown(address)}`] : []), ...(client ? [claimed(client)] : [])];
}
