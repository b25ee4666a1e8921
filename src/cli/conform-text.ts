import { CASES, NOT_JUDGED } from '../conform/cases.ts';
import type { Report, Result } from '../conform/run.ts';
import { type Entry, entryLine } from '../conform/trace.ts';
import { shown } from './shown.ts';
import { wrapped } from './width.ts';

const WORDS: Readonly<Record<Result['verdict'], string>> = {
  pass: 'pass ',
  fail: 'FAIL ',
  'not-applicable': 'n/a  ',
  error: 'error',
};
const MARGIN = ' '.repeat(7);
/** Enough to see what happened: how it began, and what came just before the verdict. */
const FIRST = 4;
const LAST = 12;

/** One case: its verdict and title, what was seen, and the frames of one that did not pass. */
export function resultLines(result: Result, width: number): readonly string[] {
  const { verdict, id, title, expected, saw, frames } = result;
  const head = hung(`${WORDS[verdict]}  ${id.padEnd(22)} ${title}`, width);
  const seen = saw.flatMap((text) => indented(shown(text), width));
  if (verdict === 'pass' || verdict === 'not-applicable') return [...head, ...seen];
  return [
    ...head,
    ...indented(`expected: ${expected}`, width),
    ...saw.flatMap((text) => indented(`seen: ${shown(text)}`, width)),
    ...excerpt(frames).flatMap((line) => indented(`| ${line}`, width, '|   ')),
  ];
}

/** Each socket begins with one, and it says nothing. */
function isChallenge({ shown: frame }: Entry): boolean {
  return (frame as { readonly event?: unknown }).event === 'connect.challenge';
}

function excerpt(frames: readonly Entry[]): readonly string[] {
  const lines = frames.filter((entry) => !isChallenge(entry)).map((entry) => shown(entryLine(entry)));
  if (lines.length <= FIRST + LAST) return lines;
  const left = lines.length - FIRST - LAST;
  return [
    ...lines.slice(0, FIRST),
    `           (${left} more here; --json and --junit hold all)`,
    ...lines.slice(-LAST),
  ];
}

/** What stands below the cases: the counts, what was not judged, what is left on the gateway. */
export function summaryLines(report: Report, width: number): readonly string[] {
  const { gateway, protocol, asRemote, owner, notes, results, left, interrupted, tookMs } = report;
  const count = (wanted: Result['verdict']): number =>
    results.filter(({ verdict }) => verdict === wanted).length;
  const whole = results.length === CASES.length;
  return [
    '',
    ...hung(
      `gateway: ${shown(gateway)}, protocol ${protocol}; devices connect ${asRemote ? `as remote (${Object.keys(asRemote).join()})` : 'as they are'}; ` +
        `decisions by ${owner === 'device' ? 'a device of this run' : 'the shared secret alone'}`,
      width,
    ),
    ...notes.flatMap((note) => hung(`note: ${note}`, width)),
    ...(whole ? Object.entries(NOT_JUDGED).map(([name, why]) => `not judged: ${name}, ${why}`) : []),
    ...(interrupted ? ['interrupted: the cases that are missing did not run'] : []),
    ...(left.length === 0 ? ['cleaned up: nothing of this run is left'] : []),
    ...left.flatMap((what) => hung(`NOT CLEANED UP: ${shown(what)}`, width)),
    `${count('pass')} passed, ${count('fail')} failed, ${count('not-applicable')} not applicable, ` +
      `${count('error')} errors, in ${(tookMs / 1000).toFixed(1)} s`,
  ];
}

function hung(text: string, width: number): readonly string[] {
  const [first = '', ...rest] = wrapped(text, width);
  return [first, ...rest.map((line) => MARGIN + line)];
}

function indented(text: string, width: number, more = '  '): readonly string[] {
  const [first = '', ...rest] = wrapped(text, Math.max(20, width - MARGIN.length - more.length));
  return [MARGIN + first, ...rest.map((line) => MARGIN + more + line)];
}
