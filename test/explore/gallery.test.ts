import { describe, expect, it } from 'vitest';
import { GALLERY, told } from './gallery/gallery.ts';

describe('the gallery of known bugs', () => {
  it.each(GALLERY)('$issue: $bug', { timeout: 60_000 }, async (exhibit) => {
    expect(exhibit.find()?.length).toBeGreaterThan(1);
    expect(told(exhibit).length).toBeLessThanOrEqual(20);
    expect(await exhibit.shipped()).toEqual([]);
  });

  it('has one of each', () => {
    expect(new Set(GALLERY.map(({ issue }) => issue)).size).toBe(8);
  });
});
