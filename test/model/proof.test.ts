/** The page that says what is proved (test/README.md) names what is there: files, mistakes, and each invariant once. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RUNTIME_MUTANTS } from '../mutants/runtime-mutants.ts';

const TESTS = new URL('../', import.meta.url);
const page = readFileSync(new URL('README.md', TESTS), 'utf8');
const named = [...page.matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name);
const rows = page.split('\n').filter((line) => /^\| I\d/.test(line));
const cellsOf = (row: string): readonly string[] => row.split('|').map((cell) => cell.trim());

describe('what is said to be proved', () => {
  it('is said of each invariant, once, in every way', () => {
    const names = Array.from({ length: 18 }, (_, index) => `I${index + 1}`);
    const wanted = names.flatMap((name) => (name === 'I8' ? ['I8a', 'I8b'] : [name]));
    expect(rows.map((row) => cellsOf(row)[1])).toEqual(wanted);
    for (const row of rows) {
      expect(cellsOf(row)).toHaveLength(8);
      expect(cellsOf(row).slice(1, -1), row).not.toContain('');
    }
  });

  it('names tests and mistakes that are there', () => {
    const themes = rows.flatMap((row) => [...(cellsOf(row)[5] ?? '').matchAll(/`([^`]+)`/g)]);
    const files = named.filter((name) => /\.ts$/.test(name) && !name.includes('*'));
    expect(Math.min(themes.length, files.length)).toBeGreaterThan(12);
    const missing = [
      ...themes.map(([, theme]) => `catalogue/${theme}.test.ts`),
      ...files.map((file) => (file.includes('/') ? file : `model/${file}`)),
    ].filter((path) => !existsSync(new URL(path, TESTS)));
    expect(missing).toEqual([]);
    const mistakes = named.filter((name) => /^[a-z]+: /.test(name));
    expect(mistakes.length).toBeGreaterThan(12);
    expect(mistakes.filter((name) => !RUNTIME_MUTANTS.some((mutant) => mutant.name === name))).toEqual([]);
  });

  it('links to what is there', () => {
    const links = [...page.matchAll(/\]\(([^)#]+)/g)].map(([, to = '']) => to);
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((to) => !existsSync(new URL(to, TESTS)))).toEqual([]);
  });
});
