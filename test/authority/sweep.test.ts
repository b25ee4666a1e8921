import { expect, it } from 'vitest';
import { Authority } from '../../src/authority/authority.ts';
import { MemoryBacking, memoryStore } from '../../src/store/memory.ts';
import { A, B, Desk, READ, realmOf } from './desk.ts';

it('one device that cannot be settled keeps no other waiting', async () => {
  const backing = new MemoryBacking();
  const desk = new Desk({ backing });
  await desk.ask(A, [READ]);
  desk.now += 1000;
  await desk.ask(B, [READ]);
  const store = memoryStore(backing);
  const save = store.save.bind(store);
  store.save = (change) => (change.deviceId === A ? Promise.reject(new Error('disk')) : save(change));
  const now = desk.now + 3_600_000;
  const authority = new Authority({ store, realm: realmOf(backing.id), clock: { now: () => now } });
  await expect(authority.sweep()).rejects.toThrow('1 devices could not be settled');
  // A is most overdue and still open; B was never approved, so that nothing of it is left.
  expect(await authority.load(B)).toBeUndefined();
  expect(await authority.load(A)).toBeDefined();
});
