import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { device, nextNotice } from '../../src/store/contract-fixtures.ts';
import { Folder, pragma, withSql, withStore } from './folder.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
const children = new Set<ChildProcessWithoutNullStreams>();

function start(
  work: 'add' | 'stream' | 'approve',
  path: string,
  count: number,
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [CHILD, work, path, String(count)]);
  child.stderr.pipe(process.stderr);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
});

describe('several processes on one file', () => {
  it('make the file together and lose no step of each other', async () => {
    using folder = new Folder();
    // None of them finds a file, so they also race to make it.
    const processes = [1, 2, 3].map(() => start('add', folder.file(), 150));
    const ends = await Promise.all(processes.map((child) => once(child, 'exit')));
    expect(ends).toEqual([1, 2, 3].map(() => [0, null]));
    await withStore(folder.file(), async (store) => {
      const row = await store.load(device('shared'));
      expect(row?.document).toBe(450);
      const history = await store.history({ deviceId: device('shared') });
      expect(history.length).toBe(450);
      expect(history.at(-1)?.seq).toBe(row?.revision);
    });
  });

  it('see each other’s changes within 150 ms', async () => {
    using folder = new Folder();
    await withStore(folder.file(), async (store) => {
      const child = start('approve', folder.file(), 5);
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      expect((await lines.next()).value).toBe('"ready"');
      for (let index = 0; index < 5; index++) {
        const seen = nextNotice(store, ({ deviceId }) => deviceId === device(`d${index}`)).then((notice) => {
          return { notice, at: performance.timeOrigin + performance.now() };
        });
        child.stdin.write('go\n');
        const { notice, at } = await seen;
        const { began } = JSON.parse(String((await lines.next()).value)) as { began: number };
        expect(notice.foreign).toBe(true);
        expect(at - began).toBeLessThan(150);
        expect((await store.load(device(`d${index}`)))?.revision).toBe(notice.seq);
      }
    });
  });

  // A killed process tests the transactions and the recovery of the log. What a power cut would leave cannot be tested
  // from inside a machine that keeps running; that each durable save waits for its fsync is tested with the faults.
  it('that are killed amid saves lose no answered one and leave a sound file', async () => {
    using folder = new Folder();
    for (const round of [1, 2, 3]) {
      const path = folder.file(`round${round}.db`);
      const child = start('stream', path, 8);
      const answered: { id: string; revision: number; value: number }[] = [];
      const lines = createInterface({ input: child.stdout });
      lines.on('line', (line) => {
        answered.push(JSON.parse(line) as (typeof answered)[number]);
        if (answered.length === 100 * round) child.kill('SIGKILL');
      });
      await Promise.all([once(lines, 'close'), once(child, 'exit')]);
      expect(child.signalCode).toBe('SIGKILL');
      await withStore(path, async (store) => {
        const history = await store.history({ limit: 1_000_000 });
        const committed = new Map(history.map(({ seq, deviceId }) => [seq, deviceId]));
        for (const { id, revision } of answered) expect(committed.get(revision)).toBe(id);
        for (const { deviceId, revision, document } of await store.list()) {
          const own = history.filter((event) => event.deviceId === deviceId);
          expect(own.at(-1)?.seq).toBe(revision);
          expect(document, 'each save added one, and each has one event').toBe(own.length);
        }
      });
      expect(withSql(path, (db) => pragma(db, 'integrity_check'))).toBe('ok');
    }
  });
});
