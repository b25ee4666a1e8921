/**
 * How real clients wait, in a few lines each. Their delays are what the clients themselves publish:
 * - `@openclaw/gateway-client` 2026.9.1 (dist/index.mjs, `reconnect`): 1 s, doubled, at most 30 s, no jitter, reset only
 *   by hello; pauses for ever on PAIRING_REQUIRED unless told `wait_then_retry` or `pauseReconnect: false`.
 * - OpenClaw 2026.2.19's client: the same delays, and nothing stops it.
 * - `openclaw-node` 0.14.0 (dist/index.js, `maybeReconnect`): 1 s, doubled, at most 30 s; gives up after 10 reconnects
 *   without a hello (`maxReconnectAttempts`). Where its user raised that, it waits as the official client does.
 */
export interface ClientModel {
  readonly name: string;
  readonly protocol: 3 | 4;
  readonly mode: string;
  readonly clientId: string;
  readonly userAgent?: string;
  /** How often it comes back without a hello before it gives up. */
  readonly mostReconnects: number;
  /** Whether a refusal ends its trying for good. */
  stopsOn(details: { readonly recommendedNextStep?: string; readonly pauseReconnect?: boolean }): boolean;
}

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 30_000;

/** All three wait the same time before their n-th reconnect in a row; n counts from 0. */
export function delayBefore(reconnect: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** reconnect);
}

const never = (): boolean => false;
const unlessTold: ClientModel['stopsOn'] = ({ recommendedNextStep, pauseReconnect }) =>
  pauseReconnect !== false && recommendedNextStep !== 'wait_then_retry';

const ours = { clientId: 'gateway-client', mode: 'backend' } as const;

export const OFFICIAL: ClientModel = {
  name: 'official client',
  protocol: 4,
  ...ours,
  mostReconnects: Number.POSITIVE_INFINITY,
  stopsOn: unlessTold,
};

export const MODELS: readonly ClientModel[] = [
  OFFICIAL,
  { ...OFFICIAL, name: 'official client, node host', mode: 'node', clientId: 'node-host' },
  { ...OFFICIAL, name: '2026.2.19 client', protocol: 3, stopsOn: never },
  {
    ...OFFICIAL,
    name: 'openclaw-node, 10 reconnects',
    userAgent: 'openclaw-node/0.14.0',
    mostReconnects: 10,
    stopsOn: never,
  },
];
