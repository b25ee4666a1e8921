import type { Report, Result } from './run.ts';
import { entryLine } from './trace.ts';

/** The report as JUnit XML: a test case for each case, its frames as its output. */
export function toJunit({ url, gateway, results, left, tookMs }: Report): string {
  const count = (...verdicts: Result['verdict'][]): number =>
    results.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const name = `antechamber conform ${url} (${gateway})`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="antechamber conform">`,
    `  <testsuite name="${escaped(name)}" tests="${results.length}" failures="${count('fail')}" ` +
      `errors="${count('error')}" skipped="${count('not-applicable')}" time="${seconds(tookMs)}">`,
    ...results.flatMap(testCase),
    ...(left.length > 0
      ? [`    <system-err>${escaped(`not cleaned up: ${left.join('; ')}`)}</system-err>`]
      : []),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

const TAG = { fail: 'failure', error: 'error', 'not-applicable': 'skipped', pass: null } as const;

function testCase({ id, invariant, title, expected, verdict, saw, tookMs, frames }: Result): string[] {
  const open = `    <testcase classname="${escaped(invariant)}" name="${escaped(`${id}: ${title}`)}" time="${seconds(tookMs)}">`;
  const tag = TAG[verdict];
  const told = escaped(saw.join('; '));
  const body = tag === 'skipped' ? '' : escaped(`expected: ${expected}\nseen: ${saw.join('; ')}`);
  return [
    open,
    ...(tag === null ? [] : [`      <${tag} message="${told}">${body}</${tag}>`]),
    `      <system-out>${escaped(frames.map(entryLine).join('\n'))}</system-out>`,
    '    </testcase>',
  ];
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // In an attribute a bare line break would be read as a space.
  '\n': '&#10;',
};

/** XML 1.0 takes no control characters at all, and no lone surrogates. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"\n]/g, (character) => ENTITIES[character] ?? character);
}
