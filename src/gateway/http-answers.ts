import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** How long a store may take before a probe is told that it does not answer, in ms. */
const PATIENCE_MS = 2000;

export interface HttpFacts {
  /** Rejects, or never resolves, when the store cannot be asked. */
  readonly askStore: () => Promise<unknown>;
  readonly isStopping: () => boolean;
  readonly version: string;
  readonly uptimeMs: () => number;
  readonly patienceMs?: number;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

const GATEWAY = 'antechamber';

/** Whether the store answers in time. However many ask, it is asked once at a time. */
function makeStoreProbe({ askStore, patienceMs = PATIENCE_MS }: HttpFacts): () => Promise<boolean> {
  let asked: Promise<boolean> | undefined;
  const ask = async (): Promise<boolean> => {
    try {
      await askStore();
      return true;
    } catch {
      return false;
    } finally {
      asked = undefined;
    }
  };
  return async () => {
    asked ??= ask();
    const late = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => late.resolve(false), patienceMs);
    const answers = await Promise.race([asked, late.promise]);
    clearTimeout(timer);
    return answers;
  };
}

function notReady(reason: 'stopping' | 'store', message: string): Answer {
  return { status: 503, body: { ok: false, status: 'not-ready', reason, message, gateway: GATEWAY } };
}

/**
 * `/healthz` and `/readyz` for supervisors, `/startupz` for OpenClaw's CLI, which takes a 503 there for a gateway that
 * is starting still (PROTOCOL 8.1). Nothing else is HTTP, and nothing here says more than a peer may know who has not
 * proved anything.
 */
export function answerHttp(facts: HttpFacts): RequestListener {
  const storeAnswers = makeStoreProbe(facts);
  const pages: Readonly<Record<string, () => Answer | Promise<Answer>>> = {
    '/healthz': () => ({ status: 200, body: { ok: true, status: 'live', gateway: GATEWAY } }),
    '/startupz': () => ({
      status: 200,
      body: {
        ok: true,
        status: 'started',
        gateway: GATEWAY,
        version: facts.version,
        uptimeMs: facts.uptimeMs(),
      },
    }),
    '/readyz': async () => {
      if (facts.isStopping()) return notReady('stopping', 'the gateway is stopping');
      if (!(await storeAnswers())) return notReady('store', 'the store does not answer');
      return { status: 200, body: { ok: true, status: 'ready', gateway: GATEWAY } };
    },
  };
  return (request, response) => void pageFor(pages, request).then((answer) => send(response, answer));
}

async function pageFor(
  pages: Readonly<Record<string, () => Answer | Promise<Answer>>>,
  { url = '/', method = 'GET' }: IncomingMessage,
): Promise<Answer> {
  const path = url.split('?')[0] ?? '/';
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (!page) {
    const error = 'this is a WebSocket gateway: connect with ws:// or wss://';
    return {
      status: 426,
      body: { ok: false, error },
      headers: { upgrade: 'websocket', connection: 'Upgrade' },
    };
  }
  if (method === 'GET' || method === 'HEAD') return page();
  const error = `${path} answers GET and HEAD`;
  return { status: 405, body: { ok: false, error }, headers: { allow: 'GET, HEAD' } };
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...headers,
  });
  // Node leaves the body out of an answer to HEAD.
  response.end(text);
}
