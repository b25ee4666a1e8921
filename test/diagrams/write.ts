/** `npm run diagrams` writes the generated files; `npm run diagrams -- --check` only says which ones are stale. */
import { drifted, generated, writeAll } from './generated.ts';

const files = await generated();
const stale = drifted(files);
if (process.argv.includes('--check')) {
  for (const path of stale) process.stderr.write(`${path} does not say what the machines say\n`);
  if (stale.length > 0) process.stderr.write('Mend it: npm run diagrams\n');
  process.stdout.write(`diagrams: ${files.size - stale.length} of ${files.size} files are fresh\n`);
  if (stale.length > 0) process.exitCode = 1;
} else {
  writeAll(files);
  process.stdout.write(stale.length > 0 ? `written: ${stale.join(', ')}\n` : 'nothing changed\n');
}
