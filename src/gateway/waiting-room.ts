import type { Role } from '../../machines/vocabulary.ts';
import type { ChangeNotice } from '../store/store.ts';
import { networkOf } from './locality.ts';
import type { RecordWatch } from './record-watch.ts';
import type { Limits } from './settings.ts';

/** A connection as the waiting room knows it. */
export interface Guest {
  readonly deviceId: string;
  readonly role: Role;
  readonly address: string;
  readonly isParked: boolean;
  /** Keeps it in step with its device's record. */
  readonly watch: Pick<RecordWatch, 'changed' | 'caughtUp'>;
}

/**
 * Who is here for which device: parked sockets and live ones. A connection enters BEFORE its record is loaded, so
 * that no change can fall between the load and the wait (R10, I18).
 */
export class WaitingRoom {
  readonly #limits: Limits;
  /** Lists, and never changed: most devices have one guest, and a Set of one costs 240 bytes more. */
  readonly #byDevice = new Map<string, readonly Guest[]>();
  readonly #parkedByAddress = new Map<string, number>();
  #parked = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get parkedCount(): number {
    return this.#parked;
  }

  enter(guest: Guest): void {
    const guests = this.guests(guest.deviceId);
    if (!guests.includes(guest)) this.#byDevice.set(guest.deviceId, [...guests, guest]);
  }

  leave(guest: Guest): void {
    const left = this.guests(guest.deviceId).filter((other) => other !== guest);
    if (left.length === 0) this.#byDevice.delete(guest.deviceId);
    else this.#byDevice.set(guest.deviceId, left);
  }

  guests(deviceId: string): readonly Guest[] {
    return this.#byDevice.get(deviceId) ?? NOBODY;
  }

  /** Whether one more socket may be parked; over a limit it is refused, and joins all the same (DESIGN, Limits). */
  hasPlace({ deviceId, role, address }: Pick<Guest, 'deviceId' | 'role' | 'address'>): boolean {
    if (this.#parked >= this.#limits.parked) return false;
    if ((this.#parkedByAddress.get(networkOf(address)) ?? 0) >= this.#limits.parkedPerAddress) return false;
    const same = this.guests(deviceId).filter((guest) => guest.isParked && guest.role === role);
    return same.length < this.#limits.parkedPerRole;
  }

  parked(address: string): void {
    this.#parked += 1;
    const network = networkOf(address);
    this.#parkedByAddress.set(network, (this.#parkedByAddress.get(network) ?? 0) + 1);
  }

  unparked(address: string): void {
    this.#parked -= 1;
    const network = networkOf(address);
    const left = (this.#parkedByAddress.get(network) ?? 1) - 1;
    if (left === 0) this.#parkedByAddress.delete(network);
    else this.#parkedByAddress.set(network, left);
  }

  /** Resolves when everybody here for a device has acted on every change that was handed on. */
  caughtUp(deviceId: string): Promise<unknown> {
    return Promise.all(this.guests(deviceId).map((guest) => guest.watch.caughtUp()));
  }

  /** Hands a change on to everybody whom it may concern. */
  notice({ deviceId }: Pick<ChangeNotice, 'deviceId'>): Promise<unknown> {
    return Promise.all(this.guests(deviceId).map((guest) => guest.watch.changed()));
  }
}

const NOBODY: readonly Guest[] = [];
