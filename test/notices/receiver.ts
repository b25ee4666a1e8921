import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { onTestFinished } from 'vitest';

export interface Received {
  readonly id: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever was sent.
  readonly data: any;
  readonly headers: IncomingHttpHeaders;
}

/** A receiver as its owner would write it: the scheme's own library checks each message. */
export async function openReceiver(secret: string) {
  const received: Received[] = [];
  /** Ids of all tries, those that were answered with an error among them. */
  const tried: string[] = [];
  const forged: unknown[] = [];
  let status = 200;
  let location: string | undefined;
  let held: Promise<void> | undefined;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      const body = Buffer.concat(parts).toString('utf8');
      tried.push(String(request.headers['webhook-id']));
      await held;
      try {
        const { type, data } = new Webhook(secret).verify(
          body,
          request.headers as Record<string, string>,
        ) as Received;
        const id = String(request.headers['webhook-id']);
        if (status === 200) received.push({ id, type, data, headers: request.headers });
      } catch (error) {
        forged.push(error);
      }
      response.writeHead(status, location === undefined ? {} : { location }).end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${port}/a-secret-path?token=hidden`,
    received,
    tried,
    forged,
    answerWith(next: number, to?: string) {
      status = next;
      location = to;
    },
    /** Answers nothing until the function that it returns is called. */
    hold(): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
  };
}
