/** Five thousand devices and five hundred that wait: the first row at once, and no moment in which the page stands still. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDevice } from '../support/raw-client.ts';
import { Chronicle, crowd, populate, visitor } from './fleet-of.ts';
import { tasksDuring } from './tasks.ts';
import { consoleUrl, enter, launch, newUnjudgedPage, openConsoleHouse } from './visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** A machine that does other things besides is given time; ANTECHAMBER_QUIET=1 holds the page to its limits. */
const SLACK = process.env.ANTECHAMBER_QUIET ? 1 : 3;
const FIRST_ROW_MS = 100 * SLACK;
const LONG_MS = 50 * SLACK;
const PER_SECOND = 100;
const WEIGHT = 150_000;
const VISITS = 10;

/** Evaluated in the page, which has no `eval`; ms between two marks. */
function between(page: Page, from: string, to: string): Promise<number> {
  return page.evaluate(
    ([from, to]) => {
      const at = (name: string): number => performance.getEntriesByName(name)[0]?.startTime ?? Number.NaN;
      return at(to as string) - at(from as string);
    },
    [from, to],
  );
}

/** Resolves when the page has set that mark. To ask the page again and again would be work for it. */
function marked(page: Page, name: string): Promise<void> {
  return page.evaluate(
    (name) =>
      new Promise<void>((resolve) => {
        const seen = new PerformanceObserver((list) => {
          if (list.getEntriesByName(name).length > 0) resolve();
        });
        seen.observe({ type: 'mark', buffered: true });
      }),
    name,
  );
}

/** The figures are read by people, also when they are good. */
const tell = (line: string): boolean => process.stdout.write(`${line}\n`);
const shown = (ms: readonly number[]): string => ms.slice(0, 5).map(Math.round).join(', ');

/** For five seconds 100 requests a second become wider, while somebody scrolls through them. */
async function changing(chronicle: Chronicle, crowded: readonly TestDevice[], page: Page): Promise<void> {
  const started = Date.now();
  for (let round = 0; round < 50; round += 1) {
    chronicle.now = Date.now();
    for (let at = 0; at < PER_SECOND / 10; at += 1) {
      const device = crowded[(round * 10 + at) % crowded.length];
      // One scope more: the next revision of its request, which every console hears of.
      if (device) await chronicle.ask(device, visitor(at), ['operator.questions']);
    }
    await page.mouse.wheel(0, round % 20 < 10 ? 400 : -400);
    await page.waitForTimeout(Math.max(0, started + (round + 1) * 100 - Date.now()));
  }
}

describe('the page', () => {
  it(`weighs less than ${WEIGHT} bytes as it is sent`, () => {
    const folder = fileURLToPath(new URL('../../dist/console/', import.meta.url));
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.\w+$/.test(name),
    );
    const sizes = files.map((name) => brotliCompressSync(readFileSync(folder + name)).length);
    const weight = sizes.reduce((sum, size) => sum + size, 0);
    tell(`page weight: ${weight} bytes`);
    expect(weight).toBeLessThan(WEIGHT);
  });

  it('shows the first of 500 requests among 5,000 devices at once, and stays smooth while 100 a second change', async () => {
    const terms = { lifetimeMs: 7 * 86_400_000 };
    const house = await openConsoleHouse({ store: 'sqlite', authority: { terms } });
    const chronicle = new Chronicle(house);
    const now = Date.now();
    await populate(chronicle, 5000, now);
    const crowded = await crowd(chronicle, 500, now, 100);
    const page = await newUnjudgedPage(browser);
    await enter(house, page);

    const visits: number[] = [];
    for (let visit = 0; visit < VISITS; visit += 1) {
      await page.goto('about:blank');
      await page.goto(consoleUrl(house));
      await marked(page, 'antechamber.first-painted');
      visits.push(await between(page, 'antechamber.hello', 'antechamber.first-painted'));
      await page.goto(`${consoleUrl(house)}#/devices`);
      await page.getByText('5501 devices').waitFor();
    }
    // The machine that runs this does other things, too; the best of some visits is the page's own time.
    const firstRowMs = Math.min(...visits);
    await page.goto(`${consoleUrl(house)}#/waiting`);
    await page.getByText('500 requests').waitFor();

    await page.mouse.move(640, 500);
    const tasks = await tasksDuring(browser, page, () => changing(chronicle, crowded, page));
    tell(
      `first row: ${visits.map(Math.round).join(', ')} ms after hello; longest tasks while ${PER_SECOND} a second ` +
        `change: CPU ${shown(tasks.cpuMs)} ms, by the clock ${shown(tasks.clockMs)} ms`,
    );
    expect(tasks.cpuMs.length).toBeGreaterThan(100);
    expect(firstRowMs).toBeLessThan(FIRST_ROW_MS);
    expect(tasks.cpuMs.filter((ms) => ms > LONG_MS)).toEqual([]);
  });
});
