/** Who may look, and what one who looks can do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { openDoor } from '../../src/inspect/door.ts';
import { Inspector } from '../../src/inspect/inspector.ts';
import { type InspectorServer, startInspectorServer } from '../../src/inspect/inspector-server.ts';
import { live, pair, READ } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import { openInspected, PATIENCE } from './looking.ts';

async function open(): Promise<InspectorServer> {
  const server = await startInspectorServer(new Inspector());
  onTestFinished(() => server.stop());
  return server;
}

const portOf = ({ socketUrl }: InspectorServer): string => new URL(socketUrl).port;

/** The status of a refused upgrade, or 101. */
function knock(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { headers });
    onTestFinished(() => socket.terminate());
    socket.on('error', () => {});
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode);
      request.destroy();
    });
  });
}

/** The bytes that ask for an upgrade, of whoever writes them by hand. */
function upgradeOf({ hostname, port }: URL, path: string): string {
  const key = 'dGhlIHNhbXBsZSBub25jZQ==';
  return `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
}

/** One who asks for this path, and never ends the connection. Gives the first line of the answer. */
async function lean({ socketUrl }: InspectorServer, path: string): Promise<string | undefined> {
  const url = new URL(socketUrl);
  const socket = connectTcp({ port: Number(url.port), host: url.hostname, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.write(upgradeOf(url, path));
  const [answer] = await once(socket, 'data');
  return String(answer).split('\r\n')[0];
}

describe('who may look', () => {
  it('is who has the token, without a page or with ours', async () => {
    const server = await open();
    expect(await knock(server.socketUrl)).toBe(101);
    for (const host of ['127.0.0.1', 'localhost']) {
      const origin = `http://${host}:${portOf(server)}`;
      expect(await knock(server.socketUrl, { origin })).toBe(101);
    }
  });

  it('is nobody without the token', async () => {
    const server = await open();
    const other = await open();
    const [plain = '', token = ''] = server.socketUrl.split('?token=');
    expect(await knock(plain)).toBe(401);
    expect(await knock(`${plain}?token=`)).toBe(401);
    expect(await knock(`${plain}?token=${token.slice(0, -1)}`)).toBe(401);
    expect(await knock(`${plain}?token=${other.socketUrl.split('?token=')[1]}`)).toBe(401);
    expect(token).toMatch(/^[\w-]{43}$/);
  });

  it.each(['//', '/%', '/?token=%ff', '/??token='])('is nobody who asks for %s', async (path) => {
    expect(await lean(await open(), path)).toBe('HTTP/1.1 401 Refused');
  });

  it('is not waited for at the stop, if refused', async () => {
    const server = await startInspectorServer(new Inspector());
    await lean(server, '/');
    await server.stop();
  });

  it.each(['https://evil.example', 'null', 'http://127.0.0.1', 'https://stately.ai'])(
    'is no page of %s',
    async (origin) => {
      const server = await open();
      expect(await knock(server.socketUrl, { origin })).toBe(403);
    },
  );

  it.each(['evil.example', 'evil.example:{port}', '127.0.0.1:1', '[::1]:{port}'])(
    'is nobody who calls us %s',
    async (name) => {
      const server = await open();
      const host = name.replace('{port}', portOf(server));
      expect(await knock(server.socketUrl, { host })).toBe(421);
    },
  );

  it('calls the port that browsers leave out by no number', () => {
    const headers = { host: 'localhost', origin: 'http://localhost' };
    const { token, refusesViewer } = openDoor(80);
    expect(refusesViewer({ headers, url: `/?token=${token}` } as IncomingMessage)).toBeNull();
    expect(refusesViewer({ headers, url: '/?token=' } as IncomingMessage)).toMatchObject({ status: 401 });
  });

  it('is at most 8 at once', async () => {
    const server = await open();
    for (let viewer = 0; viewer < 8; viewer++) expect(await knock(server.socketUrl)).toBe(101);
    expect(await knock(server.socketUrl)).toBe(503);
  });

  it('is nobody by another address than 127.0.0.1', async () => {
    const server = await open();
    const socket = connectTcp(Number(portOf(server)), '127.0.0.2');
    const [error] = await once(socket, 'error');
    expect(error.code).toBe('ECONNREFUSED');
  });
});

describe('the pages', () => {
  it('are served under a policy that allows nothing inline and nothing from elsewhere', async () => {
    const server = await open();
    const base = server.url.split('#')[0] ?? '';
    for (const path of ['', 'viewer.css', 'viewer.js', 'frames.js', 'hosted.js', 'hosted']) {
      const answer = await fetch(`${base}${path}`);
      expect(answer.status, path).toBe(200);
      const policy = answer.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      const frames = path === 'hosted' ? 'https://stately.ai' : "'none'";
      expect(policy.split('; '), path).toContain(`frame-src ${frames}`);
      expect(answer.headers.get('cross-origin-opener-policy'), path).toBe('same-origin');
      const body = await answer.text();
      expect(body).not.toMatch(/<script>|<style>| style="| on\w+="/);
      expect(body).not.toContain(server.url.split('token=')[1]);
    }
  });

  it('are read before anybody asks: no file can be opened while too many sockets are', async () => {
    const url = new URL(await startCrowded());
    expect((await fetch(new URL('viewer.js', url))).status).toBe(200);
  });

  it('are nothing else', async () => {
    const server = await open();
    const base = server.url.split('#')[0] ?? '';
    for (const path of ['toString', '../package.json', 'page/viewer.js', 'tsconfig.json']) {
      expect((await fetch(`${base}${path}`)).status, path).toBe(404);
    }
    expect((await fetch(base, { method: 'POST' })).status).toBe(404);
  });
});

