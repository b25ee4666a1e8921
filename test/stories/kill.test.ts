import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Authority } from '../../src/authority/authority.ts';
import type { Deciding } from '../../src/authority/deciding.ts';
import { openKeyRing } from '../../src/authority/keys.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { databaseIn, OWNER, SECRET, SHARED, temporaryFolder } from '../support/harness.ts';
import { ASKED, grantOf, history, openRequest, READ } from '../support/pairing.ts';
import { newDevice, RawClient, type TestDevice } from '../support/raw-client.ts';

const CHILD = fileURLToPath(new URL('../support/gateway-child.ts', import.meta.url));

/** A gateway process on a folder. */
interface Running {
  readonly url: string;
  /** As a power cut would: nothing of it gets to say anything. */
  kill(): Promise<void>;
}

async function startChild(folder: string): Promise<Running> {
  const child: ChildProcess = spawn(process.execPath, [CHILD, folder, SECRET], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  onTestFinished(kill);
  if (!child.stdout) throw new Error('no output to read');
  const [line] = await once(child.stdout, 'data');
  return { url: String(line).trim(), kill };
}

/** The same file from here, as the owner's command line would open it. */
async function openFile(folder: string): Promise<{ store: Store; authority: Authority; owner: Deciding }> {
  const store = await openSqliteStore({ path: databaseIn(folder) });
  onTestFinished(() => store.close());
  const { realm } = await openKeyRing(folder, store);
  const authority = new Authority({ store, realm });
  return { store, authority, owner: { authority, caller: OWNER, origin: {} } };
}

async function connectTo({ url }: Running, device: TestDevice) {
  const client = await RawClient.open(url);
  onTestFinished(() => client.socket.terminate());
  const id = await client.sendConnect({ device, scopes: READ, mode: 'node', auth: SHARED });
  return { client, id };
}

async function park(running: Running, device: TestDevice) {
  const { client, id } = await connectTo(running, device);
  const { payload } = await client.event('connect.pending');
  return { client, id, requestId: payload.requestId as string };
}

describe('a gateway that is killed (I3, I5, I10)', () => {
  it('an approval while it is dead lets the device in at its next connect, with 0 new requests', async () => {
    const folder = temporaryFolder();
    const first = await startChild(folder);
    const file = await openFile(folder);
    const device = newDevice();
    const { client, requestId } = await park(first, device);
    await first.kill();
    expect((await client.closed()).code).toBe(1006);
    expect(await approve(file.owner, requestId)).toMatchObject({ ok: true });
    const again = await connectTo(await startChild(folder), device);
    expect((await again.client.response(again.id)).payload.auth.scopes).toEqual(READ);
    expect(await history(file, device.id, ...ASKED)).toHaveLength(1);
  });

  it('its request is open after the restart, the device joins it, and an approval from the file reaches the new socket', async () => {
    const folder = temporaryFolder();
    const first = await startChild(folder);
    const file = await openFile(folder);
    const device = newDevice();
    const { requestId } = await park(first, device);
    await first.kill();
    const again = await park(await startChild(folder), device);
    expect(again.requestId).toBe(requestId);
    await approve(file.owner, requestId);
    expect((await again.client.response(again.id)).payload.auth.scopes).toEqual(READ);
    expect(await history(file, device.id, ...ASKED)).toHaveLength(1);
  });

  it('I6: a rejection while it is dead is told as a rejection after the restart', async () => {
    const folder = temporaryFolder();
    const first = await startChild(folder);
    const file = await openFile(folder);
    const device = newDevice();
    const { requestId } = await park(first, device);
    await first.kill();
    await reject(file.owner, requestId);
    const again = await connectTo(await startChild(folder), device);
    expect((await again.client.response(again.id)).error.details).toMatchObject({ outcome: 'rejected' });
    expect(await openRequest(file, device.id)).toBeNull();
  });

  it('killed in the middle of connects and approvals, it loses nothing that was answered and doubles nothing', async () => {
    const folder = temporaryFolder();
    let running = await startChild(folder);
    const file = await openFile(folder);
    for (let cycle = 0; cycle < 5; cycle++) {
      const device = newDevice();
      const parked = await park(running, device);
      const flying = Array.from({ length: 6 }, () => connectTo(running, device).catch(() => null));
      const approval = cycle % 2 === 0 ? approve(file.owner, parked.requestId) : undefined;
      await running.kill();
      await Promise.all(flying);
      running = await startChild(folder);
      const done = (await approval) ?? (await approve(file.owner, parked.requestId));
      expect(done).toMatchObject({ ok: true });
      const again = await connectTo(running, device);
      expect((await again.client.response(again.id)).payload.auth.scopes).toEqual(READ);
      expect(await grantOf(file, device.id)).toEqual(READ);
      expect(await history(file, device.id, 'request.opened')).toHaveLength(1);
      expect(await openRequest(file, device.id)).toBeNull();
    }
  });
});
