import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext } from 'node:tls';
import { WebSocketServer } from 'ws';
import { type Attached, type AttachOptions, attach } from './attach.ts';
import { type ConsoleOptions, openConsole } from './console-files.ts';
import { answerHttp } from './http-answers.ts';
import { isLoopback } from './locality.ts';
import { DEFAULT_LIMITS } from './settings.ts';
import { standaloneMethods } from './standalone-methods.ts';

export interface GatewayOptions extends AttachOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 18789; 0 for any free port. */
  readonly port?: number;
  /** PEM files; read again by `reloadTls`. */
  readonly tls?: { readonly certPath: string; readonly keyPath: string };
  /** Serves the web console, and lets in only pages of this gateway's own, unless `locality.allowedOrigins` names more. */
  readonly console?: ConsoleOptions;
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

function refuseUpgrade(socket: Duplex, body: string, status = '503 Service Unavailable'): void {
  // A peer that never ends its half would keep the socket, and with it the server's stop.
  socket.once('finish', destroySelf);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
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

/** What `attach` needs of a gateway of its own, which has nothing but devices to tell of. */
function ownAttach(options: GatewayOptions): AttachOptions {
  const { authority, locality, methods } = options;
  const allowedOrigins = locality?.allowedOrigins ?? (options.console && []);
  return {
    ...options,
    methods: { ...standaloneMethods(authority.clock), ...methods },
    locality: {
      ...locality,
      local: locality?.local ?? localByDefault(options),
      ...(allowedOrigins && { allowedOrigins }),
    },
  };
}

/** The console goes by the names that the gateway goes by. */
function ownConsole({ host, locality, console: own }: GatewayOptions): ConsoleOptions {
  const origins = (locality?.allowedOrigins ?? []).filter((origin) => URL.canParse(origin));
  const hosts = [
    ...(own?.hosts ?? []),
    ...(host ? [host] : []),
    ...origins.map((origin) => new URL(origin).hostname),
  ];
  return { ...own, hosts };
}

/** Runs a gateway of its own: HTTP or HTTPS server, WebSocket server, waiting room. Rejects when it cannot listen. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { authority, host = '127.0.0.1', port = 18_789, tls, version = 'embedded' } = options;
  const { clock, store } = authority;
  const startedMs = clock.now();
  let isStopping = false;
  const answer = answerHttp({
    askStore: () => store.head(),
    isStopping: () => isStopping,
    version,
    uptimeMs: () => Math.max(0, clock.now() - startedMs),
  });
  const pages = options.console && openConsole(ownConsole(options));
  const answerAll: RequestListener = (request, response) => {
    if (!pages?.answer(request, response)) answer(request, response);
  };
  const http = tls ? createTlsServer(readTls(tls), answerAll) : createServer(answerAll);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: limits.frameBytes,
  });
  const address = await listen(http, port, host);
  const attached = attach(sockets, ownAttach(options));
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', destroySelf);
    if (isStopping) return refuseUpgrade(socket, 'The gateway is stopping');
    // A page that reached us by somebody else's name has an Origin that matches it.
    if (pages && request.headers.origin && !pages.knowsHost(request)) {
      return refuseUpgrade(socket, 'This gateway does not go by that name', '421 Misdirected Request');
    }
    if (attached.isCrowded(request)) return refuseUpgrade(socket, 'Too many unauthenticated sockets');
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
      // It listens until the last socket is gone, so that `/readyz` can say why nobody is let in any more.
      isStopping = true;
      await attached.stop(reason, restartExpectedMs);
      sockets.close();
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      http.closeAllConnections();
      await closed;
    },
  };
}