/** A process of its own with an inspector's server, which may open one file or socket more. Gives its address. */
async function startCrowded(): Promise<string> {
  const from = (path: string) => JSON.stringify(new URL(`../../src/inspect/${path}`, import.meta.url).href);
  const script = `
    import { openSync, closeSync } from 'node:fs';
    import { Inspector } from ${from('inspector.ts')};
    import { startInspectorServer } from ${from('inspector-server.ts')};
    const { url } = await startInspectorServer(new Inspector());
    const held = [];
    try { for (;;) held.push(openSync(process.execPath)); } catch {}
    closeSync(held.pop());
    console.log(url);`;
  const limited = [
    '-c',
    'ulimit -n 64; exec "$@"',
    'sh',
    process.execPath,
    '--input-type=module',
    '-e',
    script,
  ];
  const child = spawn('sh', limited, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill());
  const [printed] = await once(child.stdout, 'data');
  return String(printed).trim();
}

/** One who reads all that it is sent, and keeps nothing. */
async function reading({ socketUrl }: InspectorServer): Promise<{ until(part: string): Promise<void> }> {
  const socket = new WebSocket(socketUrl);
  onTestFinished(() => socket.terminate());
  let last = '';
  let onFrame = (): void => {};
  socket.on('message', (data) => {
    last = String(data);
    onFrame();
  });
  await once(socket, 'open');
  return {
    until: (part) =>
      new Promise((resolve) => {
        onFrame = () => last.includes(part) && resolve();
        onFrame();
      }),
  };
}

/** Bytes that are held, garbage not counted. */
function used(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('a viewer', () => {
  it('has nothing to say, and changes nothing by it', async () => {
    const { house, server, inspector } = await openInspected();
    await pair(house, newDevice(), READ);
    const socket = new WebSocket(server.socketUrl);
    await once(socket, 'open');
    const size = inspector.size;
    socket.send('{"type":"@xstate.event","sessionId":"x:0","event":{"type":"socket.closed"}}');
    const [code] = await once(socket, 'close');
    expect(code).toBe(1008);
    expect(inspector.size).toBe(size);
  });

  it('that does not read costs the gateway no memory', async () => {
    const { server, inspector } = await openInspected();
    const socket = new WebSocket(server.socketUrl);
    await once(socket, 'open');
    onTestFinished(() => socket.terminate());
    socket.pause();
    const before = used();
    const deviceId = 'd'.repeat(64);
    const client = { id: 'cli', mode: 'cli' };
    const snapshot = {
      status: 'active',
      value: 'challenged',
      context: { manner: 'auto', commandLine: false, request: null, live: [] as never, generation: 0 },
      tags: new Set<string>(),
    } as const;
    const other = await reading(server);
    // 30,000 frames, 150 MB if all of it were kept: an actor's frame holds the definition of its machine.
    for (let life = 0; life < 15_000; life++) {
      const connId = `c${life}`;
      inspector.opened({ connId, deviceId, role: 'operator', client }, snapshot).gone();
      // As fast as somebody reads: otherwise nothing but the rate would be too much.
      if (life % 500 === 499) await other.until(`"${connId}"`);
    }
    expect(used() - before).toBeLessThan(60e6);
    const isTold = Promise.withResolvers<void>();
    let missed = 0;
    socket.on('message', (data) => {
      const { event } = JSON.parse(String(data));
      if (event?.type === 'frames.dropped') missed += event.count;
      if (missed > 20_000) isTold.resolve();
    });
    socket.resume();
    await isTold.promise;
  });

  it('is told of nobody who is gone, after 10,000 sockets', { timeout: 120_000 }, async () => {
    const { house, inspector, look } = await openInspected();
    const url = new URL(house.gateway.url);
    const upgrade = upgradeOf(url, '/');
    let left = 10_000;
    const lane = async (): Promise<void> => {
      while (left-- > 0) {
        const socket = connectTcp(Number(url.port), url.hostname);
        socket.write(upgrade);
        // The challenge is there, so that the actor is, too.
        await once(socket, 'data');
        socket.destroy();
      }
    };
    await Promise.all(Array.from({ length: 32 }, lane));
    const { client } = await live(house, { device: null, scopes: READ });
    const viewer = await look();
    const sessionId = await viewer.standing('connection', 'paired');
    await expect.poll(() => inspector.size, PATIENCE).toBe(1);
    await client.end();
    await viewer.until((frames) =>
      frames.find((frame) => frame.sessionId === sessionId && frame.snapshot?.status === 'stopped'),
    );
    expect(inspector.size).toBe(0);
  });
});
