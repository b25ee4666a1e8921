/** `npm run diagrams` writes the generated files; `npm run diagrams -- --check` only says which ones are stale. */
import { drifted, writeAll } from './generated.ts';

const stale = drifted();
if (process.argv.includes('--check')) {
  for (const path of stale) process.stderr.write(`${path} does not say what the machines say\n`);
  if (stale.length > 0) {
    process.stderr.write('Mend it: npm run diagrams\n');
    process.exitCode = 1;
  }
} else {
  writeAll();
  process.stdout.write(stale.length > 0 ? `written: ${stale.join(', ')}\n` : 'nothing changed\n');
}
