import type { Clock } from '../authority/committer.ts';

/** What a wheel calls when a time has come. It must not throw. */
export interface Due {
  due(): void;
}

/** Handle of one scheduled call. */
export interface Timer {
  /** Where it lies in the wheel; moved when the clock is set back. */
  slot: number;
  readonly target: Due;
}

/**
 * All deadlines of one gateway on one timer: thousands of waiting sockets cost a Set entry each and no timer of their
 * own. Deadlines are kept to one tick; a late wheel fires what it missed, in order of their slots.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #slots = new Map<number, Set<Timer>>();
  #last: number;
  #interval: NodeJS.Timeout | undefined;

  /** `tickMs`: how exact the wheel is. */
  constructor(clock: Clock, tickMs = 50) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#last = Math.floor(clock.now() / tickMs);
  }

  /** Turns by itself until `stop`; without this the owner calls `turn`. */
  start(): void {
    this.#interval ??= setInterval(() => this.turn(), this.#tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
    this.#slots.clear();
  }

  schedule(atMs: number, target: Due): Timer {
    const timer: Timer = { slot: 0, target };
    this.#place(timer, Math.ceil(atMs / this.#tickMs));
    return timer;
  }

  cancel(timer: Timer | undefined): void {
    if (!timer) return;
    const timers = this.#slots.get(timer.slot);
    if (timers?.delete(timer) && timers.size === 0) this.#slots.delete(timer.slot);
  }

  /** Fires everything that is due at the clock's present time. */
  turn(): void {
    const now = Math.floor(this.#clock.now() / this.#tickMs);
    if (now < this.#last) this.#moveBack(this.#last - now);
    // After a long sleep (a suspended laptop, a turned test clock) walk the slots that exist, not the time between.
    const passed =
      now - this.#last > this.#slots.size
        ? [...this.#slots.keys()].filter((slot) => slot <= now).sort((a, b) => a - b)
        : Array.from({ length: Math.max(0, now - this.#last) }, (_, index) => this.#last + 1 + index);
    this.#last = Math.max(this.#last, now);
    for (const slot of passed) {
      const timers = this.#slots.get(slot);
      if (!timers) continue;
      this.#slots.delete(slot);
      for (const { target } of timers) target.due();
    }
  }

  /** The clock was set back: what was a minute away is a minute away still. */
  #moveBack(slots: number): void {
    const timers = [...this.#slots.values()].flatMap((set) => [...set]);
    this.#slots.clear();
    this.#last -= slots;
    for (const timer of timers) this.#place(timer, timer.slot - slots);
  }

  #place(timer: Timer, slot: number): void {
    timer.slot = Math.max(slot, this.#last + 1);
    const timers = this.#slots.get(timer.slot);
    if (timers) timers.add(timer);
    else this.#slots.set(timer.slot, new Set([timer]));
  }
}
