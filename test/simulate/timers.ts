import type { Task, World } from './world.ts';

/** Stands for a handle of Node: what the product calls on it. */
class Handle {
  task: Task | undefined;
  unref(): this {
    return this;
  }
}

/** Timers that the product starts by itself (a socket that is cut, the mark beside the keys) become tasks of the world
 * and die with their process. Returns what puts the real ones back. */
export function takeTimers(world: World): () => void {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  const start = (run: () => void, ms = 0): Handle => {
    const handle = new Handle();
    handle.task = world.after(ms, run, world.running);
    return handle;
  };
  const stop = (handle: unknown): void => {
    if (handle instanceof Handle) world.cancel(handle.task);
    else clearTimeout(handle as NodeJS.Timeout);
  };
  const never = (): never => {
    throw new Error('an interval of its own is no part of what is simulated');
  };
  Object.assign(globalThis, {
    setTimeout: start,
    clearTimeout: stop,
    setInterval: never,
    clearInterval: stop,
  });
  return () => void Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
}
