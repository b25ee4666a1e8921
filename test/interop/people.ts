/** Those who are not the command line under test: an owner on the gateway's host, and devices from elsewhere. */
import { setTimeout as sleep } from 'node:timers/promises';
import { newDevice, RawClient, type TestDevice } from '../support/raw-client.ts';
import type { Gateway } from './gateways.ts';
import { FROM_ELSEWHERE, type Json } from './recorder.ts';
import type { Release } from './releases.ts';

/** What 2026.2.19 asks for in the name of its user, and what every gateway gives to the first local device. */
const ALL_OF_AN_OWNER = ['operator.admin', 'operator.approvals', 'operator.pairing'];

export interface Pending {
  readonly requestId: string;
  readonly deviceId: string;
}

/** An owner who is connected for as long as the gateway runs. */
export class Owner {
  readonly deviceId: string;
  readonly #client: RawClient;

  private constructor(client: RawClient, deviceId: string) {
    this.#client = client;
    this.deviceId = deviceId;
  }

  static async arrive({ port, secret }: Gateway, { protocol }: Release): Promise<Owner> {
    const device = newDevice();
    for (;;) {
      const client = await RawClient.open(`ws://127.0.0.1:${port}`);
      const auth = { token: secret };
      const hello = await client.connect({ device, protocol, scopes: ALL_OF_AN_OWNER, auth });
      if (hello.ok) return new Owner(client, device.id);
      await client.end();
      // 2026.9.6 listens before it is ready, and says when to come back.
      const { code, retryAfterMs, message } = hello.error;
      if (code !== 'UNAVAILABLE') throw new Error(`the owner was refused: ${code} ${message}`);
      await sleep(retryAfterMs);
    }
  }

  /** Rejects with the error that was answered. */
  async call(method: string, params: object): Promise<Json> {
    const { ok, payload, error } = await this.#client.request(method, params);
    if (!ok) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return payload;
  }

  async pending(): Promise<readonly Pending[]> {
    return (await this.call('device.pair.list', {})).pending;
  }

  /** The newest request of a device; undefined when it has none. */
  async requestOf(deviceId: string): Promise<string | undefined> {
    const rows = await this.pending();
    return rows.find((row) => row.deviceId === deviceId)?.requestId;
  }

  async approve(requestId: string): Promise<void> {
    await this.call('device.pair.approve', { requestId });
  }

  leave(): Promise<void> {
    return this.#client.end();
  }
}

/** A device that comes, asks and goes. */
export class Visitor {
  readonly device: TestDevice = newDevice();

  /** The scopes that it was let in with; null while its request is open. Any other answer is an error. */
  async ask(
    { port, secret }: Gateway,
    { protocol }: Release,
    scopes: readonly string[],
  ): Promise<readonly string[] | null> {
    const client = await RawClient.open(`ws://127.0.0.1:${port}`, FROM_ELSEWHERE);
    const id = await client.sendConnect({ device: this.device, protocol, scopes, auth: { token: secret } });
    const answer = await client.until(
      () => client.frames.find((frame) => frame.id === id) ?? client.frames.find(isPending),
    );
    await client.end();
    if (answer.ok) return answer.payload.auth.scopes ?? scopes;
    if (isPending(answer) || answer.error?.code === 'NOT_PAIRED') return null;
    throw new Error(`a visitor was refused: ${JSON.stringify(answer.error)}`);
  }
}

const isPending = ({ event }: { readonly event?: string }): boolean => event === 'connect.pending';
