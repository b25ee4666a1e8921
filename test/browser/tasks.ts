import type { Browser, Page } from 'playwright-core';

export interface Tasks {
  /** CPU of each task of the page's main thread, in ms, the longest first. */
  readonly cpuMs: readonly number[];
  /** How long each took by the clock. On a machine that does other things, too, that is more. */
  readonly clockMs: readonly number[];
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** In microseconds. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** What the main thread of a page does while `work` runs, as the browser itself records it. */
export async function tasksDuring(browser: Browser, page: Page, work: () => Promise<void>): Promise<Tasks> {
  await browser.startTracing(page, {
    screenshots: false,
    categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'],
  });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: readonly TraceEvent[];
  };
  const mains = traceEvents
    .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
    .map(({ pid, tid }) => `${pid} ${tid}`);
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => ph === 'X' && /RunTask$/.test(name) && mains.includes(`${pid} ${tid}`),
  );
  const sorted = (key: 'dur' | 'tdur'): readonly number[] =>
    tasks.map((task) => (task[key] ?? 0) / 1000).sort((left, right) => right - left);
  return { cpuMs: sorted('tdur'), clockMs: sorted('dur') };
}
