import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Builds the console anew, so that no browser is shown an older one. */
export async function setup(): Promise<void> {
  await build({ configFile: fileURLToPath(new URL('../../src/console/vite.config.ts', import.meta.url)) });
}
