import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import {
  type DeviceIdentity,
  GatewayClient,
  type GatewayClientHostDeps,
  type GatewayClientOptions,
} from '@openclaw/gateway-client';
import { onTestFinished } from 'vitest';
import { openLedger } from './frame-ledger.ts';
import { SECRET } from './harness.ts';

/** What a device remembers of a hello. */
interface Kept {
  readonly token: string;
  readonly scopes: readonly string[];
}

function rawKey(publicKeyPem: string): Buffer {
  return Buffer.from(createPublicKey(publicKeyPem).export({ format: 'jwk' }).x as string, 'base64url');
}

/** One device identity with its token store, shared by all programs of a host as OpenClaw's state folder is. */
export class OfficialDevice {
  readonly identity: DeviceIdentity;
  /** By role. */
  readonly tokens = new Map<string, Kept>();
  readonly hostDeps: GatewayClientHostDeps = {
    signDevicePayload: (pem, payload) => sign(null, Buffer.from(payload), pem).toString('base64url'),
    publicKeyRawBase64UrlFromPem: (pem) => rawKey(pem).toString('base64url'),
    loadDeviceAuthToken: ({ role }) => {
      const kept = this.tokens.get(role);
      return kept ? { token: kept.token, scopes: [...kept.scopes] } : null;
    },
    storeDeviceAuthToken: ({ role, token, scopes }) => void this.tokens.set(role, { token, scopes }),
    clearDeviceAuthToken: ({ role }) => void this.tokens.delete(role),
  };

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
      privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
      publicKeyEncoding: { format: 'pem', type: 'spki' },
    });
    this.identity = {
      deviceId: createHash('sha256').update(rawKey(publicKey)).digest('hex'),
      privateKeyPem: privateKey,
      publicKeyPem: publicKey,
    };
  }

  get id(): string {
    return this.identity.deviceId;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the wire holds.
type Loose = any;

/** One program that uses the official client: what it was told, in order, and how to wait for it. */
export class OfficialProgram {
  readonly client: GatewayClient;
  readonly hellos: Loose[] = [];
  readonly errors: Loose[] = [];
  readonly events: { readonly event: string; readonly payload?: Loose }[] = [];
  readonly pauses: { readonly detailCode: string | null; readonly reason: string }[] = [];
  readonly closes: { readonly code: number; readonly reason: string }[] = [];
  readonly #ledger = openLedger();
  #wake = Promise.withResolvers<void>();

  /** Connects with the shared secret, unless `options.token` says otherwise. */
  constructor(url: string, device: OfficialDevice | null, options: Partial<GatewayClientOptions> = {}) {
    const note = <T>(list: T[], entry: T): void => {
      list.push(entry);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    };
    this.client = new GatewayClient({
      url,
      token: SECRET,
      clientName: 'gateway-client',
      mode: 'backend',
      platform: 'linux',
      deviceIdentity: device?.identity ?? null,
      ...(device && { hostDeps: device.hostDeps }),
      onHelloOk: (hello) => {
        this.#welcomed(hello);
        note(this.hellos, hello);
      },
      onConnectError: (error) => note(this.errors, error),
      onEvent: (event) => {
        this.#ledger.received(JSON.stringify(event));
        note(this.events, event);
      },
      onReconnectPaused: (info) => note(this.pauses, info),
      onClose: (code, reason) => note(this.closes, { code, reason }),
      ...options,
    });
    this.client.start();
    onTestFinished(() => this.client.stop());
  }

  /** The client hands out what its hello says, and keeps the frames to itself. */
  #welcomed(hello: Loose): void {
    const id = `hello ${this.hellos.length}`;
    const params = { minProtocol: 3, maxProtocol: 4 };
    this.#ledger.sent(JSON.stringify({ type: 'req', id, method: 'connect', params }));
    this.#ledger.received(JSON.stringify({ type: 'res', id, ok: true, payload: hello }));
  }

  /** Waits until `find` gives something; the client itself keeps the deadlines. */
  async until<T>(find: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = find();
      if (found) return found;
      await this.#wake.promise;
    }
  }

  hello(): Promise<Loose> {
    return this.until(() => this.hellos.at(-1));
  }

  error(): Promise<Loose> {
    return this.until(() => this.errors.at(-1));
  }

  event(name: string): Promise<Loose> {
    return this.until(() => this.events.find(({ event }) => event === name)?.payload);
  }

  stop(): Promise<void> {
    return this.client.stopAndWait();
  }
}
