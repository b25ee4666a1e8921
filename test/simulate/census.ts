import { type Timer, TimerWheel } from '../../src/gateway/timer-wheel.ts';
import type { Simulation } from './simulation.ts';

/** What a run came to. */
export interface Census {
  readonly events: number;
  readonly steps: number;
  readonly commits: number;
  readonly connects: number;
  readonly decisions: number;
  readonly faults: number;
  readonly kills: number;
  readonly hellos: number;
  /** Checks that were made, by invariant. */
  readonly checked: ReadonlyMap<string, number>;
  /** What is left in a gateway whom everybody has left. */
  readonly leftovers: readonly string[];
}

/** The timers of upkeep: they are always there. */
const OWN_TIMERS = 5;
const timers = new Map<TimerWheel, Set<Timer>>();

/** Counts the timers of every wheel from now on. Returns what ends that. */
export function watchTimers(): () => void {
  const { schedule, cancel } = TimerWheel.prototype;
  TimerWheel.prototype.schedule = function (atMs, target): Timer {
    const own = timers.get(this) ?? new Set();
    timers.set(this, own);
    const timer: Timer = schedule.call(this, atMs, {
      due: () => {
        own.delete(timer);
        target.due();
      },
    });
    own.add(timer);
    return timer;
  };
  TimerWheel.prototype.cancel = function (timer): void {
    if (timer) timers.get(this)?.delete(timer);
    cancel.call(this, timer);
  };
  return () => {
    Object.assign(TimerWheel.prototype, { schedule, cancel });
    timers.clear();
  };
}

export function takeCensus({ world, disk, net, population, chaos, oracle, sites }: Simulation): Census {
  const leftovers = sites.flatMap(({ name, process }) => {
    if (!process?.isServing) return [`${name} does not run`];
    const { core, attached } = process;
    const left = [
      ['live sessions', attached.sessions().length],
      ['parked sockets', attached.parked()],
      ['sessions', core?.sessions.size ?? 0],
      ['addresses of unproven sockets', core?.unproven.size ?? 0],
      ['unread sessions', core?.unread.size ?? 0],
      ['guests', population.deviceIds.reduce((sum, id) => sum + (core?.room.guests(id).length ?? 0), 0)],
      ['timers', core ? (timers.get(core.wheel)?.size ?? 0) - OWN_TIMERS : 0],
    ] as const;
    return left.filter(([, count]) => count !== 0).map(([what, count]) => `${name} keeps ${count} ${what}`);
  });
  return {
    events: disk.shelf.head,
    steps: world.steps,
    commits: disk.commits.length,
    connects: net.dialled,
    decisions: population.decisions,
    faults: chaos.count,
    kills: chaos.kills,
    hellos: oracle.hellos,
    checked: oracle.checked,
    leftovers,
  };
}
