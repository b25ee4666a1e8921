import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { deviceIdOf } from '../../src/protocol/signature.ts';
import type { TestDevice } from '../support/raw-client.ts';

/** Makes a device: its key in a file, as the programs of one computer share it. */
export function makeDeviceKey(path: string): TestDevice {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(path, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  return readDeviceKey(path);
}

export function readDeviceKey(path: string): TestDevice {
  const privateKey = createPrivateKey(readFileSync(path));
  const key = createPublicKey(privateKey);
  const raw = Buffer.from(key.export({ format: 'jwk' }).x as string, 'base64url');
  return {
    id: deviceIdOf(raw),
    raw,
    publicKey: raw.toString('base64url'),
    key,
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'),
  };
}
