import { describe, expect, it } from 'vitest';
import { RowCache } from '../../src/store/row-cache.ts';
import type { DeviceRow } from '../../src/store/store.ts';

const row = (deviceId: string, revision = 1): DeviceRow => {
  return { deviceId, revision, document: null, states: {}, deadlineMs: null };
};

describe('the cache of rows', () => {
  it('drops the row that was not used for longest', () => {
    const cache = new RowCache(2);
    cache.set(row('a'));
    cache.set(row('b'));
    expect(cache.get('a')).toEqual(row('a'));
    cache.set(row('c'));
    expect(cache.get('b')).toBeUndefined();
    expect(cache.get('a')).toEqual(row('a'));
    cache.set(row('a', 2));
    cache.set(row('d'));
    expect(cache.get('a')).toEqual(row('a', 2));
    expect(cache.get('c')).toBeUndefined();
  });

  it('keeps nothing with no room, and nothing that was deleted or cleared', () => {
    const none = new RowCache(0);
    none.set(row('a'));
    expect(none.get('a')).toBeUndefined();
    const cache = new RowCache(5);
    for (const id of ['a', 'b', 'c']) cache.set(row(id));
    cache.delete('a');
    expect(cache.get('a')).toBeUndefined();
    expect(cache.get('b')).toBeDefined();
    cache.clear();
    expect(cache.get('b')).toBeUndefined();
  });
});
