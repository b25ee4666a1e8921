// Runs inside a fresh installation: every entry of `exports` must load and hold what the README uses of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NEEDED = {
  antechamber: [
    'Authority',
    'Inspector',
    'approve',
    'attach',
    'memoryStore',
    'openKeyRing',
    'reject',
    'startGateway',
    'startInspectorServer',
  ],
  'antechamber/metrics': ['makeMetrics'],
  'antechamber/machines': ['authorizationMachine', 'connectionMachine', 'covers'],
  'antechamber/store/sqlite': ['openSqliteStore'],
  'antechamber/testing': ['storeContract'],
};

const manifest = JSON.parse(
  readFileSync(fileURLToPath(import.meta.resolve('antechamber/package.json')), 'utf8'),
);
const entries = Object.keys(manifest.exports)
  .map((entry) => entry.replace(/^\./, 'antechamber'))
  .filter((entry) => !entry.endsWith('.json'));
assert.deepEqual(entries.sort(), Object.keys(NEEDED).sort(), 'package.json exports other entries than these');
for (const [entry, names] of Object.entries(NEEDED)) {
  const module = await import(entry);
  for (const name of names) assert.ok(name in module, `${entry} does not export ${name}`);
}

// The inspector's page is made of files of the package.
const { Inspector, startInspectorServer } = await import('antechamber');
const shown = await startInspectorServer(new Inspector());
for (const name of ['', 'viewer.js', 'frames.js', 'hosted.js']) {
  const { status } = await fetch(new URL(name, shown.url));
  assert.equal(status, 200, `the inspector does not serve /${name}`);
}
await shown.stop();
process.stdout.write(`${entries.length} entries\n`);
