/**
 * A program on the device, in a process of its own: `node program.ts <url> <key file> <scopes>`, with the shared token
 * in DEMO_TOKEN. It asks for its scopes as an internal client of OpenClaw 2026.2.19 does (protocol 3, mode `backend`)
 * and comes back one second after each close, for ever; once it is let in it stays. It writes one JSON value a line.
 */
import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { RawClient } from '../support/raw-client.ts';
import { readDeviceKey } from './device-key.ts';

const AGAIN_MS = 1000;

/** What happened on the socket of one attempt. */
export type Told =
  | { readonly what: 'opened' | 'held'; readonly attempt: number; readonly atMs: number }
  | { readonly what: 'hello'; readonly attempt: number; readonly atMs: number; readonly connId: string }
  | {
      readonly what: 'closed';
      readonly attempt: number;
      readonly atMs: number;
      readonly code: number;
      readonly reason: string;
      /** What the refusal says that a client should do; null when it says nothing. */
      readonly next: string | null;
    };

const tell = (told: Told): void => void writeSync(1, `${JSON.stringify(told)}\n`);

async function attemptOnce(attempt: number, url: string, keyFile: string, scopes: string[]): Promise<void> {
  const client = await RawClient.open(url);
  tell({ what: 'opened', attempt, atMs: Date.now() });
  client.event('connect.pending').then(
    () => tell({ what: 'held', attempt, atMs: Date.now() }),
    // A gateway that lets in or refuses at once never says it.
    () => {},
  );
  const answer = await client.connect({
    device: readDeviceKey(keyFile),
    scopes,
    clientId: 'gateway-client',
    mode: 'backend',
    protocol: 3,
    auth: { token: process.env.DEMO_TOKEN ?? '' },
  });
  if (answer.ok) {
    tell({ what: 'hello', attempt, atMs: Date.now(), connId: answer.payload.server.connId });
  }
  const { code, reason } = await client.closed();
  const next = answer.error?.details?.recommendedNextStep ?? null;
  tell({ what: 'closed', attempt, atMs: Date.now(), code, reason, next });
}

const [url, keyFile, scopes] = process.argv.slice(2);
if (url === undefined || keyFile === undefined || scopes === undefined) {
  throw new Error('usage: program.ts <url> <key file> <scopes with commas>');
}
for (let attempt = 1; ; attempt++) {
  await attemptOnce(attempt, url, keyFile, scopes.split(','));
  await pause(AGAIN_MS);
}
