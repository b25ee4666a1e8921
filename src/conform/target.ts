import { isIPv4 } from 'node:net';
import type { Protocol } from '../protocol/version.ts';
import type { Credentials } from './device.ts';
import { Peer, Unreachable } from './peer.ts';
import type { Trace } from './trace.ts';

export interface TargetOptions {
  /** `ws://` or `wss://`. */
  readonly url: string;
  /** What proves that a peer belongs there; empty for a gateway without authentication. */
  readonly shared: Credentials;
  /** Devices connect as if a proxy stood between: a gateway does not take them for local then. */
  readonly asRemote: boolean;
}

export type Headers = Readonly<Record<string, string>>;

/** An address of the documentation range (RFC 5737): nobody has it. */
export const REMOTE_ADDRESS = '203.0.113.7';

/**
 * What makes a gateway take a socket on loopback for a remote one, the plainest first: somebody forwards it, or it was
 * not meant for a loopback name. 2026.9.6 refuses the former from a proxy that it does not know.
 */
const REMOTE_LOOKS: readonly Headers[] = [{ 'x-forwarded-for': REMOTE_ADDRESS }, { host: 'gateway.example' }];

/** The gateway under test. */
export class Target {
  readonly url: string;
  readonly shared: Credentials;
  /** What devices send so that they look remote; null when they connect as they are. */
  remoteHeaders: Headers | null = null;
  /** The newest generation that both speak; known after `greet`. */
  protocol: Protocol = 4;
  /** What the gateway calls itself in its hello. */
  version = 'unknown';

  readonly #asRemote: boolean;

  constructor({ url, shared, asRemote }: TargetOptions) {
    this.url = url;
    this.shared = shared;
    this.#asRemote = asRemote;
  }

  /** Whether the gateway can take this program for one of its own machine. */
  get isLoopback(): boolean {
    const host = new URL(this.url).hostname;
    return host === 'localhost' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
  }

  /** A socket of a device; with `headers` it connects as these say, else as all devices of the run do. */
  open(
    name: string,
    trace: Trace,
    signal: AbortSignal,
    headers: Headers = this.remoteHeaders ?? {},
  ): Promise<Peer> {
    return Peer.open({ url: this.url, headers, name, trace, signal });
  }

  /** Finds out which generation it speaks, 4 if it can, else 3, and how to look remote. Rejects with Unreachable. */
  async greet(trace: Trace, signal: AbortSignal): Promise<void> {
    const peer = await this.open('greeting', trace, signal, {});
    try {
      const challenge = await peer.event('connect.challenge');
      if (!challenge) throw new Unreachable('it sends no connect.challenge; is this a gateway?');
      const client = { id: 'gateway-client', mode: 'backend', version: 'conform', platform: 'linux' };
      const answer = await peer.call('connect', {
        minProtocol: 4,
        maxProtocol: 4,
        client,
        caps: [],
        auth: this.shared,
        role: 'operator',
        scopes: [],
      });
      if (answer?.error?.message === 'protocol mismatch') this.protocol = 3;
    } finally {
      peer.end();
    }
    if (this.#asRemote) await this.#lookRemote(trace, signal);
  }

  async #lookRemote(trace: Trace, signal: AbortSignal): Promise<void> {
    for (const headers of REMOTE_LOOKS) {
      try {
        (await this.open('greeting', trace, signal, headers)).end();
        this.remoteHeaders = headers;
        return;
      } catch (error) {
        // Refused before the upgrade: the next look may do.
        if (!(error instanceof Unreachable)) throw error;
      }
    }
  }
}
