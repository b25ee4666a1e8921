import type { Role } from '../../machines/vocabulary.ts';
import { formatRequestId } from '../../machines/vocabulary.ts';
import { detailOf } from '../authority/audit.ts';
import type { Deciding, Decision } from '../authority/deciding.ts';
import { roleOf } from '../authority/device.ts';
import * as devices from '../authority/device-decisions.ts';
import { explainDevice } from '../authority/explaining.ts';
import { listDevices } from '../authority/listing.ts';
import { deviceAt } from '../authority/past.ts';
import * as requests from '../authority/request-decisions.ts';
import { readTrouble } from '../notices/notice-memo.ts';
import type { StoredEvent } from '../store/store.ts';
import type { Approved, Gate, HistoryRow, WatchRow } from './gate.ts';
import { type CommandFor, refusedText } from './refused.ts';
import type { State } from './state.ts';

/** Lines that one look at the history reads; more at once than this are cut to the newest. */
const MOST_AT_ONCE = 10_000;

/** Works on the state folder as its owner, whether or not a gateway runs: a running one sees it within 50 ms. */
export class FileGate implements Gate {
  readonly where: string;
  readonly #state: State;
  readonly #command: CommandFor;
  readonly #deciding: Deciding;
  readonly #confirm: (seq: number) => Promise<void>;

  /** `name` is who the history says decided; `confirm` waits until a running gateway has acted on what was decided. */
  constructor(
    state: State,
    name: string,
    command: CommandFor,
    confirm: (seq: number) => Promise<void> = async () => {},
  ) {
    this.where = state.folder;
    this.#state = state;
    this.#command = command;
    this.#confirm = confirm;
    this.#deciding = {
      authority: state.authority,
      caller: { class: 'store-file', name },
      origin: { auth: 'store-file', client: 'antechamber' },
    };
  }

  list(): ReturnType<Gate['list']> {
    const { authority } = this.#state;
    return listDevices(authority, { now: authority.clock.now() });
  }

  async approve(requestId: string, scopes: readonly string[] | null): Promise<Approved> {
    const done = this.#must(await requests.approve(this.#deciding, requestId, scopes), 'approve', requestId);
    return { requestId: formatRequestId(done.request), deviceId: done.device.deviceId };
  }

  async reject(requestId: string): Promise<Approved> {
    const done = this.#must(await requests.reject(this.#deciding, requestId), 'reject', requestId);
    return { requestId: formatRequestId(done.request), deviceId: done.device.deviceId };
  }

  async remove(deviceId: string): Promise<void> {
    this.#must(await devices.remove(this.#deciding, deviceId), 'remove', deviceId);
    await this.#settled();
  }

  async rename(deviceId: string, label: string): Promise<void> {
    this.#must(await devices.rename(this.#deciding, deviceId, label), 'rename', deviceId);
  }

  async rotate(deviceId: string, role: Role, scopes: readonly string[] | null): Promise<readonly string[]> {
    const { device } = this.#must(
      await devices.rotate(this.#deciding, deviceId, role, scopes),
      'rotate',
      deviceId,
    );
    await this.#settled();
    return roleOf(device, role).record.grant;
  }

  async revoke(deviceId: string, role: Role): Promise<void> {
    this.#must(await devices.revoke(this.#deciding, deviceId, role), 'revoke', deviceId);
    await this.#settled();
  }

  async forgive(deviceId: string): Promise<boolean> {
    return this.#must(await devices.forgive(this.#deciding, deviceId), 'forgive', deviceId).forgiven;
  }

  async reissue(deviceId: string, role: Role): Promise<void> {
    this.#must(await devices.reissue(this.#deciding, deviceId, role), 'reissue', deviceId);
  }

  async history(deviceId: string, limit: number): Promise<readonly HistoryRow[]> {
    const events = await this.#state.store.history({ deviceId, limit });
    return events.map((event) => ({ seq: event.seq, ...watchRow(event) }));
  }

  async explain(deviceId: string, wish: readonly string[] | null): ReturnType<Gate['explain']> {
    return (await explainDevice(this.#state.authority, deviceId, wish)) ?? null;
  }

  async at(deviceId: string, atMs: number): ReturnType<Gate['at']> {
    return (await deviceAt(this.#state.authority, deviceId, atMs)) ?? null;
  }

  noticeTrouble(): ReturnType<Gate['noticeTrouble']> {
    return readTrouble(this.#state.store);
  }

  async watch(tell: (row: WatchRow) => void, signal: AbortSignal, ready: () => void): Promise<void> {
    const { store } = this.#state;
    const ended = Promise.withResolvers<void>();
    let seq = await store.head();
    let reading: Promise<void> = Promise.resolve();
    const read = async (): Promise<void> => {
      if (signal.aborted) return;
      for (const event of await store.history({ afterSeq: seq, limit: MOST_AT_ONCE })) {
        tell(watchRow(event));
        seq = event.seq;
      }
    };
    // One reading after the other: two at once would tell the same line twice.
    const readOn = (): void => {
      reading = reading.then(read).catch(ended.reject);
    };
    const stop = store.watch(readOn);
    signal.addEventListener('abort', () => ended.resolve(), { once: true });
    if (signal.aborted) ended.resolve();
    ready();
    // What was committed between the first reading and the watch has told nobody.
    readOn();
    try {
      await ended.promise;
      await reading;
    } finally {
      stop();
    }
  }

  close(): Promise<void> {
    return this.#state.close();
  }

  async #settled(): Promise<void> {
    await this.#confirm(await this.#state.store.head());
  }

  #must<T>(decision: Decision<T>, verb: string, named: string): { readonly ok: true } & T {
    if (decision.ok) return decision;
    throw refusedText(decision.denial, this.#command, { verb: `devices ${verb}`, named });
  }
}

function watchRow(event: StoredEvent): WatchRow {
  const { atMs, type, role, deviceId } = event;
  return { atMs, type, deviceId, role, detail: detailOf(event) };
}
