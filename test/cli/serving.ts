import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { newDevice, RawClient } from '../support/raw-client.ts';
import { cli, type Ran, type Surroundings, temporaryFolder } from './terminal.ts';

export interface Serving {
  readonly url: string;
  readonly folder: string;
  readonly secret: string;
  readonly printed: () => string;
  stop(): Promise<Ran>;
  /** A verb through the gateway. */
  remote(args: readonly string[], around?: Surroundings): Promise<Ran>;
  /** A verb on the state folder. */
  local(args: readonly string[], around?: Surroundings): Promise<Ran>;
  /** A device that connects as a node host does, and so is held for long. */
  waiting(
    scopes?: readonly string[],
  ): Promise<{ client: RawClient; answer: ReturnType<RawClient['connect']> }>;
}

export const real = { now: () => Date.now() };

/** `serve` in this process, on a state folder of its own, where even local devices wait for an owner. */
export async function serving(flags: readonly string[] = [], around: Surroundings = {}): Promise<Serving> {
  const folder = join(temporaryFolder(), 'state');
  const interrupt = new AbortController();
  const listening = Promise.withResolvers<string>();
  let printed = '';
  const args = ['serve', '--port', '0', '--auto-approve', 'none', '--state-dir', folder, ...flags];
  const ran = cli(args, {
    ...real,
    ...around,
    interrupt: interrupt.signal,
    onOut: (text) => {
      printed += text;
      const found = /^listening on (ws:\/\/127\.0\.0\.1:\d+)$/m.exec(printed);
      if (found) listening.resolve(found[1] as string);
    },
  });
  void ran.then(({ err }) => listening.reject(new Error(`did not start: ${err}`)));
  const url = await listening.promise;
  const clients: RawClient[] = [];
  const stop = (): Promise<Ran> => {
    interrupt.abort();
    return ran;
  };
  onTestFinished(async () => {
    for (const client of clients) client.socket.terminate();
    await stop();
  });
  const secret = readFileSync(join(folder, 'shared-token'), 'utf8').trim();
  return {
    url,
    folder,
    secret,
    printed: () => printed,
    stop,
    remote: (more, around) => cli([...more, '--url', url, '--state-dir', folder], { ...real, ...around }),
    local: (more, around) => cli([...more, '--state-dir', folder], { ...real, ...around }),
    async waiting(scopes = ['operator.read']) {
      const client = await RawClient.open(url);
      clients.push(client);
      const ask = { device: newDevice(), scopes, mode: 'node', auth: { token: secret } };
      const answer = client.response(await client.sendConnect(ask));
      // Most tests end while it still waits.
      answer.catch(() => {});
      await client.event('connect.pending');
      return { client, answer };
    },
  };
}

export async function pendingId(gateway: Serving): Promise<string> {
  const { pending } = JSON.parse((await gateway.local(['devices', 'list', '--json'])).out);
  return pending[0].requestId;
}
