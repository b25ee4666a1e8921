import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openKeyRing } from '../../src/authority/keys.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { temporaryFolder } from '../support/harness.ts';

it('a mark that cannot be written warns and does not end the process', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const folder = temporaryFolder();
  const ring = await openKeyRing(folder, memoryStore());
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  // A folder where the file should be: reading and replacing it both fail, for root as well.
  const mark = join(folder, 'token-mark.json');
  rmSync(mark);
  mkdirSync(mark);
  ring.mark(7);
  vi.advanceTimersByTime(2000);
  expect(warn).toHaveBeenCalledOnce();
});

it('the mark of another database beside the keys does not hide a restore of this one', async () => {
  const folder = temporaryFolder();
  const mark = join(folder, 'token-mark.json');
  writeFileSync(mark, JSON.stringify({ storeId: 'another', seq: 1000, epoch: 1 }));
  const store = memoryStore();
  const ring = await openKeyRing(folder, store);
  expect(JSON.parse(readFileSync(mark, 'utf8'))).toMatchObject({ storeId: store.id, seq: 0 });
  ring.mark(7);
  ring.close();
  expect(JSON.parse(readFileSync(mark, 'utf8'))).toMatchObject({ storeId: store.id, seq: 7 });
  expect((await openKeyRing(folder, store)).restoredFromBackup).toBe(true);
});
