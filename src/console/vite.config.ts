import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at('.'),
  // Relative, so that the page works wherever it is served from.
  base: './',
  logLevel: 'warn',
  build: {
    outDir: at('../../dist/console'),
    emptyOutDir: true,
    target: 'es2023',
    // No inline script and no data: address, which the page's policy would refuse.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
  },
});
