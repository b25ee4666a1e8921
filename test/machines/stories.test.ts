import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { told } from './story.ts';

const FOLDER = new URL('./stories/', import.meta.url);

/** Each story begins with the rule of the design that it tells: take the rule out, and the story goes another way. */
function storiesOf(file: string): readonly (readonly [title: string, text: string])[] {
  return readFileSync(new URL(file, FOLDER), 'utf8')
    .trimEnd()
    .split('\n\n')
    .map((block) => {
      const [title = '', ...lines] = block.split('\n');
      return [title.replace(/^# /, ''), lines.join('\n')] as const;
    });
}

const files = readdirSync(FOLDER).sort();

describe.each(files)('stories of %s', (file) => {
  it.each(storiesOf(file))('%s', (_, text) => {
    expect(text.split('\n').length).toBeGreaterThan(1);
    expect(told(text)).toBe(text);
  });
});

describe('the stories together', () => {
  it('tell every rule that one record can break', () => {
    const titles = files.flatMap((file) => storiesOf(file).map(([title]) => title));
    const told = new Set(titles.flatMap((title) => title.match(/\bR\d+b?\b/g) ?? []));
    for (const rule of ['R1', 'R1b', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8', 'R9', 'R14', 'R15', 'R16']) {
      expect(told).toContain(rule);
    }
  });
});
