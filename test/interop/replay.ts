/** Plays the client's side of a recorded journey to a gateway in this process. */
import { listDevices } from '../../src/authority/listing.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { type House, SECRET, SHARED } from '../support/harness.ts';
import { newDevice, type RawClient, type TestDevice } from '../support/raw-client.ts';
import type { Deed, Journey } from './journeys.ts';
import { FROM_ELSEWHERE, type Json } from './recorder.ts';
import type { RecordedFrame, RecordedStop } from './recordings.ts';
import { answerLines } from './shape-of-answers.ts';

/** Longer than the slice of any client here. */
const BEYOND_A_SLICE_MS = 15_000;
const OF_AN_OWNER = ['operator.admin', 'operator.approvals', 'operator.pairing'];

export interface Answered {
  readonly cli: string;
  readonly method: string;
  readonly recorded: readonly string[];
  readonly replayed: readonly string[];
}

/** What a client signs: 2026.2.19 the second form, 2026.9.6 the third, with where it runs (PROTOCOL 2.3). */
function signedText(
  params: Json,
  device: TestDevice,
  nonce: string,
  signedAt: number,
  token: string,
): string {
  const { client, role, scopes, maxProtocol } = params;
  const about = [device.id, client.id, client.mode, role, scopes.join(','), signedAt, token, nonce].join('|');
  if (maxProtocol === 3) return `v2|${about}`;
  return `v3|${about}|${client.platform ?? ''}|${(client.deviceFamily ?? '').toLowerCase()}`;
}

export class Replay {
  readonly answers: Answered[] = [];
  readonly #house: House;
  readonly #journey: Journey;
  readonly #devices = new Map<string, TestDevice>();
  readonly #requests = new Map<string, string>();
  #manner: Journey['manner'];
  #deviceToken = '';

  constructor(house: House, journey: Journey) {
    this.#house = house;
    this.#journey = journey;
    this.#manner = journey.manner;
  }

  async play(stops: readonly RecordedStop[]): Promise<void> {
    const owner = { device: this.#device('owner'), scopes: OF_AN_OWNER, auth: SHARED };
    await this.#house.connect({ ...owner, protocol: this.#protocol });
    const left = [...stops];
    for (const deed of this.#journey.deeds) await this.#take(deed, left);
  }

  get #protocol(): 3 | 4 {
    return this.#journey.generation === '2026.2.19' ? 3 : 4;
  }

  #device(name: string): TestDevice {
    const device = this.#devices.get(name) ?? newDevice();
    this.#devices.set(name, device);
    return device;
  }

  async #take(deed: Deed, left: RecordedStop[]): Promise<void> {
    if ('cli' in deed) {
      const stop = left.shift();
      if (stop?.cli !== deed.cli) throw new Error(`the recording goes on with ${stop?.cli}, not ${deed.cli}`);
      await this.#command(stop);
    } else if ('manner' in deed) this.#manner = deed.manner;
    else if ('visit' in deed) await this.#visit(deed.visit, deed.scopes);
    else await this.#decide(deed.owner, deed.of);
    await this.#noteRequests();
  }

  async #visit(name: string, scopes: readonly string[]): Promise<void> {
    const client = await this.#house.client(FROM_ELSEWHERE);
    const ask = { device: this.#device(name), scopes, auth: SHARED, protocol: this.#protocol };
    const id = await client.sendConnect(ask);
    await client.until(() =>
      client.frames.find((frame) => frame.id === id || frame.event === 'connect.pending'),
    );
    await client.end();
  }

  async #decide(verb: 'approve' | 'reject', of: string): Promise<void> {
    const requestId = this.#requests.get(of);
    if (requestId) await { approve, reject }[verb](this.#house.owner, requestId);
    this.#requests.delete(of);
  }

  async #noteRequests(): Promise<void> {
    const { authority, clock } = this.#house;
    const { pending } = await listDevices(authority, { now: clock.now() });
    for (const [name, { id }] of this.#devices) {
      const row = pending.find(({ deviceId }) => deviceId === id);
      if (row) this.#requests.set(name, row.requestId);
    }
  }

  async #command({ cli, frames }: RecordedStop): Promise<void> {
    for (const socket of new Set(frames.map((frame) => frame.socket))) {
      const headers = this.#manner.place === 'remote' ? FROM_ELSEWHERE : {};
      const client = await this.#house.client(headers);
      await this.#socket(
        cli,
        client,
        frames.filter((frame) => frame.socket === socket),
      );
      await client.end();
    }
  }

  async #socket(cli: string, client: RawClient, frames: readonly RecordedFrame[]): Promise<void> {
    const asked = new Map<string, { readonly id: string; readonly method: string }>();
    for (const { from, frame } of frames) {
      if (from === 'client') {
        const params = await this.#params(frame, client);
        asked.set(frame.id, { id: client.sendRequest(frame.method, params), method: frame.method });
      } else if (frame.type === 'event') await this.#event(cli, client, frame);
      else {
        const { id = '', method = '' } = asked.get(frame.id) ?? {};
        const answer = await client.response(id);
        this.#deviceToken = answer.payload?.auth?.deviceToken ?? this.#deviceToken;
        this.#compare(cli, method, frame, answer);
      }
    }
  }

  async #event(cli: string, client: RawClient, frame: Json): Promise<void> {
    if (frame.event === 'connect.challenge') return;
    this.#compare(cli, frame.event, frame, await client.event(frame.event));
    if (frame.event === 'connect.pending') await this.#house.pass(BEYOND_A_SLICE_MS);
  }

  #compare(cli: string, method: string, recorded: Json, replayed: Json): void {
    const lines = (frame: Json) => answerLines(method, frame);
    this.answers.push({ cli, method, recorded: lines(recorded), replayed: lines(replayed) });
  }

  /** What the fixture names, as it is in this run; a `connect` is signed for this socket's nonce. */
  async #params({ method, params }: Json, client: RawClient): Promise<Json> {
    if (params === undefined) return undefined;
    const text = JSON.stringify(params).replace(/<(request:)?(\w+)>/g, (whole, kind, name) => {
      if (kind) return this.#requests.get(name) ?? 'none';
      return this.#devices.get(name)?.id ?? whole;
    });
    const filled = JSON.parse(text);
    if (method !== 'connect') return filled;
    const secret = this.#manner.credential === 'device' ? this.#deviceToken : SECRET;
    const given = Object.keys(filled.auth ?? {}).map((key) => [
      key,
      key === 'deviceToken' ? this.#deviceToken : secret,
    ]);
    const auth = Object.fromEntries(given);
    const { payload } = await client.event('connect.challenge');
    return { ...filled, auth, ...(filled.device && this.#signed(filled, auth, payload)) };
  }

  #signed(params: Json, auth: Json, { nonce, ts }: Json): Json {
    const device = this.#device('own');
    const token = auth.token ?? auth.deviceToken ?? '';
    const signature = device.sign(signedText(params, device, nonce, ts, token));
    return { device: { id: device.id, publicKey: device.publicKey, signature, signedAt: ts, nonce } };
  }
}
