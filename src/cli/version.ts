import { readFileSync } from 'node:fs';

/** The version of this package; the file lies two folders up from the source, and three from the build. */
export const VERSION = readVersion();

function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (name === 'antechamber') return String(version);
    } catch {
      // Not at this distance.
    }
  }
  return 'unknown';
}
