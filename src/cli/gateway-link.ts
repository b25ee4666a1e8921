import { GatewayClient, isGatewayProtocolResponseError } from '@openclaw/gateway-client';
import { CliError, EXIT } from './exit.ts';
import type { Purpose } from './gate.ts';
import { shown } from './shown.ts';

export interface LinkOptions {
  readonly url: string;
  /** The gateway's token or password; the gateway knows which it wants. Null for a gateway without authentication. */
  readonly secret: string | null;
  readonly purpose: Purpose;
  /** For the connect, and for each call, in ms. */
  readonly timeoutMs: number;
  /** Epoch ms. */
  readonly now: () => number;
}

type Listener = (event: string, payload: Readonly<Record<string, unknown>>, atMs: number) => void;

const SCOPES: Readonly<Record<Purpose, string[]>> = {
  look: ['operator.pairing'],
  status: ['operator.pairing', 'operator.read'],
  // Which scopes a decision takes depends on the request; an owner has them all.
  manage: ['operator.admin', 'operator.pairing'],
};

/** One connection to a gateway through the official client, as `cli` without a device; connected at the first use. */
export class GatewayLink {
  readonly url: string;
  readonly #options: LinkOptions;
  readonly #client: GatewayClient;
  readonly #hello = Promise.withResolvers<void>();
  #listener: Listener = () => {};
  #started = false;
  #greeted = false;
  #up = false;

  constructor(options: LinkOptions) {
    this.url = options.url;
    this.#options = options;
    const { secret, purpose, timeoutMs } = options;
    this.#client = new GatewayClient({
      url: options.url,
      ...(secret !== null && { token: secret, password: secret }),
      clientName: 'cli',
      mode: 'cli',
      platform: process.platform,
      role: 'operator',
      scopes: SCOPES[purpose],
      deviceIdentity: null,
      requestTimeoutMs: timeoutMs,
      onHelloOk: () => this.#greet(),
      onConnectError: (error) => this.#fail(error),
      onClose: (code, reason) => this.#lose(code, reason),
      onEvent: ({ event, payload }) => this.#tell(event, payload),
    });
    // A link that is closed before anybody waits for it must not bring the process down.
    this.#hello.promise.catch(() => {});
  }

  /** The answer to one call. Rejects with a CliError: refused, or not reachable. */
  async call<T>(method: string, params: object): Promise<T> {
    await this.#connect();
    try {
      return await this.#client.request<T>(method, params, { timeoutMs: this.#options.timeoutMs });
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** Tells every event until `signal` aborts; the client connects again by itself, which is told as `gateway.lost`
   * and `gateway.back`. */
  async listen(listener: Listener, signal: AbortSignal, ready: () => void): Promise<void> {
    await this.#connect();
    this.#listener = listener;
    ready();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#listener = () => {};
  }

  async close(): Promise<void> {
    this.#listener = () => {};
    if (this.#started) await this.#client.stopAndWait({ timeoutMs: 1000 }).catch(() => {});
  }

  async #connect(): Promise<void> {
    if (!this.#started) {
      this.#started = true;
      this.#client.start();
    }
    const { timeoutMs } = this.#options;
    const late = setTimeout(
      () => this.#hello.reject(this.#unreachable(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      await this.#hello.promise;
    } finally {
      clearTimeout(late);
    }
  }

  #greet(): void {
    if (this.#greeted && !this.#up) this.#tell('gateway.back', {});
    this.#greeted = true;
    this.#up = true;
    this.#hello.resolve();
  }

  #fail(error: Error): void {
    if (!this.#greeted) this.#hello.reject(this.#explain(error));
  }

  #lose(code: number, reason: string): void {
    if (this.#up) this.#tell('gateway.lost', {});
    this.#up = false;
    // A refusal is told by its own response first; a close without one is a gateway that is not there.
    const text = reason === '' ? `the connection was closed (${code})` : reason;
    if (!this.#greeted) this.#hello.reject(this.#unreachable(text));
  }

  #tell(event: string, payload: unknown): void {
    const record = typeof payload === 'object' && payload !== null ? payload : {};
    this.#listener(event, record as Readonly<Record<string, unknown>>, this.#options.now());
  }

  #explain(error: unknown): CliError {
    if (error instanceof CliError) return error;
    const text = error instanceof Error ? error.message : String(error);
    if (!isGatewayProtocolResponseError(error)) return this.#unreachable(text);
    const { details } = error;
    const code = (details as { code?: unknown } | undefined)?.code ?? error.gatewayCode;
    const exit = /^unknown (requestId|deviceId)/.test(text) ? EXIT.nothing : EXIT.failed;
    return new CliError(
      exit,
      String(code),
      `${this.url} refused: ${shown(text)}${advice(String(code), text)}`,
    );
  }

  #unreachable(text: string): CliError {
    const message =
      `no gateway answers at ${this.url}: ${shown(text)}; check --url and that the gateway runs, ` +
      'or leave --url away to work on its state folder';
    return new CliError(EXIT.unreachable, 'unreachable', message);
  }
}

function advice(code: string, text: string): string {
  if (text.startsWith('unknown method')) return '; this gateway has no such verb';
  if (/^AUTH_(TOKEN|PASSWORD)/.test(code)) return "; give the gateway's shared secret with --token-file";
  if (code === 'DEVICE_IDENTITY_REQUIRED' || code === 'MISSING_SCOPE') {
    return "; only a local client without a device is an owner: run this on the gateway's machine, or on its state folder";
  }
  return '';
}
