import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { generate } from 'selfsigned';
import { describe, expect, it } from 'vitest';
import { openHouse, SHARED, temporaryFolder } from '../support/harness.ts';
import { newDevice, RawClient } from '../support/raw-client.ts';

async function writeCertificate(
  folder: string,
  name: string,
): Promise<{ certPath: string; keyPath: string }> {
  const pems = await generate([{ name: 'commonName', value: name }], { keyType: 'ec' });
  const certPath = join(folder, 'cert.pem');
  const keyPath = join(folder, 'key.pem');
  writeFileSync(certPath, pems.cert);
  writeFileSync(keyPath, pems.private, { mode: 0o600 });
  return { certPath, keyPath };
}

function servedName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve((socket.getPeerCertificate(true) as DetailedPeerCertificate).subject.CN as string);
      socket.end();
    });
    socket.on('error', reject);
  });
}

describe('TLS, because clients refuse plain text to anything but loopback', () => {
  it('serves wss with a certificate, and takes a new one without a restart', async () => {
    const folder = temporaryFolder();
    const tls = await writeCertificate(folder, 'first.test');
    const house = await openHouse({ gateway: { tls } });
    expect(house.gateway.url).toMatch(/^wss:/);
    const client = await RawClient.open(house.gateway.url, {}, { rejectUnauthorized: false });
    await client.sendConnect({ device: newDevice(), scopes: ['operator.read'], auth: SHARED });
    expect((await client.event('connect.pending')).payload.requestId).toMatch(/\.r1$/);
    expect(await servedName(house.gateway.port)).toBe('first.test');

    await writeCertificate(folder, 'second.test');
    house.gateway.reloadTls();
    expect(await servedName(house.gateway.port)).toBe('second.test');
    expect(house.gateway.parked()).toBe(1);
    await client.end();
  });

  it('keeps the old certificate when the new one cannot be used, and says which file is wrong', async () => {
    const folder = temporaryFolder();
    const tls = await writeCertificate(folder, 'first.test');
    const house = await openHouse({ gateway: { tls } });
    writeFileSync(tls.certPath, 'not a certificate');
    expect(() => house.gateway.reloadTls()).toThrow(tls.certPath);
    expect(await servedName(house.gateway.port)).toBe('first.test');
  });
});
