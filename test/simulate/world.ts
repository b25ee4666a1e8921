import type { Clock } from '../../src/authority/committer.ts';
import { Rng } from './rng.ts';
import { Trace } from './trace.ts';

/** Something that will happen. */
export interface Task {
  readonly atMs: number;
  readonly order: number;
  /** The process whose code runs then; it runs no more once that is dead. */
  readonly owner: Mortal | undefined;
  run: (() => void) | undefined;
}

/** What can be killed. */
export interface Mortal {
  readonly isAlive: boolean;
}

/** Wall-clock time at which every simulation starts, in epoch ms. */
const START_MS = 1_771_500_000_000;
const realImmediate = globalThis.setImmediate;

/**
 * One thread of time for everything: whatever happens is a task with a time, and time jumps from one to the next. After
 * each task all promises that it moved on are run to their end, before anything else may happen.
 */
export class World {
  readonly rng: Rng;
  readonly trace: Trace;
  readonly clock: Clock = { now: () => this.wallMs };
  /** ms since the start; never goes back. */
  nowMs = 0;
  /** How far the wall clock was set ahead, in ms. */
  skewMs = 0;
  /** The longest that a call of the store takes while nothing is wrong, in ms. */
  paceMs = 4;
  /** When the wall clock was last set ahead, or what was known of deadlines was lost. */
  jumpedAtMs = Number.NEGATIVE_INFINITY;
  steps = 0;
  /** The process whose code runs now. */
  running: Mortal | undefined;
  readonly #heap: Task[] = [];
  #order = 0;

  constructor(seed: number) {
    this.rng = new Rng(seed);
    this.trace = new Trace(() => this.nowMs);
  }

  /** Epoch ms by the clock of the machine that everything runs on. */
  get wallMs(): number {
    return START_MS + Math.floor(this.nowMs + this.skewMs);
  }

  /** Sets the wall clock. */
  turn(byMs: number): void {
    this.skewMs += byMs;
    if (byMs > 0) this.jumpedAtMs = this.nowMs;
  }

  after(delayMs: number, run: () => void, owner?: Mortal): Task {
    const task: Task = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, owner, run };
    this.#push(task);
    return task;
  }

  cancel(task: Task | undefined): void {
    if (task) task.run = undefined;
  }

  /** Lets time pass until then; stops early when `isOver`. */
  async runUntil(atMs: number, isOver: () => boolean = () => false): Promise<void> {
    for (;;) {
      const next = this.#heap[0];
      if (!next || next.atMs > atMs || isOver()) break;
      this.#pop();
      const { run, owner } = next;
      if (!run || owner?.isAlive === false) continue;
      this.nowMs = next.atMs;
      this.running = owner;
      this.steps += 1;
      run();
      await settled();
      this.running = undefined;
    }
    if (!isOver()) this.nowMs = atMs;
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let at = heap.push(task) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!isBefore(task, heap[up] as Task)) break;
      heap[at] = heap[up] as Task;
      at = up;
    }
    heap[at] = task;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      const right = down + 1;
      if (right < heap.length && isBefore(heap[right] as Task, heap[down] as Task)) down = right;
      if (!isBefore(heap[down] as Task, last)) break;
      heap[at] = heap[down] as Task;
      at = down;
    }
    heap[at] = last;
  }
}

function isBefore(left: Task, right: Task): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}

/** Resolves when every promise that can go on has gone on: nothing here waits for anything real. */
function settled(): Promise<void> {
  return new Promise((resolve) => realImmediate(resolve));
}
