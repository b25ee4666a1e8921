import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ADVISORIES, REPORTS, THREATS, UNSOLVED } from './rows.ts';
import { idsIn, outsideOf, readThemes, titlesOf } from './titles.ts';

const themes = readThemes(fileURLToPath(new URL('.', import.meta.url)), 'complete.test.ts');
const rows = [...REPORTS, ...UNSOLVED, ...THREATS, ...ADVISORIES];
const wanted = new Set(rows.flatMap(({ ids }) => ids));
const named = new Set(themes.flatMap(({ titles }) => titles.flatMap(idsIn)));
const outside = Object.assign({}, ...themes.map((theme) => theme.outside)) as Record<string, string>;

describe('the catalogue', () => {
  it('has a test with its name, or a reason why not, for every id of every row', () => {
    const missing = [...wanted].filter((id) => !named.has(id) && !(id in outside));
    expect(missing).toEqual([]);
  });

  it('leaves nothing out that has a test, and nothing that it does not know', () => {
    expect(Object.keys(outside).filter((id) => named.has(id) || !wanted.has(id))).toEqual([]);
    for (const reason of Object.values(outside)) expect(reason.length).toBeGreaterThan(20);
  });

  it('knows every id that a test names: a slip of the pen is no row', () => {
    expect([...named].filter((id) => !wanted.has(id))).toEqual([]);
  });

  it('is as long as it was written down', () => {
    expect([REPORTS, UNSOLVED, THREATS, ADVISORIES].map((list) => list.length)).toEqual([38, 21, 22, 21]);
    expect(UNSOLVED.map(({ ids }) => ids[0])).toEqual(UNSOLVED.map((_, index) => `2b.${index + 1}`));
    expect(wanted.size).toBe(157);
    expect(themes.length).toBeGreaterThanOrEqual(12);
    expect(themes.filter(({ titles }) => titles.length < 4).map(({ file }) => file)).toEqual([]);
  });
});

describe('a title', () => {
  it('is read off the source, and only where a test is run', () => {
    const source = [
      "it('#1, 2b.2: one', async () => {});",
      "  it.each(MANY)('#3: $name', () => {});",
      "  // it('#4: in a comment', () => {});",
      " * it('#5: in another', () => {});",
      "describe('#6: no test', () => {});",
      'test(\n    "threat \\"x\\" GHSA-aaaa-bbbb-cccc, CVE-2026-1",\n  );',
      '// Outside: #7: it has nothing to do with devices',
    ].join('\n');
    expect(titlesOf(source).flatMap(idsIn)).toEqual([
      '#1',
      '2b.2',
      '#3',
      'GHSA-aaaa-bbbb-cccc',
      'CVE-2026-1',
    ]);
    expect(outsideOf(source)).toEqual({ '#7': 'it has nothing to do with devices' });
  });

  it('that cannot be read, or of a test that is not run, is an error', () => {
    expect(() => titlesOf('it(name, () => {});')).toThrow('1 tests, 0 titles');
    expect(() => titlesOf("it.skip('#1', () => {});")).toThrow('1 tests, 0 titles');
    expect(() => titlesOf("it('#1', (context) => context.skip('not here'));")).toThrow('not run');
    expect(() => titlesOf("describe.todo('#1');")).toThrow('not run');
  });
});
