/** Node hosts of three makes, as far as their pairing goes, on a clock that the test turns. */
import { onTestFinished, vi } from 'vitest';
import { type House, SECRET, SHARED } from '../support/harness.ts';
import { type OfficialDevice, OfficialProgram } from '../support/official-client.ts';
import type { Frame, RawClient, TestDevice } from '../support/raw-client.ts';

type Options = ConstructorParameters<typeof OfficialProgram>[2];

/** Faked are the timers by which the official client comes back; sockets go on as they are. */
export function turnTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}

/** Lets time pass for the gateway and for its official clients. */
export async function passForAll(house: House, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    const step = Math.min(500, left);
    await house.pass(step, step);
    await vi.advanceTimersByTimeAsync(step);
  }
}

/** The official client as `openclaw node run` of 2026.9 sets it up. */
export function officialNode(url: string, device: OfficialDevice, options: Options = {}): OfficialProgram {
  return new OfficialProgram(url, device, {
    clientName: 'node-host',
    mode: 'node',
    role: 'node',
    scopes: [],
    caps: ['system'],
    commands: ['system.run', 'system.which'],
    platform: 'linux',
    deviceFamily: 'Linux',
    ...options,
  });
}

/** Which holds it was told of so far: one request id for each of its connects that waited. */
export function held({ events }: OfficialProgram): string[] {
  return events.filter(({ event }) => event === 'connect.pending').map(({ payload }) => payload.requestId);
}

/** Waits until it is held for the `count`-th time; answers the id of that request. */
export async function heldAgain(program: OfficialProgram, count: number): Promise<string> {
  return program.until(() => held(program)[count - 1]);
}

export interface Knock {
  readonly client: RawClient;
  readonly connectId: string;
  /** Set when it is held. */
  readonly requestId?: string;
  /** Set when it is answered at once. */
  readonly answer?: Frame;
}

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 30_000;

/** What the emulated ones have in common: 1 s, doubled, at most 30 s, from one hello to the next. */
abstract class EmulatedNode {
  readonly house: House;
  readonly device: TestDevice;
  #refusals = 0;

  constructor(house: House, device: TestDevice) {
    this.house = house;
    this.device = device;
  }

  protected abstract ask(): object;
  protected abstract refused(reason: string): void;
  protected abstract welcomed(answer: Frame): void;

  /** One connect, until it is held or answered. */
  async knock(): Promise<Knock> {
    const client = await this.house.client();
    const connectId = await client.sendConnect({ device: this.device, role: 'node', ...this.ask() });
    const first = await client.until(() =>
      client.frames.find(({ type, event }) => type === 'res' || event === 'connect.pending'),
    );
    if (first.type === 'event') return { client, connectId, requestId: first.payload.requestId };
    return { client, connectId, answer: await this.#take(client, first) };
  }

  /** The answer to a connect that was held. */
  async answered({ client, connectId }: Knock): Promise<Frame> {
    return this.#take(client, await client.response(connectId));
  }

  /** Waits as long as it waits after a close. */
  rest(): Promise<void> {
    return this.house.pass(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#refusals - 1)));
  }

  async #take(client: RawClient, answer: Frame): Promise<Frame> {
    if (answer.ok) {
      this.#refusals = 0;
      this.welcomed(answer);
    } else {
      this.#refusals += 1;
      this.refused((await client.closed()).reason);
    }
    return answer;
  }
}

/** 2026.2.19: protocol 3 and nothing else; closes on any error and always comes back (PROTOCOL 7.1). */
export class OlderNode extends EmulatedNode {
  readonly reasons: string[] = [];
  token: string | undefined;

  protected ask(): object {
    const auth = { token: this.token ?? SECRET };
    return { protocol: 3, clientId: 'node-host', mode: 'node', auth };
  }

  protected refused(reason: string): void {
    this.reasons.push(reason);
    if (reason.includes('device token mismatch')) this.token = undefined;
  }

  protected welcomed({ payload }: Frame): void {
    this.token = payload.auth.deviceToken ?? this.token;
  }
}

/** How openclaw-node 0.14 reads a close reason (dist/index.js, `parsePairingRequiredReason`). */
const CLOSE_REASON = /^pairing required(?::\s*([^()]+?))?(?:\s*\(requestId:\s*([^)]+)\))?\s*$/;

/** The id that openclaw-node 0.14 finds in a close reason; null where it reads no pairing. */
export function idInReason(reason: string): string | undefined | null {
  const match = CLOSE_REASON.exec(reason);
  return match ? match[2]?.trim() : null;
}

/**
 * openclaw-node 0.14: knows a request by the close reason only, and deletes the token that it kept when it is refused
 * with it, whatever the reason (PROTOCOL Appendix C).
 */
export class OpenclawNode extends EmulatedNode {
  readonly ids: (string | undefined | null)[] = [];
  kept: string | undefined;

  protected ask(): object {
    const auth = this.kept === undefined ? SHARED : { token: this.kept };
    const forge = (params: object) => ({ ...params, userAgent: 'openclaw-node/0.2.1' });
    return { clientId: 'gateway-client', mode: 'backend', auth, forge };
  }

  protected refused(reason: string): void {
    this.ids.push(idInReason(reason));
    this.kept = undefined;
  }

  protected welcomed({ payload }: Frame): void {
    this.kept = payload.auth.deviceToken ?? this.kept;
  }
}
