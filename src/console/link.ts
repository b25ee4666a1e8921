import {
  type EventFrame,
  GatewayBrowserDeviceAuthLifecycle,
  type GatewayBrowserDeviceAuthPlan,
  GatewayProtocolClient,
  type GatewayProtocolRequestError,
  type GatewayProtocolSocketHandlers,
  type HelloOk,
  readConnectErrorDetailCode,
  shouldPauseGatewayReconnect,
} from '@openclaw/gateway-client/browser';
import { loadIdentity, NoIdentityError } from './identity.ts';
import { forgetSecret, keepSecret, keptSecret, type Secret } from './secret.ts';
import { Changing } from './signal.ts';
import { forget, keep, kept } from './vault.ts';

/** What the console asks for: to see and decide about every device it needs all of it. */
export const WISH = ['operator.admin', 'operator.pairing', 'operator.read'] as const;

const CLIENT = { id: 'antechamber-console', version: '1', platform: 'browser', mode: 'ui' } as const;
/** A held connect ends after a slice; the next one begins at once, so that somebody's decision finds it waiting. */
const COME_BACK_MS = 150;
/** How long the page waits for its first rows before it shows itself without them. */
const PATIENCE_MS = 100;

export type Phase =
  | { readonly kind: 'starting' }
  | { readonly kind: 'secret'; readonly asks: Secret['kind']; readonly problem: string | null }
  | { readonly kind: 'waiting'; readonly requestId: string | null }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string | null }
  | { readonly kind: 'in'; readonly scopes: readonly string[] };

interface Token {
  readonly token: string;
  readonly scopes: string[];
}

interface Details {
  readonly requestId?: string;
  readonly remediationHint?: string;
  readonly retryAfterMs?: number;
}

