import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Watchers } from '../../src/store/watchers.ts';

const notice = { deviceId: 'a', seq: 1, foreign: false };

describe('the listeners of a store', () => {
  it('are told what came after they were added, also when one adds another', () => {
    const watchers = new Watchers();
    const heard: number[] = [];
    watchers.add(() => watchers.add(({ seq }) => heard.push(seq)));
    watchers.tell(notice);
    expect(heard).toEqual([]);
    watchers.tell({ ...notice, seq: 2 });
    expect(heard).toEqual([2]);
  });

  it('that throw become a process warning, so that the fault is seen', async () => {
    const watchers = new Watchers();
    watchers.add(() => {
      throw new Error('thrown on purpose by a listener');
    });
    const warned = once(process, 'warning');
    watchers.tell(notice);
    expect(String(await warned)).toContain('on purpose');
  });
});
