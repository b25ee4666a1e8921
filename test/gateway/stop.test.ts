import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { openHouse, temporaryFolder } from '../support/harness.ts';
import { OfficialDevice, OfficialProgram } from '../support/official-client.ts';
import { ASKED, history, live, openRequest, pair, READ, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

describe('a graceful stop', () => {
  it('tells the live ones with an event and 1012, the parked ones with an answer and 1012, and the silent ones with 1012', async () => {
    const house = await openHouse({ store: 'sqlite' });
    const device = newDevice();
    await pair(house, device, READ);
    const session = await live(house, { device, scopes: READ });
    const parked = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    const silent = await house.client();
    await house.gateway.stop('maintenance', 1500);
    expect((await session.client.event('shutdown')).payload).toEqual({
      reason: 'maintenance',
      restartExpectedMs: 1500,
    });
    const { error } = await parked.client.response(parked.connectId);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: 'gateway restarting', retryable: true });
    expect(error.details).toEqual({ reason: 'gateway-restarting' });
    for (const client of [session.client, parked.client, silent]) {
      expect(await client.closed()).toEqual({ code: 1012, reason: 'service restart' });
    }
  });

  it('does not wait for a peer that was refused the upgrade and never ends its half', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'index.html'), '');
    const house = await openHouse({ gateway: { console: { folder } } });
    const { port } = house.gateway;
    const peer = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => void peer.destroy());
    const name = `evil.example:${port}`;
    peer.write(
      `GET / HTTP/1.1\r\nHost: ${name}\r\nOrigin: http://${name}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    const [answer] = await once(peer, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 421 /);
    await house.stop();
  });

  it('I5, I10: the request of a parked one stays open, is approved while nobody listens, and lets it in afterwards', async () => {
    const house = await openHouse({ store: 'sqlite' });
    const device = newDevice();
    const { requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    await house.gateway.stop('restart');
    expect(await openRequest(house, device.id)).not.toBeNull();
    await approve(house.owner, requestId);
    await house.stop();
    const again = await openHouse({ store: 'sqlite', folder: house.folder, clock: house.clock });
    const { hello } = await live(again, { device, scopes: READ, mode: 'node' });
    expect(hello.auth.scopes).toEqual(READ);
    expect(await history(again, device.id, ...ASKED)).toHaveLength(1);
  });

  it('#82590: a parked official client comes back to the next gateway by itself, with the same request', async () => {
    const house = await openHouse({ store: 'sqlite' });
    const device = new OfficialDevice();
    const program = new OfficialProgram(house.gateway.url, device, { scopes: READ });
    const { requestId } = await program.event('connect.pending');
    const { port } = house.gateway;
    await house.stop();
    expect(await program.until(() => program.closes.at(-1))).toMatchObject({ code: 1012 });
    expect(program.pauses).toEqual([]);
    const again = await openHouse({
      store: 'sqlite',
      folder: house.folder,
      clock: house.clock,
      gateway: { port },
    });
    // Real time: the client itself waits a second before it comes back.
    const second = await program.until(
      () => program.events.filter(({ event }) => event === 'connect.pending')[1],
    );
    expect(second.payload.requestId).toBe(requestId);
    await approve(again.owner, requestId);
    expect((await program.hello()).auth.scopes).toEqual(READ);
  });

  it('a second stop, and a stop of a gateway without anybody, end as well', async () => {
    const house = await openHouse();
    await house.gateway.stop('once');
    await expect(house.gateway.stop('twice')).resolves.toBeUndefined();
  });
});
