import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';
import { describe, expect, it, onTestFinished } from 'vitest';
import { answerHttp, type HttpFacts } from '../../src/gateway/http-answers.ts';
import { openHouse, temporaryFolder } from '../support/harness.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the wire holds.
  readonly body: any;
}

/** `url` may be of WebSocket: the same port answers both. */
async function ask(url: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
  const target = url.replace(/^ws/, 'http');
  const send = target.startsWith('https:') ? secure : plain;
  const sent = send(target, { method, headers, agent: false, rejectUnauthorized: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const body = await text(response);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: body,
    body: body === '' ? undefined : JSON.parse(body),
  };
}

const PAGES = ['/healthz', '/readyz', '/startupz'];

describe('HTTP on the port of the gateway', () => {
  it.each(PAGES)('%s answers GET and HEAD, with or without a query, and nothing else', async (page) => {
    const { gateway } = await openHouse();
    const got = await ask(`${gateway.url}${page}`);
    expect(got).toMatchObject({ status: 200, body: { ok: true, gateway: 'antechamber' } });
    expect(got.headers['cache-control']).toBe('no-store');
    expect((await ask(`${gateway.url}${page}?verbose=1`)).status).toBe(200);
    const head = await ask(`${gateway.url}${page}`, 'HEAD');
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers['content-length']).toBe(got.headers['content-length']);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const refused = await ask(`${gateway.url}${page}`, method);
      expect(refused).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' }, body: { ok: false } });
    }
  });

  it('says what the port is for at any other path', async () => {
    const { gateway } = await openHouse();
    for (const path of ['/', '/readyz/', '/healthzz', '/constructor']) {
      const answer = await ask(`${gateway.url}${path}`);
      expect(answer).toMatchObject({ status: 426, headers: { upgrade: 'websocket' }, body: { ok: false } });
    }
  });

  it('is the same over TLS', async () => {
    const folder = temporaryFolder();
    const pems = await generate([{ name: 'commonName', value: 'gateway.test' }], { keyType: 'ec' });
    const tls = { certPath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem') };
    writeFileSync(tls.certPath, pems.cert);
    writeFileSync(tls.keyPath, pems.private, { mode: 0o600 });
    const { gateway } = await openHouse({ gateway: { tls } });
    for (const page of PAGES) expect((await ask(`${gateway.url}${page}`)).status).toBe(200);
    expect((await ask(`${gateway.url}/readyz`, 'POST')).status).toBe(405);
  });
});

describe('/readyz', () => {
  it.each(['memory', 'sqlite'] as const)(
    'is 503 when the %s store is gone, and nothing else is',
    async (store) => {
      const house = await openHouse({ store });
      expect((await ask(`${house.gateway.url}/readyz`)).body).toMatchObject({ ok: true, status: 'ready' });
      await house.store.close();
      const answer = await ask(`${house.gateway.url}/readyz`);
      expect(answer).toMatchObject({
        status: 503,
        body: { ok: false, status: 'not-ready', reason: 'store' },
      });
      expect((await ask(`${house.gateway.url}/readyz`, 'HEAD')).status).toBe(503);
      expect((await ask(`${house.gateway.url}/healthz`)).status).toBe(200);
      // A 503 here would tell OpenClaw's CLI that the gateway is starting still.
      expect((await ask(`${house.gateway.url}/startupz`)).body).toMatchObject({
        ok: true,
        status: 'started',
      });
    },
  );

  it('is 503 while the gateway stops, lets nobody in any more, and then the port is free', async () => {
    const house = await openHouse();
    const client = await house.client();
    // It does not answer the close frame, so that the stop has to wait for it.
    client.socket.pause();
    const stopped = house.gateway.stop('maintenance');
    const answer = await ask(`${house.gateway.url}/readyz`);
    expect(answer).toMatchObject({ status: 503, body: { status: 'not-ready', reason: 'stopping' } });
    expect((await ask(`${house.gateway.url}/startupz`)).status).toBe(200);
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const sent = plain(house.gateway.url.replace(/^ws/, 'http'), {
      agent: false,
      headers: { ...upgrade, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    });
    sent.end();
    const [refused] = (await once(sent, 'response')) as [IncomingMessage];
    expect(refused.statusCode).toBe(503);
    client.socket.resume();
    await stopped;
    await expect(ask(`${house.gateway.url}/readyz`)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a store that stands still', () => {
  async function serve(facts: Partial<HttpFacts>): Promise<string> {
    const listener = answerHttp({
      askStore: () => Promise.resolve(),
      isStopping: () => false,
      version: 'test',
      uptimeMs: () => 5,
      ...facts,
    });
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('is told of in time, asked once however many ask, and ready again as soon as it answers', async () => {
    const still = Promise.withResolvers<void>();
    let asked = 0;
    const askStore = (): Promise<void> => {
      asked += 1;
      return still.promise;
    };
    const url = await serve({ askStore, patienceMs: 20 });
    const answers = await Promise.all([1, 2, 3].map(() => ask(`${url}/readyz`)));
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(answers[0]?.body).toMatchObject({ reason: 'store' });
    expect(asked).toBe(1);
    still.resolve();
    expect((await ask(`${url}/readyz`)).status).toBe(200);
  });

  it('a store that throws at once is no crash, and its words stay inside', async () => {
    const url = await serve({
      askStore: () => {
        throw new Error('/var/secret/path is gone');
      },
    });
    const answer = await ask(`${url}/readyz`);
    expect(answer).toMatchObject({ status: 503, body: { reason: 'store' } });
    expect(answer.text).not.toContain('secret');
  });

  it('/startupz says the version and for how long it runs', async () => {
    const url = await serve({});
    expect((await ask(`${url}/startupz`)).body).toEqual({
      ok: true,
      status: 'started',
      gateway: 'antechamber',
      version: 'test',
      uptimeMs: 5,
    });
  });
});
