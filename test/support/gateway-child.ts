/**
 * A gateway as a process of its own, to be killed: `node gateway-child.ts <folder>`. It writes its URL as one line as
 * soon as it serves.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { Authority, openKeyRing, startGateway } from '../../src/index.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';

const [folder, secret] = process.argv.slice(2);
if (folder === undefined || secret === undefined)
  throw new Error('usage: gateway-child.ts <folder> <secret>');
const store = await openSqliteStore({ path: join(folder, 'antechamber.sqlite') });
const ring = await openKeyRing(folder, store);
const gateway = await startGateway({
  authority: new Authority({ store, realm: ring.realm, onDecision: (seq) => ring.mark(seq) }),
  auth: { mode: 'token', secret },
  port: 0,
  locality: { local: 'none' },
});
writeSync(1, `${gateway.url}\n`);
