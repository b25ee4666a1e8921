import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Door, openDoor, type Refusal } from './door.ts';
import type { Inspector } from './inspector.ts';
import { type PageAt, readPages } from './pages.ts';

/** How much may lie unread in a viewer's socket before nothing more is sent, in bytes. */
const UNREAD_BYTES = 256 * 1024;
const MOST_VIEWERS = 8;
/** A viewer has nothing to say. */
const MOST_SAID_BYTES = 1024;

/** Where the actors can be looked at. Each address has the token in it: whoever has one sees all that viewers see. */
export interface InspectorServer {
  /** The local page. */
  readonly url: string;
  /** A page that shows them in the inspector of stately.ai; what is shown goes to that page, in the same browser. */
  readonly hostedUrl: string;
  /** For `createWebSocketReceiver` of `@statelyai/inspect`. */
  readonly socketUrl: string;
  stop(): Promise<void>;
}

/** Serves what `inspector` shows, on 127.0.0.1 and behind a new token. `port` 0: any free one. Rejects when it cannot
 * listen. */
export async function startInspectorServer(
  inspector: Inspector,
  { port = 0 }: { readonly port?: number } = {},
): Promise<InspectorServer> {
  const pageAt = readPages();
  const http = createServer();
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MOST_SAID_BYTES,
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, '127.0.0.1', () => {
      http.off('error', reject);
      resolve();
    });
  });
  const { port: bound } = http.address() as AddressInfo;
  const door = openDoor(bound);
  http.on('request', (request, response) => answerPage(door, pageAt, request, response));
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const refused = door.refusesViewer(request) ?? tooMany(sockets.clients.size);
    if (refused) return refuseUpgrade(socket, refused);
    sockets.handleUpgrade(request, socket, head, (ws) => show(inspector, ws, socket));
  });
  const base = `127.0.0.1:${bound}`;
  return {
    url: `http://${base}/#token=${door.token}`,
    hostedUrl: `http://${base}/hosted#token=${door.token}`,
    socketUrl: `ws://${base}/?token=${door.token}`,
    stop: async () => {
      inspector.flush();
      for (const viewer of sockets.clients) viewer.terminate();
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      http.closeAllConnections();
      await closed;
    },
  };
}

function tooMany(viewers: number): Refusal | null {
  return viewers < MOST_VIEWERS ? null : { status: 503, text: `at most ${MOST_VIEWERS} may look at once` };
}

function show(inspector: Inspector, ws: WebSocket, socket: Duplex): void {
  const { viewer, leave } = inspector.watch({
    isFull: () => ws.readyState !== ws.OPEN || ws.bufferedAmount > UNREAD_BYTES,
    send: (texts) => {
      // One write for all of them: a call of the system for each frame would cost more than the frames.
      socket.cork();
      for (const text of texts) ws.send(text);
      socket.uncork();
    },
  });
  socket.on('drain', () => viewer.flush());
  ws.on('message', () => ws.close(1008, 'viewers only look'));
  ws.on('close', leave);
  // ws closes the socket by itself; without a listener the process would end.
  ws.on('error', leave);
}

function refuseUpgrade(socket: Duplex, { status, text }: Refusal): void {
  const body = `${text}\n`;
  // A peer that never ends its half would keep the socket, and with it the server's stop.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

function answerPage(door: Door, pageAt: PageAt, request: IncomingMessage, response: ServerResponse): void {
  const refused = door.refusesPage(request);
  const { method = 'GET', url = '/' } = request;
  const isRead = method === 'GET' || method === 'HEAD';
  const page = refused || !isRead ? undefined : pageAt(url.split('?')[0] ?? '/', request.headers.host ?? '');
  if (page) return void response.writeHead(200, page.headers).end(page.body);
  const { status, text } = refused ?? { status: 404, text: 'there is nothing here' };
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
