import { createPrivateKey } from 'node:crypto';
import { deviceOf, type TestDevice } from '../protocol/device.ts';
import type { Rng } from './rng.ts';

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A device whose key is one of the seed's choices: its id is the same in every run. */
export function seededDevice(rng: Rng): TestDevice {
  const key = Buffer.concat([PKCS8_PREFIX, rng.bytes(32)]);
  return deviceOf(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
}

/** A token as a device keeps it after a full hello. */
export interface Kept {
  readonly token: string;
  readonly scopes: readonly string[];
}

/** One computer: a device identity and a token store that all its programs share (PROTOCOL 0.4). */
export class Host {
  readonly name: string;
  readonly device: TestDevice;
  readonly address: string;
  /** It runs on the gateway's own computer. */
  readonly isLocal: boolean;
  /** By role. */
  readonly tokens = new Map<string, Kept>();
  /** The shared secret as it is configured here; undefined where only device tokens are. */
  secret: string | undefined;

  constructor(
    name: string,
    device: TestDevice,
    place: { readonly address: string; readonly isLocal: boolean },
  ) {
    this.name = name;
    this.device = device;
    this.address = place.address;
    this.isLocal = place.isLocal;
  }
}
