import type { EventFrame } from '@openclaw/gateway-client/browser';
import type { Role } from '../../machines/vocabulary.ts';
import type {
  DeviceView as Device,
  PendingRow as OpenRequest,
  DevicesPage as Page,
  RoleView,
} from '../gateway/console-views.ts';
import { Changing } from './signal.ts';

export type { Device, Role, RoleView };

/** A request with whose it is, for a row. */
export interface Waiting {
  readonly device: Device;
  readonly role: RoleView;
  readonly request: OpenRequest;
  /** How it ended, shown for a moment in the place where it stood. */
  readonly ended: { readonly outcome: string; readonly by: string | null } | null;
}

export type Ask = <T>(method: string, params?: object) => Promise<T>;

/** News of one moment are read together. */
const GATHER_MS = 200;
const MOST_AT_ONCE = 200;
/** How often what is looked at is read again: attempts and sockets are no news, and are told by nobody. */
const LOOK_MS = 2000;
/** How long a request that was decided keeps its place, so that no other row moves under a finger. */
const LINGER_MS = 4000;
const DEVICES = 'antechamber.devices';
/** As many as a screen shows. */
const FIRST = { waiting: true, limit: 12 };
const NOTHING: Promise<Page | null> = Promise.resolve(null);

const byId = (left: Device, right: Device): number => (left.deviceId < right.deviceId ? -1 : 1);
const approvedAtMs = ({ roles, createdAtMs }: Device): number =>
  roles.reduce((latest, role) => Math.max(latest, role.approvedAtMs ?? 0), createdAtMs);
const byApproval = (left: Device, right: Device): number =>
  approvedAtMs(right) - approvedAtMs(left) || byId(left, right);
/** What all revisions of a request have in common. */
export const episodeOf = (requestId: string): string => requestId.split('.')[0] ?? requestId;

/** When what was read is on the screen; what is read after it must not hold it up. */
function drawn(): Promise<void> {
  if (document.hidden) return Promise.resolve();
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));
}

/** All that is known of the devices of this gateway, kept up to date by its events. */
export class Book extends Changing {
  /** Whether all of it was read once. */
  isComplete = false;
  /** Why it cannot be read; null when it can. */
  problem: string | null = null;
  /** How far the gateway's clock is ahead of this one, in ms. */
  skewMs = 0;
  readonly #ask: Ask;
  readonly #devices = new Map<string, Device>();
  readonly #ended = new Map<string, Waiting>();
  readonly #stale = new Set<string>();
  readonly #looked = new Set<readonly string[]>();
  #sorted: readonly Device[] | null = null;
  #waiting: readonly Waiting[] | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #readings = 0;
  #ahead: Promise<Page | null> = NOTHING;

  constructor(ask: Ask) {
    super();
    this.#ask = ask;
    setInterval(() => this.#look(), LOOK_MS);
  }

  now(): number {
    return Date.now() + this.skewMs;
  }

  get(deviceId: string): Device | undefined {
    return this.#devices.get(deviceId);
  }

  /** The last approved first, as the command line lists them. */
  get devices(): readonly Device[] {
    this.#sorted ??= [...this.#devices.values()].sort(byApproval);
    return this.#sorted;
  }

  /** The longest open first, so that what comes anew moves nothing. */
  get waiting(): readonly Waiting[] {
    this.#waiting ??= this.#collect();
    return this.#waiting;
  }

  /** How many wait for somebody to decide. */
  get openCount(): number {
    return this.waiting.reduce((count, { ended }) => count + (ended ? 0 : 1), 0);
  }

  /** Asks for what is shown first, before it is known whether anybody answers. */
  askAhead(): void {
    this.#ahead = this.#ask<Page>(DEVICES, FIRST).catch(() => null);
  }

  /** Reads who waits: as many as are seen at once. */
  async readFirst(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = NOTHING;
    try {
      this.#keep((await ahead) ?? (await this.#ask<Page>(DEVICES, FIRST)));
      this.problem = null;
    } catch (error) {
      this.problem = (error as Error).message;
      this.#touched();
    }
  }

  /** Reads all devices, by parts. */
  async readAll(): Promise<void> {
    this.#readings += 1;
    const reading = this.#readings;
    const seen = new Set<string>();
    try {
      await drawn();
      let after: string | null = '';
      while (after !== null) {
        const page: Page = await this.#read({ limit: 250, ...(after && { after }) });
        if (reading !== this.#readings) return;
        for (const { deviceId } of page.devices) seen.add(deviceId);
        after = page.next;
      }
      this.problem = null;
      this.isComplete = true;
      // What is not in any part is gone, or so new that it was announced.
      for (const id of this.#devices.keys()) if (!seen.has(id)) this.#stale.add(id);
      this.#gather();
    } catch (error) {
      this.problem = (error as Error).message;
    }
    this.#touched();
  }

  heard({ event, payload }: EventFrame): void {
    if (!event.startsWith('device.pair.')) return;
    const { deviceId, requestId, outcome, by } = payload as Record<string, string | undefined>;
    if (!deviceId) return;
    if (event === 'device.pair.resolved' && requestId && outcome)
      this.#settle(deviceId, requestId, outcome, by);
    this.refresh(deviceId);
  }

  /** Reads a device again, soon. */
  refresh(deviceId: string): void {
    this.#stale.add(deviceId);
    this.#gather();
  }

  /** Keeps these devices fresh while they are on the screen. Returns the function that ends it. */
  watch(ids: readonly string[]): () => void {
    this.#looked.add(ids);
    return () => void this.#looked.delete(ids);
  }

  #settle(deviceId: string, requestId: string, outcome: string, by: string | undefined): void {
    const device = this.#devices.get(deviceId);
    const episode = episodeOf(requestId);
    const role = device?.roles.find(({ request }) => request && episodeOf(request.requestId) === episode);
    if (!device || !role?.request) return;
    this.#ended.set(episode, { device, role, request: role.request, ended: { outcome, by: by ?? null } });
    setTimeout(() => {
      this.#ended.delete(episode);
      this.#touched();
    }, LINGER_MS);
    this.#touched();
  }

  #collect(): readonly Waiting[] {
    const rows: Waiting[] = [...this.#ended.values()];
    for (const device of this.#devices.values()) {
      for (const role of device.roles) {
        const { request } = role;
        if (request && !this.#ended.has(episodeOf(request.requestId))) {
          rows.push({ device, role, request, ended: null });
        }
      }
    }
    return rows.sort((left, right) => left.request.ts - right.request.ts || byId(left.device, right.device));
  }

  async #read(params: object): Promise<Page> {
    const page = await this.#ask<Page>(DEVICES, params);
    this.#keep(page);
    return page;
  }

  #keep(page: Page): void {
    this.skewMs = page.atMs - Date.now();
    for (const device of page.devices) this.#devices.set(device.deviceId, device);
    for (const id of page.gone) this.#devices.delete(id);
    this.#touched();
  }

  #touched(): void {
    this.#sorted = null;
    this.#waiting = null;
    this.changed();
  }

  #look(): void {
    if (document.hidden || this.problem !== null) return;
    for (const ids of this.#looked) for (const id of ids) this.#stale.add(id);
    this.#gather();
  }

  #gather(): void {
    if (this.#stale.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(async () => {
      const ids = [...this.#stale].slice(0, MOST_AT_ONCE);
      for (const id of ids) this.#stale.delete(id);
      // While the gateway is away its answer fails; everything is read again when it is back.
      await this.#read({ ids }).catch(() => {});
      this.#timer = undefined;
      this.#gather();
    }, GATHER_MS);
  }
}
