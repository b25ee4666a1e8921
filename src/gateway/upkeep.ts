import { eventFrame } from '../protocol/frames.ts';
import type { Core } from './core.ts';
import { Forgetting } from './forgetting.ts';
import type { Session } from './session.ts';
import type { Due } from './timer-wheel.ts';

const SWEEP_MS = 1000;
const ATTEND_MS = 60_000;

/** Sends an event to every session that is let in and that `to` picks; a slow reader misses it. */
export function broadcast(
  core: Core,
  event: string,
  payload: unknown,
  to: (session: Session) => boolean = () => true,
): void {
  const frame = eventFrame(event, payload);
  for (const session of core.sessions) {
    if (session.isAuthorized && to(session)) session.wire.sendHint(frame);
  }
}

/**
 * What a gateway does by itself as time passes, all of it on the one timer wheel. No task waits for another: a store
 * that stands still must hold up no ping, and let none pile up.
 */
export class Upkeep {
  readonly #core: Core;
  #pings = 0;
  readonly #running = new Set<Promise<void>>();

  constructor(core: Core) {
    this.#core = core;
    this.#every(SWEEP_MS, () => this.#readAgain());
    this.#every(SWEEP_MS, () => this.#sweep());
    this.#every(SWEEP_MS, () => this.#ping());
    this.#every(ATTEND_MS, () => this.#attend());
    const { retention } = core;
    if (retention) {
      const forgetting = new Forgetting(core.authority, retention);
      this.#every(SWEEP_MS, () => forgetting.turn());
    }
    this.#every(core.limits.tickMs, () => broadcast(core, 'tick', { ts: core.authority.clock.now() }));
  }

  start(): void {
    this.#core.wheel.start();
  }

  stop(): void {
    this.#core.wheel.stop();
  }

  /** Turns the wheel once and waits for what that started. */
  async turn(): Promise<void> {
    this.#core.wheel.turn();
    await Promise.all(this.#running);
  }

  /** Runs `task` every `ms`; a time is skipped while the run before it has not ended. */
  #every(ms: number, task: () => void | Promise<void>): void {
    const { wheel, authority, log } = this.#core;
    let isRunning = false;
    const run = async (): Promise<void> => {
      isRunning = true;
      try {
        await task();
      } catch (error) {
        log.error({ err: error }, 'upkeep failed; it is tried again');
      } finally {
        isRunning = false;
      }
    };
    const due: Due = {
      due: () => {
        wheel.schedule(authority.clock.now() + ms, due);
        if (isRunning) return;
        const running = run().finally(() => this.#running.delete(running));
        this.#running.add(running);
      },
    };
    wheel.schedule(authority.clock.now() + ms, due);
  }

  async #sweep(): Promise<void> {
    await this.#core.authority.sweep();
  }

  /** Reads the records that could not be read; whether the store can be swept is another matter. */
  async #readAgain(): Promise<void> {
    const { unread } = this.#core;
    const again = [...unread];
    unread.clear();
    await Promise.all(again.map((session) => session.watch.changed()));
  }

  /** A part of the sockets each second, so that thousands are not pinged in one go. */
  #ping(): void {
    const { limits, sessions } = this.#core;
    const shards = Math.max(1, Math.round(limits.pingMs / SWEEP_MS));
    this.#pings = (this.#pings + 1) % shards;
    for (const session of sessions) {
      if (session.shard % shards === this.#pings) session.wire.ping();
    }
  }

  /** Keeps the requests of waiters alive, which other processes cannot see (R16). */
  async #attend(): Promise<void> {
    const { authority, sessions } = this.#core;
    // A probe that is served beside an open request does not wait for it.
    const waiting = [...sessions].filter((session) => session.isWaiting && session.admission?.wait);
    const once = new Map(waiting.map((session) => [`${session.deviceId} ${session.role}`, session]));
    for (const { deviceId, role } of once.values()) await authority.attend(deviceId, role);
  }
}
