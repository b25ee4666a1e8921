import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { deviceOf, type TestDevice } from '../protocol/device.ts';

/** Makes a device: its key in a file, as the programs of one computer share it. */
export function makeDeviceKey(path: string): TestDevice {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(path, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  return readDeviceKey(path);
}

export function readDeviceKey(path: string): TestDevice {
  return deviceOf(createPrivateKey(readFileSync(path)));
}
