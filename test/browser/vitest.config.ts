import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  test: {
    dir: at('.'),
    include: [process.env.PICTURES ? '*.pictures.ts' : '*.browser.ts'],
    globalSetup: [at('build.ts')],
    // What a page is sent is held against the protocol, as in every other test.
    setupFiles: [at('../support/check-frames.ts')],
    pool: 'forks',
    // One browser at a time: what is measured here is measured on a machine that does nothing else.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
