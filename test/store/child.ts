/**
 * The other process of `sqlite-processes.test.ts`: `node child.ts <work> <path> <count>`. It writes one JSON value a
 * line, each one at once and only after the store has answered.
 */

import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { change, counter, device } from '../../src/store/contract-fixtures.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';

const say = (value: unknown): void => void writeSync(1, `${JSON.stringify(value)}\n`);

/** Adds one to a number that others add to as well, until this process has won `count` times. */
async function add(store: Store, count: number): Promise<void> {
  const id = device('shared');
  for (let wins = 0; wins < count; ) {
    const row = await store.load(id);
    const saved = await store.save(counter(id, row?.revision ?? 0, Number(row?.document ?? 0) + 1));
    if (saved !== null) wins++;
  }
  say('done');
}

/** Saves to `count` devices at once, for ever: durable ones, each reported when it is answered. */
async function stream(store: Store, count: number): Promise<void> {
  const one = async (id: string) => {
    for (let revision = 0, value = 1; ; value++) {
      const saved = await store.save({ ...counter(id, revision, value), durable: true });
      if (saved === null) throw new Error(`lost ${id} against nobody`);
      revision = saved;
      say({ id, revision, value });
    }
  };
  await Promise.all(Array.from({ length: count }, (_, index) => one(device(`d${index}`))));
}

/** Waits to be told, then saves `count` devices and says when it began, in epoch ms. */
async function approve(store: Store, count: number): Promise<void> {
  say('ready');
  for (let index = 0; index < count; index++) {
    await once(process.stdin, 'data');
    const began = performance.timeOrigin + performance.now();
    await store.save(change(device(`d${index}`), 0, { durable: true }));
    say({ began });
  }
  process.stdin.destroy();
}

const WORK = { add, stream, approve };

const [work, path, count] = process.argv.slice(2);
if (!(work === 'add' || work === 'stream' || work === 'approve') || path === undefined) {
  throw new Error(`usage: child.ts ${Object.keys(WORK).join('|')} <path> <count>`);
}
const store = await openSqliteStore({ path, busyTimeoutMs: 20_000 });
await WORK[work](store, Number(count));
await store.close();
