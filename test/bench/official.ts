/** The real official client in real time, beside what the model of it predicts for the same approval moments. */
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayClient, type GatewayClientHostDeps } from '@openclaw/gateway-client';
import { deviceIdOf } from '../../src/protocol/signature.ts';
import { OFFICIAL } from './clients.ts';
import { type Figure, quantile } from './figures.ts';
import { type BenchHouse, openBenchHouse, SECRET } from './house.ts';
import { waitVirtually } from './waiting.ts';

export interface OfficialPlan {
  readonly episodes: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

const rawKey = (pem: string): Buffer =>
  Buffer.from(createPublicKey(pem).export({ format: 'jwk' }).x as string, 'base64url');

const HOST: GatewayClientHostDeps = {
  signDevicePayload: (pem, payload) => sign(null, Buffer.from(payload), pem).toString('base64url'),
  publicKeyRawBase64UrlFromPem: (pem) => rawKey(pem).toString('base64url'),
  loadDeviceAuthToken: () => null,
  storeDeviceAuthToken: () => {},
  clearDeviceAuthToken: () => {},
};

/** A client with a new device, and the moment at which it becomes usable. */
function startClient(url: string): {
  readonly client: GatewayClient;
  readonly deviceId: string;
  readonly usable: Promise<number>;
} {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
    publicKeyEncoding: { format: 'pem', type: 'spki' },
  });
  const deviceId = deviceIdOf(rawKey(publicKey));
  const hello = Promise.withResolvers<number>();
  const client = new GatewayClient({
    url,
    token: SECRET,
    clientName: 'gateway-client',
    mode: 'backend',
    platform: 'linux',
    scopes: ['operator.read'],
    deviceIdentity: { deviceId, privateKeyPem: privateKey, publicKeyPem: publicKey },
    hostDeps: HOST,
    onHelloOk: () => hello.resolve(performance.now()),
    onReconnectPaused: ({ reason }) => hello.reject(new Error(`the client stopped: ${reason}`)),
  });
  client.start();
  return { client, deviceId, usable: hello.promise };
}

/** Gives how long after the approval the client was usable, in ms. */
async function realEpisode(house: BenchHouse, approveAfterMs: number): Promise<number> {
  const { client, deviceId, usable } = startClient(house.gateway.url);
  await sleep(approveAfterMs);
  const approvedAt = performance.now();
  await house.approveDevice(deviceId);
  const usableAt = await usable;
  await client.stopAndWait();
  return usableAt - approvedAt;
}

/** A real client's moments are a little late, and at the edge of a slice that decides between 0 s and a whole delay. */
const EDGE_MS = 750;

/** How far each wait is, in seconds, from what the model gives for an approval at that moment, or just beside it. */
async function apartFromModel(real: readonly number[], approveAfterMs: readonly number[]): Promise<number[]> {
  const beside = [-EDGE_MS, 0, EDGE_MS].map((shift) => approveAfterMs.map((afterMs) => afterMs + shift));
  const predicted = await waitVirtually(OFFICIAL, beside.flat());
  return real.map((ms, index) => {
    const near = [0, 1, 2].map((turn) => predicted[turn * real.length + index]?.ms ?? Number.NaN);
    return Math.max(0, Math.min(...near) - ms, ms - Math.max(...near)) / 1000;
  });
}

export async function measureOfficial({ episodes, fromMs, untilMs }: OfficialPlan): Promise<Figure[]> {
  const approveAfterMs = Array.from({ length: episodes }, () => fromMs + Math.random() * (untilMs - fromMs));
  const house = await openBenchHouse();
  const real = await Promise.all(approveAfterMs.map((afterMs) => realEpisode(house, afterMs)));
  await house.stop();
  const apart = await apartFromModel(real, approveAfterMs);
  const seconds = real.map((ms) => ms / 1000);
  const note = `REAL time, the real client, ${episodes} at once, approved after ${fromMs / 1000}..${untilMs / 1000} s`;
  return [
    {
      name: 'real official client: p50',
      value: quantile(seconds, 0.5),
      unit: 's',
      lowest: Math.min(...seconds),
      highest: Math.max(...seconds),
      note,
    },
    {
      name: 'real client, apart from its model: p50',
      value: quantile(apart, 0.5),
      unit: 's',
      note: `the model with the same approval moments, give or take ${EDGE_MS} ms`,
    },
    {
      name: 'real client, apart from its model: most',
      value: Math.max(...apart),
      unit: 's',
      limit: 1.5,
      headline: 'real client beside model: most',
    },
  ];
}
