import type { Core } from './core.ts';
import { networkOf } from './locality.ts';
import type { Due, Timer } from './timer-wheel.ts';
import type { Guest } from './waiting-room.ts';
import type { Ending, Wire } from './wire.ts';

/** How long the peer of a socket that is refused may take to answer the close. */
const CLOSE_MS = 1000;

/** What one socket takes of the gateway before it is let in: its deadline, and its place among the unproven or the
 * parked. Everything is given back exactly once. */
export class Place {
  readonly #core: Core;
  readonly #guest: Guest & Due;
  readonly #network: string;
  #timer: Timer | undefined;
  #isUnproven = true;
  #isParked = false;

  constructor(core: Core, guest: Guest & Due) {
    this.#core = core;
    this.#guest = guest;
    this.#network = networkOf(guest.address);
    const { unproven } = core;
    unproven.set(this.#network, (unproven.get(this.#network) ?? 0) + 1);
    this.startDeadline(core.limits.handshakeMs);
  }

  get isParked(): boolean {
    return this.#isParked;
  }

  /** Whether the peer has proved its credentials and its device. */
  get isProved(): boolean {
    return !this.#isUnproven;
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

  /** It is no stranger to the budget of sockets any more. */
  proved(): void {
    if (!this.#isUnproven) return;
    this.#isUnproven = false;
    const { unproven } = this.#core;
    const left = (unproven.get(this.#network) ?? 1) - 1;
    if (left === 0) unproven.delete(this.#network);
    else unproven.set(this.#network, left);
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

  /** Waits for nothing any more. Its place among the unproven stays taken until the socket is gone: `cut` is ended
   * without its peer if that does not answer the close. */
  leave(cut?: Wire): void {
    this.settle();
    const { authority, room, wheel } = this.#core;
    room.leave(this.#guest);
    if (cut) this.#timer = wheel.schedule(authority.clock.now() + CLOSE_MS, { due: () => cut.terminate() });
  }

  /** Leaves and closes: the peer has a moment to answer, and is cut then. */
  dismiss(wire: Wire, ending: Ending): void {
    this.leave(wire);
    wire.close(ending);
  }

  /** The socket is gone. */
  gone(): void {
    this.proved();
    this.leave();
  }
}
