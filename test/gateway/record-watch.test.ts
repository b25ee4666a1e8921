import { describe, expect, it } from 'vitest';
import { RecordWatch } from '../../src/gateway/record-watch.ts';

describe('a session in step with its record', () => {
  it('I18: a change at whatever microtask after another one leads to a reading that began after it', async () => {
    for (let gap = 0; gap < 12; gap++) {
      let version = 0;
      let seen = -1;
      const watch = new RecordWatch(async () => {
        const loaded = version;
        await Promise.resolve();
        seen = loaded;
      });
      const change = (): Promise<void> => {
        version += 1;
        return watch.changed();
      };
      const first = change();
      for (let microtask = 0; microtask < gap; microtask++) await Promise.resolve();
      await change();
      expect([gap, seen]).toEqual([gap, 2]);
      await first;
    }
  });
});
