/** What the tests of a source are called, read off the source itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Theme {
  readonly file: string;
  readonly titles: readonly string[];
  /** Ids of rows that lie outside device authorization, each with the reason. */
  readonly outside: Readonly<Record<string, string>>;
}

/** A call of `it` or `test` that begins a line; in a comment, none does. */
const CALL = /^ *(?:it|test)\b/gm;
const TITLED = /^ *(?:it|test)(?:\.each\(\w+\))?\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/gm;
const OUTSIDE = /^\/\/ Outside: (\S+): (.+)$/gm;

/** Throws when a test has no title that can be read here, or is not run: it would otherwise count for nothing. */
export function titlesOf(text: string): readonly string[] {
  const titles = [...text.matchAll(TITLED)].map(([, single, double]) => single ?? double ?? '');
  const calls = text.match(CALL)?.length ?? 0;
  if (titles.length !== calls) throw new Error(`${calls} tests, ${titles.length} titles that can be read`);
  const idle = /\b(?:it|test|describe|context)\.(?:skip|todo|only|fails|skipIf|runIf)\b/.exec(text);
  if (idle) throw new Error(`not run: ${idle[0]}`);
  return titles;
}

export function outsideOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...text.matchAll(OUTSIDE)].map(([, id = '', reason = '']) => [id, reason]));
}

export function readThemes(folder: string, except: string): readonly Theme[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts') && name !== except)
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      return { file, titles: titlesOf(text), outside: outsideOf(text) };
    });
}

/** Every id that a title carries: `#21688`, `2b.8`, `GHSA-…`, `CVE-…`, `threat "…"`, `Unosecur report`. */
export function idsIn(title: string): readonly string[] {
  return (
    title.match(/#\d+|\b2b\.\d+|\bGHSA(?:-\w{4}){3}\b|\bCVE-\d+-\d+|\bthreat "[^"]+"|Unosecur report/g) ?? []
  );
}
