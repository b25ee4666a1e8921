import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext } from 'node:tls';
import { WebSocketServer } from 'ws';
import { type Attached, type AttachOptions, attach } from './attach.ts';
import { isLoopback } from './locality.ts';
import { DEFAULT_LIMITS } from './settings.ts';

export interface GatewayOptions extends AttachOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 18789; 0 for any free port. */
  readonly port?: number;
  /** PEM files; read again by `reloadTls`. */
  readonly tls?: { readonly certPath: string; readonly keyPath: string };
}

export interface Gateway extends Attached {
  /** For example `ws://127.0.0.1:18789`. */
  readonly url: string;
  readonly port: number;
  /** Reads the certificate and key again; connections that are open keep theirs. Throws when a file is not usable. */
  reloadTls(): void;
}

/** Whether `local` holds by default: not when the host can be reached from elsewhere, nor behind a proxy (I14). */
function localByDefault({ host = '127.0.0.1', locality }: GatewayOptions): 'auto' | 'none' {
  const hasProxy = (locality?.trustedProxies?.length ?? 0) > 0;
  return (isLoopback(host) || host === 'localhost') && !hasProxy ? 'auto' : 'none';
}

/** Throws an error that names the file which cannot be used; nothing is served with half of a new pair. */
function readTls({ certPath, keyPath }: NonNullable<GatewayOptions['tls']>): { cert: Buffer; key: Buffer } {
  const pair = { cert: readFileSync(certPath), key: readFileSync(keyPath) };
  try {
    createSecureContext(pair);
  } catch (cause) {
    const message = `${certPath} and ${keyPath} are not a certificate and its key: ${(cause as Error).message}`;
    throw new Error(message, { cause });
  }
  return pair;
}

/** `/healthz` and `/readyz` for supervisors, `/startupz` for OpenClaw's CLI (PROTOCOL 8.1); nothing else is HTTP. */
const answerHttp: RequestListener = ({ url = '/' }, response) => {
  const isKnown = ['/healthz', '/readyz', '/startupz'].includes(url.split('?')[0] ?? '');
  const body = isKnown
    ? { ok: true, status: 'live', gateway: 'antechamber' }
    : { ok: false, error: 'this is a WebSocket gateway: connect with ws://' };
  response.writeHead(isKnown ? 200 : 426, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...(!isKnown && { upgrade: 'websocket', connection: 'Upgrade' }),
  });
  response.end(`${JSON.stringify(body)}\n`);
};

function refuseUpgrade(socket: Duplex): void {
  const body = 'Too many unauthenticated sockets';
  socket.end(
    `HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

/** Not a closure of the upgrade: that would keep its request, with all headers, as long as the socket lives. */
function destroySelf(this: Duplex): void {
  this.destroy();
}

function listen(server: Server | TlsServer, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Runs a gateway of its own: HTTP or HTTPS server, WebSocket server, waiting room. Rejects when it cannot listen. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { host = '127.0.0.1', port = 18_789, tls } = options;
  const http = tls ? createTlsServer(readTls(tls), answerHttp) : createServer(answerHttp);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: limits.frameBytes,
  });
  const address = await listen(http, port, host);
  const attached = attach(sockets, {
    ...options,
    locality: { ...options.locality, local: options.locality?.local ?? localByDefault(options) },
  });
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', destroySelf);
    if (attached.isCrowded(request)) return refuseUpgrade(socket);
    sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws, request));
  });
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    ...attached,
    url: `${tls ? 'wss' : 'ws'}://${shownHost}:${address.port}`,
    port: address.port,
    reloadTls: () => {
      if (tls && 'setSecureContext' in http) http.setSecureContext(readTls(tls));
    },
    stop: async (reason, restartExpectedMs) => {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      await attached.stop(reason, restartExpectedMs);
      sockets.close();
      http.closeAllConnections();
      await closed;
    },
  };
}
