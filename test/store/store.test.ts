import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { storeContract } from '../../src/store/contract.ts';
import { MemoryBacking, memoryStore } from '../../src/store/memory.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';

describe('memory store', () => {
  it.each(storeContract)('$name', async ({ check }) => {
    const backing = new MemoryBacking();
    await check(async () => memoryStore(backing));
  });
});

describe('SQLite store', () => {
  it.each(storeContract)('$name', async ({ check }) => {
    const folder = await mkdtemp(join(tmpdir(), 'antechamber-store-'));
    try {
      await check(() => openSqliteStore({ path: join(folder, 'devices.db') }));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('SQLite store without a cache', () => {
  it.each(storeContract)('$name', async ({ check }) => {
    const folder = await mkdtemp(join(tmpdir(), 'antechamber-store-'));
    try {
      await check(() => openSqliteStore({ path: join(folder, 'devices.db'), cacheSize: 0 }));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
