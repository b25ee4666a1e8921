import { describe, expect, it } from 'vitest';
import { WalSync } from '../../src/store/wal-sync.ts';

/** A file whose fsyncs end when the test says so. */
function slowFile() {
  const syncs: PromiseWithResolvers<void>[] = [];
  const calls: string[] = [];
  return {
    syncs,
    calls,
    datasync(): Promise<void> {
      calls.push('datasync');
      const sync = Promise.withResolvers<void>();
      syncs.push(sync);
      return sync.promise;
    },
    async close(): Promise<void> {
      calls.push('close');
    },
  };
}

/** All that can happen without a timer or I/O has happened. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('group commit', () => {
  it('never lets a commit ride on an fsync that began before it, and lets all later ones share the next', async () => {
    const file = slowFile();
    const wal = new WalSync(file);
    const done: string[] = [];
    const first = wal.flush().then(() => done.push('first'));
    const later = ['second', 'third', 'fourth'].map((name) => wal.flush().then(() => done.push(name)));
    expect(file.syncs.length).toBe(1);
    file.syncs[0]?.resolve();
    await first;
    await settled();
    expect(done).toEqual(['first']);
    expect(file.syncs.length).toBe(2);
    // While the shared one runs, the next generation waits for a third.
    const last = wal.flush().then(() => done.push('fifth'));
    file.syncs[1]?.resolve();
    await Promise.all(later);
    await settled();
    expect(done).toEqual(['first', 'second', 'third', 'fourth']);
    file.syncs[2]?.resolve();
    await last;
    expect(file.syncs.length).toBe(3);
  });

  it('tells a failure to all who waited for it and to everybody after', async () => {
    const file = slowFile();
    const wal = new WalSync(file);
    const waiting = [wal.flush(), wal.flush(), wal.flush()].map((flush) =>
      flush.catch((error: Error) => error.message),
    );
    wal.assertHealthy();
    file.syncs[0]?.reject(new Error('EIO'));
    expect(await Promise.all(waiting)).toEqual(['EIO', 'EIO', 'EIO']);
    await expect(wal.flush()).rejects.toThrow('EIO');
    expect(() => wal.assertHealthy()).toThrow('EIO');
    expect(file.syncs.length, 'a kernel may say success after a failure, so it is not asked again').toBe(1);
  });

  it('closes the file only after the flushes that were asked for', async () => {
    const file = slowFile();
    const wal = new WalSync(file);
    const flushes = [wal.flush(), wal.flush()];
    const closing = wal.close();
    await settled();
    file.syncs[0]?.resolve();
    await settled();
    expect(file.calls).toEqual(['datasync', 'datasync']);
    file.syncs[1]?.resolve();
    await Promise.all([...flushes, closing]);
    expect(file.calls).toEqual(['datasync', 'datasync', 'close']);
  });
});
