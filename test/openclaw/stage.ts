import { autoApprovePolicy } from '../../src/authority/authority.ts';
import { remove, rename, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { type House, openHouse, SECRET } from '../support/harness.ts';
import { type Frame, newDevice, type RawClient, type TestDevice } from '../support/raw-client.ts';
import type { Loose, Version } from './recorded.ts';

/** What stands for one device before a recorded command runs. */
export interface Standing {
  /** Scopes that an owner approved; never paired when absent. */
  readonly paired?: readonly string[];
  /** What it asked for after that and waits for, and how the recording names that request. */
  readonly asks?: { readonly scopes: readonly string[]; readonly as: string; readonly mode?: string };
  /** What its client called itself. */
  readonly called?: string;
  readonly rotated?: boolean;
  readonly label?: string;
  readonly ended?: 'revoked' | 'removed';
}

/** By the name of the device in the recordings. */
export type State = Readonly<Record<string, Standing>>;

/** How long a command line is held before it is told to come back. */
const SLICE_MS = 2000;

/** The clients that made the devices of the recordings known. */
const CLIENTS: Readonly<Record<Version, { readonly protocol: number; readonly client: object }>> = {
  '2026.2.19': { protocol: 3, client: { id: 'cli', version: 'dev', platform: 'linux', mode: 'cli' } },
  '2026.9.6': {
    protocol: 4,
    client: { id: 'cli', version: '2026.9.6', platform: 'linux', deviceFamily: 'Linux', mode: 'cli' },
  },
};

/** A house in a recorded state, and who is who in it. */
export class Stage {
  readonly house: House;
  readonly #version: Version;
  readonly #devices = new Map<string, TestDevice>();
  /** Our ids of recorded requests. */
  readonly #requests = new Map<string, string>();

  private constructor(house: House, version: Version) {
    this.house = house;
    this.#version = version;
  }

  /** As the recorded gateways were run: on loopback, 2026.9.6 without its local auto-approval. */
  static async open(version: Version, state: State): Promise<Stage> {
    const autoApprove = autoApprovePolicy(version === '2026.2.19' ? 'first-pairing' : 'none');
    const house = await openHouse({
      gateway: { locality: { local: 'auto' } },
      authority: { autoApprove },
    });
    const stage = new Stage(house, version);
    for (const [name, standing] of Object.entries(state)) await stage.#prepare(name, standing);
    return stage;
  }

  /** A connect with the recorded params; a command line that is held is told at the end of its slice. */
  async connect(params: Loose): Promise<{ client: RawClient; answer: Frame }> {
    const client = await this.house.client();
    const { payload } = await client.event('connect.challenge');
    const id = client.sendRequest('connect', this.#signed(params, payload));
    const first = await client.until(() =>
      client.frames.find(({ type, event }) => type === 'res' || event === 'connect.pending'),
    );
    if (first.type === 'event') await this.house.pass(SLICE_MS);
    return { client, answer: await client.response(id) };
  }

  /** Our devices and requests where the recording names its own. */
  translated(value: Loose): Loose {
    const text = JSON.stringify(value ?? null).replace(/<(?:device|request) \d+>/g, (name) =>
      name.startsWith('<device') ? this.#device(name).id : (this.#requests.get(name) ?? name),
    );
    return JSON.parse(text);
  }

  #device(name: string): TestDevice {
    const device = this.#devices.get(name) ?? newDevice();
    this.#devices.set(name, device);
    return device;
  }

  /** The recorded params with our secret and device, signed for this challenge as that generation signs. */
  #signed(params: Loose, { nonce, ts }: Loose): Loose {
    const token = params.auth.token === '<shared>' ? SECRET : 'not the secret';
    if (!params.device) return { ...params, auth: { token } };
    const device = this.#device(params.device.id);
    const { client, role, scopes } = params;
    const common = `${device.id}|${client.id}|${client.mode}|${role}|${scopes.join(',')}|${ts}|${token}|${nonce}`;
    const family = (client.deviceFamily ?? '').toLowerCase();
    const text = params.maxProtocol === 3 ? `v2|${common}` : `v3|${common}|${client.platform}|${family}`;
    const { id, publicKey } = device;
    const proof = { id, publicKey, signature: device.sign(text), signedAt: ts, nonce };
    return { ...params, auth: { token }, device: proof };
  }

  async #prepare(name: string, standing: Standing): Promise<void> {
    const { paired, asks, called, rotated, label, ended } = standing;
    const { owner } = this.house;
    const { id } = this.#device(name);
    if (paired) await this.#pair(name, paired, called);
    if (rotated) await rotate(owner, id, 'operator', null);
    if (asks) {
      const client = asks.mode ? { id: 'gateway-client', mode: asks.mode } : {};
      const { answer } = await this.#ask(name, asks.scopes, client);
      this.#requests.set(asks.as, answer.error.details.requestId);
    }
    if (label) await rename(owner, id, label);
    if (ended === 'revoked') await revoke(owner, id, 'operator');
    if (ended === 'removed') await remove(owner, id);
  }

  /** Who is new and local is let in by itself; who is not, by an owner. */
  async #pair(name: string, scopes: readonly string[], called?: string): Promise<void> {
    const { answer } = await this.#ask(name, scopes, called ? { displayName: called } : {});
    if (answer.ok) return;
    const done = await approve(this.house.owner, answer.error.details.requestId);
    if (!done.ok) throw new Error(`not approved: ${JSON.stringify(done.denial)}`);
  }

  async #ask(
    name: string,
    scopes: readonly string[],
    called: object,
  ): Promise<{ client: RawClient; answer: Frame }> {
    const { protocol, client } = CLIENTS[this.#version];
    const asked = await this.connect({
      minProtocol: protocol,
      maxProtocol: protocol,
      client: { ...client, ...called },
      caps: [],
      role: 'operator',
      scopes,
      device: { id: name },
      auth: { token: '<shared>' },
    });
    await asked.client.end();
    return asked;
  }
}
