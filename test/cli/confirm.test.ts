import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { revoke } from '../../src/authority/device-decisions.ts';
import { openAuthority } from '../../src/authority/open.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { unsettledWarning } from '../../src/cli/confirm.ts';
import { removeGatewayFile, writeGatewayFile } from '../../src/cli/gateway-file.ts';
import { type House, OWNER, openHouse, SECRET, SHARED } from '../support/harness.ts';
import { newDevice } from '../support/raw-client.ts';

const READ = ['operator.read'];

/** A device that is live, and an owner who works on the same file from another opening of it. */
async function liveHouse(): Promise<{
  house: House;
  deviceId: string;
  elsewhere: Awaited<ReturnType<typeof openAuthority>>;
}> {
  const house = await openHouse({ store: 'sqlite', realTime: true });
  writeGatewayFile(house.folder, { pid: process.pid, url: house.gateway.url });
  onTestFinished(() => removeGatewayFile(house.folder));
  const device = newDevice();
  const client = await house.client();
  const id = await client.sendConnect({ device, scopes: READ, auth: SHARED, mode: 'node' });
  await approve(house.owner, (await client.event('connect.pending')).payload.requestId);
  expect((await client.response(id)).ok).toBe(true);
  const elsewhere = await openAuthority({ folder: house.folder });
  onTestFinished(() => elsewhere.close());
  return { house, deviceId: device.id, elsewhere };
}

describe('a decision on the file is acknowledged when no socket lives on by what it took (I18)', () => {
  it('waits for the gateway that runs on the folder', async () => {
    const { house, deviceId, elsewhere } = await liveHouse();
    const owner = { authority: elsewhere.authority, caller: OWNER, origin: {} };
    expect(house.gateway.sessions()).toHaveLength(1);
    expect((await revoke(owner, deviceId, 'operator')).ok).toBe(true);
    const seq = await elsewhere.authority.store.head();
    expect(await unsettledWarning(house.folder, SECRET, seq, Date.now)).toBeNull();
    expect(house.gateway.sessions()).toEqual([]);
  });

  it('says so when the gateway cannot be asked, and waits for nobody when none runs', async () => {
    const { house, elsewhere } = await liveHouse();
    const seq = await elsewhere.authority.store.head();
    expect(await unsettledWarning(house.folder, 'not the secret', seq, Date.now)).toMatch(/did not confirm/);
    house.gateway.setAuth({ mode: 'none' });
    expect(await unsettledWarning(house.folder, null, seq, Date.now)).toMatch(/has no shared secret/);
    expect(await unsettledWarning(join(house.folder, 'nowhere'), null, seq, Date.now)).toBeNull();
  });
});
