import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // The README's examples import the package by its name; here that is the source, in a published package `dist`.
    alias: [
      { find: /^antechamber$/, replacement: source('src/index.ts') },
      { find: /^antechamber\/machines$/, replacement: source('machines/index.ts') },
      { find: /^antechamber\/store\/sqlite$/, replacement: source('src/store/sqlite.ts') },
      { find: /^antechamber\/testing$/, replacement: source('src/store/contract.ts') },
    ],
  },
  test: {
    dir: 'test',
    include: ['**/*.test.ts'],
    // Whatever a gateway sends in any test is held against the protocol.
    setupFiles: [source('test/support/check-frames.ts')],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