/** The address of the gateway's WebSocket, relative to the page. */
function socketUrl(): string {
  const path = document.querySelector<HTMLMetaElement>('meta[name="antechamber-socket"]')?.content ?? '../';
  const url = new URL(path, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url.href;
}

function openSocket(handlers: GatewayProtocolSocketHandlers) {
  const socket = new WebSocket(socketUrl());
  socket.onopen = () => handlers.open();
  socket.onmessage = ({ data }) => handlers.message(String(data));
  socket.onclose = ({ code, reason }) => handlers.close(code, reason);
  socket.onerror = () => handlers.error(new Error('the gateway cannot be reached'));
  return {
    isOpen: () => socket.readyState === WebSocket.OPEN,
    send: (text: string) => socket.send(text),
    close: (code?: number, reason?: string) => socket.close(code, reason),
  };
}

/** What others do when the connection comes that far. */
export interface LinkHooks {
  readonly onEvent: (event: EventFrame) => void;
  /** A connect with a token of ours is on its way: what is asked now is answered right after the hello. */
  readonly onConnect: () => void;
  /** Resolves when there is something to show. */
  readonly onHello: () => Promise<void>;
}

/** The console's own connection: a device as any other, that is let in, waits or is refused. */
export class Link extends Changing {
  phase: Phase = { kind: 'starting' };
  /** False while a connection that was let in is being made again. */
  isOnline = false;
  deviceId = '';
  readonly #hooks: LinkHooks;
  /** What the first connect needs is read while its socket is being opened. */
  #early: readonly [ReturnType<typeof loadIdentity>, Promise<Token | undefined>] | undefined;
  readonly #auth = new GatewayBrowserDeviceAuthLifecycle({
    loadIdentity: async () => {
      const identity = await (this.#early?.[0] ?? loadIdentity());
      this.deviceId = identity.deviceId;
      return identity;
    },
    tokenStore: {
      load: async () => {
        const token = await (this.#early?.[1] ?? kept<Token>('token'));
        this.#early = undefined;
        return token ?? null;
      },
      store: ({ token, scopes }) => keep('token', { token, scopes }),
      clear: () => forget('token'),
    },
  });
  readonly #client: GatewayProtocolClient<GatewayBrowserDeviceAuthPlan>;

  constructor(hooks: LinkHooks) {
    super();
    this.#hooks = hooks;
    this.#client = new GatewayProtocolClient({
      createSocket: openSocket,
      createRequestId: () => crypto.randomUUID(),
      buildConnectPlan: ({ nonce, challengeTs }) => this.#plan(nonce, challengeTs),
      buildConnectParams: (plan) => {
        if (plan.selectedAuth.usingStoredDeviceToken) queueMicrotask(() => this.#hooks.onConnect());
        return connectParams(plan);
      },
      onConnectPlanError: (error) => this.#noPlan(error),
      onConnectHello: (hello, { plan }) => void this.#welcomed(hello, plan),
      onConnectFailure: (error, { plan }) => this.#refused(error, plan),
      resolveClose: () => ({ retry: true, notify: true }),
      onClose: ({ connectFailure }) => this.#closed(connectFailure !== undefined),
      onEvent: (event) => this.#heard(event),
      handshake: { mode: 'require-challenge', timeoutMs: 10_000 },
      reconnect: { initialMs: 250, multiplier: 1.7, maxMs: 5000 },
      requestTimeoutMs: 30_000,
    });
  }

  start(): void {
    this.#early = [loadIdentity(), kept<Token>('token')];
    // Whoever needs them is told what was wrong; before that nobody listens.
    for (const reading of this.#early) reading.catch(() => {});
    this.#client.start();
  }

  request<T>(method: string, params: object = {}): Promise<T> {
    return this.#client.request<T>(method, params);
  }

  /** Tries with what a person typed. */
  enter(secret: Secret): void {
    keepSecret(secret);
    this.again();
  }

  again(): void {
    this.#early = undefined;
    this.#become({ kind: 'starting' });
    this.#client.stop();
    this.#client.start();
  }

  /** Asks for the whole wish again, after less was given. */
  async askForAll(): Promise<void> {
    await this.request('device.scopes.requestUpgrade', { scopes: WISH });
  }

  #become(phase: Phase): void {
    this.phase = phase;
    this.changed();
  }

  #plan(nonce: string | null, challengeTs: number | null | undefined): Promise<GatewayBrowserDeviceAuthPlan> {
    const secret = keptSecret();
    return this.#auth.buildPlan({
      client: { ...CLIENT, id: CLIENT.id as 'gateway-client' },
      role: 'operator',
      defaultScopes: WISH,
      ...(secret && { [secret.kind]: secret.text }),
      nonce,
      challengeTs: challengeTs ?? null,
    });
  }

  #noPlan(error: Error) {
    const hint = error instanceof NoIdentityError ? null : 'Try again, or use another browser.';
    this.#become({ kind: 'refused', message: error.message, hint });
    return { closeCode: 1000, closeReason: 'no device key', stop: true };
  }

  async #welcomed(hello: HelloOk, plan: GatewayBrowserDeviceAuthPlan): Promise<void> {
    this.isOnline = true;
    void this.#enterSoon(hello.auth?.scopes ?? [], this.#hooks.onHello());
    await this.#auth.acceptHello(hello, plan);
    // From here on the browser comes in with a token of its own.
    if (hello.auth?.deviceToken) forgetSecret();
  }

  /** The first rows are drawn with the page around them, where they come soon enough. */
  async #enterSoon(scopes: readonly string[], shown: Promise<void>): Promise<void> {
    if (this.phase.kind !== 'in') {
      await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
    }
    if (this.isOnline) this.#become({ kind: 'in', scopes });
  }

  #refused(error: GatewayProtocolRequestError, plan: GatewayBrowserDeviceAuthPlan) {
    const { details } = error as { details?: unknown };
    const code = readConnectErrorDetailCode(details) ?? '';
    const { requestId, remediationHint = null } = (details ?? {}) as Details;
    const close = { closeCode: 1000, closeReason: 'refused' };
    const secret = keptSecret();
    if (plan.selectedAuth.usingStoredDeviceToken && /^AUTH_/.test(code) && code !== 'AUTH_RATE_LIMITED') {
      void forget('token');
      return { ...close, reconnectDelayMs: COME_BACK_MS };
    }
    const asked = /^AUTH_(TOKEN|PASSWORD)_(MISSING|MISMATCH)$/.exec(code);
    if (asked) {
      forgetSecret();
      const asks = asked[1] === 'PASSWORD' ? 'password' : 'token';
      const problem = secret === null ? null : `That is not the shared ${asks} of this gateway.`;
      this.#become({ kind: 'secret', asks, problem });
      return { ...close, stop: true };
    }
    if (code === 'PAIRING_REQUIRED' && !shouldPauseGatewayReconnect({ details })) {
      this.#become({ kind: 'waiting', requestId: requestId ?? null });
      return { ...close, reconnectDelayMs: COME_BACK_MS };
    }
    if (code === '') return close;
    this.#become({ kind: 'refused', message: error.message, hint: remediationHint });
    return { ...close, stop: true };
  }

  #closed(wasRefused: boolean): void {
    this.isOnline = false;
    // Another tab may have changed it meanwhile.
    this.#early = undefined;
    // Who has not been let in yet sees why; a gateway that restarts says nothing.
    if (!wasRefused && this.phase.kind === 'starting') this.#become({ kind: 'starting' });
    else this.changed();
  }

  #heard(event: EventFrame): void {
    const payload = event.payload as { requestId?: string; outcome?: string } | undefined;
    if (event.event === 'connect.pending') {
      this.#become({ kind: 'waiting', requestId: payload?.requestId ?? null });
    }
    if (event.event === 'device.upgrade.resolved' && /^(approved|narrowed)$/.test(payload?.outcome ?? '')) {
      // What a live session asked for is usable after a connect that signs it.
      void widenKept().then(() => this.#client.closeSocket(1000, 'wider rights'));
    }
    this.#hooks.onEvent(event);
  }
}

function connectParams(plan: GatewayBrowserDeviceAuthPlan): object {
  const { auth, device, role, scopes } = plan;
  const client = { ...CLIENT, displayName: browserName() };
  return { minProtocol: 4, maxProtocol: 4, client, caps: [], role, scopes, device, ...(auth && { auth }) };
}

/** For the owner's list, such as "Console in Firefox on Linux". */
function browserName(): string {
  const agent = navigator.userAgent;
  const browser = /Firefox|Edg|OPR|Chrome|Safari/.exec(agent)?.[0] ?? 'a browser';
  const system = /Android|iPhone|iPad|Windows|Mac OS|Linux/.exec(agent)?.[0];
  return `Console in ${browser.replace('Edg', 'Edge').replace('OPR', 'Opera')}${system ? ` on ${system}` : ''}`;
}

/** The token stays; what it was given for is asked for anew, as a whole. */
async function widenKept(): Promise<void> {
  const token = await kept<{ token: string }>('token');
  if (token) await keep('token', { ...token, scopes: [] });
}
