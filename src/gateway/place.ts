import type { Core } from './core.ts';
import type { Due, Timer } from './timer-wheel.ts';
import type { Guest } from './waiting-room.ts';

/** What one socket takes of the gateway before it is let in: its deadline, and its place among the unproven or the
 * parked. Everything is given back exactly once. */
export class Place {
  readonly #core: Core;
  readonly #guest: Guest & Due;
  #timer: Timer | undefined;
  #isUnproven = true;
  #isParked = false;

  constructor(core: Core, guest: Guest & Due) {
    this.#core = core;
    this.#guest = guest;
    const { unproven } = core;
    unproven.set(guest.address, (unproven.get(guest.address) ?? 0) + 1);
    this.startDeadline(core.limits.handshakeMs);
  }

  get isParked(): boolean {
    return this.#isParked;
  }

  startDeadline(ms: number): void {
    const { wheel, authority } = this.#core;
    wheel.cancel(this.#timer);
    this.#timer = wheel.schedule(authority.clock.now() + ms, this.#guest);
  }

  /** The deadline has fired. */
  spent(): void {
    this.#timer = undefined;
  }

  proved(): void {
    if (!this.#isUnproven) return;
    this.#isUnproven = false;
    const { unproven } = this.#core;
    const left = (unproven.get(this.#guest.address) ?? 1) - 1;
    if (left === 0) unproven.delete(this.#guest.address);
    else unproven.set(this.#guest.address, left);
  }

  /** Parks the guest for a slice; where there is no place left, for no time at all. */
  park(sliceMs: number): void {
    const { room } = this.#core;
    if (!this.#isParked) {
      this.startDeadline(room.hasPlace(this.#guest) ? sliceMs : 0);
      this.#isParked = true;
      room.parked(this.#guest.address);
    }
    // Its slice ran out while it was about to be let in, and now it waits again: it is over at once.
    if (this.#timer === undefined) this.startDeadline(0);
  }

  /** Its connect is answered: it waits for nothing, and no deadline of the handshake holds. */
  settle(): void {
    this.#core.wheel.cancel(this.#timer);
    this.#timer = undefined;
    if (this.#isParked) this.#core.room.unparked(this.#guest.address);
    this.#isParked = false;
  }

  leave(): void {
    this.proved();
    this.settle();
    this.#core.room.leave(this.#guest);
  }
}
