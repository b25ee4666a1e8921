import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Where the built console is: beside the compiled sources, or in the `dist` of a checkout. */
const FOLDERS = ['../../console/', '../../dist/console/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

const KINDS: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface ConsoleOptions {
  /** The folder that `npm run build` wrote. Default: the one of this package. */
  readonly folder?: string;
  /** Where the page is, with a slash at both ends. Default `/console/`. */
  readonly path?: string;
  /** The gateway's WebSocket as the page finds it, relative to the page. Default `../`. */
  readonly socket?: string;
  /** Names by which browsers may call this host, besides loopback, addresses and the host's own name. */
  readonly hosts?: readonly string[];
}

/** The console as HTTP. */
export interface ConsolePages {
  /** False for a path that is none of the console's: nothing was answered. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
  /** Whether the `Host` of a request is one that this gateway goes by. A name that somebody else's DNS made point here
   * is none (DNS rebinding). */
  knowsHost(request: IncomingMessage): boolean;
}

interface File {
  readonly type: string;
  readonly etag: string;
  readonly bodies: Readonly<Record<'br' | 'gzip' | 'identity', Buffer>>;
}

function readFile(path: string, amend: (text: string) => string): File {
  const raw = readFileSync(path);
  const body = path.endsWith('.html') ? Buffer.from(amend(raw.toString('utf8'))) : raw;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
  return {
    type: KINDS[extname(path)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    bodies: { br: brotliCompressSync(body, { params }), gzip: gzipSync(body), identity: body },
  };
}

function readFiles(folder: string, socket: string): ReadonlyMap<string, File> {
  const amend = (text: string): string => text.replace('content="../"', `content="${socket}"`);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => extname(name) in KINDS,
  );
  return new Map(names.map((name) => [name.replaceAll('\\', '/'), readFile(join(folder, name), amend)]));
}

/** The host of a `Host` header without its port, in lower case; an IPv6 address without its brackets. */
function hostOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  return (headers.host ?? '')
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/^\[(.*)\]$/, '$1');
}

/**
 * Nothing inline, nothing from elsewhere, in no frame. Sockets are named besides `'self'`, because Safari before 15.4
 * does not count them to it. `host` was checked, so that it cannot carry a directive of its own.
 */
function policyFor(host: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ws://${host} wss://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

function headersFor(host: string): Record<string, string> {
  return {
    'content-security-policy': policyFor(host),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    vary: 'accept-encoding',
  };
}

function encodingFor({ headers }: IncomingMessage): 'br' | 'gzip' | 'identity' {
  const accepted = String(headers['accept-encoding'] ?? '');
  return (['br', 'gzip'] as const).find((one) => new RegExp(`\\b${one}\\b`).test(accepted)) ?? 'identity';
}

function refuse(
  response: ServerResponse,
  status: number,
  error: string,
  more: Record<string, string> = {},
): true {
  const body = `${JSON.stringify({ ok: false, error })}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...more,
  });
  response.end(body);
  return true;
}

function sendFile(request: IncomingMessage, response: ServerResponse, name: string, file: File): true {
  const encoding = encodingFor(request);
  const body = file.bodies[encoding];
  // Vite writes the hash of what is in a file into the name of the file.
  const isNamedByHash = name.startsWith('assets/');
  const headers = {
    ...headersFor(request.headers.host ?? ''),
    etag: file.etag,
    'cache-control': isNamedByHash ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304, headers).end();
    return true;
  }
  response.writeHead(200, {
    ...headers,
    'content-type': file.type,
    'content-length': body.length,
    ...(encoding !== 'identity' && { 'content-encoding': encoding }),
  });
  // Node leaves the body out of an answer to HEAD.
  response.end(body);
  return true;
}

/** A browser that was given the address of the gateway is shown the way; a probe or a client is not. */
function isVisit({ headers, url, method }: IncomingMessage): boolean {
  return url === '/' && method === 'GET' && String(headers.accept ?? '').includes('text/html');
}

function builtFolder(): string | undefined {
  return FOLDERS.find((one) => existsSync(join(one, 'index.html')));
}

/** Whether this package has its console; a checkout has it after `npm run build:console`. */
export function isConsoleBuilt(): boolean {
  return builtFolder() !== undefined;
}

/** Throws when there is no built console to serve. */
export function openConsole({
  folder,
  path = '/console/',
  socket = '../',
  hosts = [],
}: ConsoleOptions = {}): ConsolePages {
  const found = folder ?? builtFolder();
  if (found === undefined) throw new Error('the console is not built; run: npm run build:console');
  const files = readFiles(found, socket);
  const own = hostname().toLowerCase();
  const known = new Set(['localhost', own, `${own}.local`, ...hosts.map((host) => host.toLowerCase())]);
  const knowsHost = (request: IncomingMessage): boolean => {
    const host = hostOf(request);
    return known.has(host) || isIP(host) !== 0;
  };
  return {
    knowsHost,
    answer: (request, response) => {
      const at = (request.url ?? '/').split('?')[0] ?? '/';
      const isOurs = at.startsWith(path) || `${at}/` === path || isVisit(request);
      if (!isOurs) return false;
      if (!knowsHost(request))
        return refuse(response, 421, 'this gateway does not go by that name; see --allowed-origin');
      const { method = 'GET' } = request;
      if (method !== 'GET' && method !== 'HEAD') {
        return refuse(response, 405, `${at} answers GET and HEAD`, { allow: 'GET, HEAD' });
      }
      if (!at.startsWith(path)) return refuse(response, 302, `the console is at ${path}`, { location: path });
      const name = at.slice(path.length) || 'index.html';
      const file = files.get(name);
      return file
        ? sendFile(request, response, name, file)
        : refuse(response, 404, 'the console has no such file');
    },
  };
}
