import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { openLedger } from '../support/frame-ledger.ts';
import { type House, type HouseOptions, openHouse, SECRET } from '../support/harness.ts';

/** Debian's; `CHROMIUM` names another one. */
const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium';

export function launch(): Promise<Browser> {
  if (!existsSync(PROGRAM)) {
    throw new Error(
      `no Chromium at ${PROGRAM}: install one (apt-get install chromium), or name it in CHROMIUM`,
    );
  }
  return chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** A gateway with its console, in real time, where every device waits for an owner. */
export function openConsoleHouse(options: HouseOptions = {}): Promise<House> {
  return openHouse({ realTime: true, ...options, gateway: { console: {}, ...options.gateway } });
}

export function consoleUrl({ gateway }: Pick<House, 'gateway'>): string {
  return `${gateway.url.replace(/^ws/, 'http')}/console/`;
}

/** A browser of its own, as another person's would be. Fails the test for what the page logs as an error. */
export async function newPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await newUnjudgedPage(browser, options);
  page.on('websocket', (socket) => {
    const ledger = openLedger();
    socket.on('framesent', ({ payload }) => ledger.sent(String(payload)));
    socket.on('framereceived', ({ payload }) => ledger.received(String(payload)));
  });
  return page;
}

/** The same, and its frames are not judged: that is work for the process whose speed is measured. */
export async function newUnjudgedPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    // A connection that is refused while the gateway is away is what the page has to live with.
    if (message.type() === 'error' && !/WebSocket connection/.test(message.text()))
      problems.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    expect(problems).toEqual([]);
  });
  return page;
}

/** The id that a page shows while it waits to be let in. */
export async function shownId(page: Page): Promise<string> {
  const command = await page.locator('.command').textContent();
  const id = /[a-z2-7]{16}\.r\d+/.exec(command ?? '')?.[0];
  if (!id) throw new Error(`no id in: ${command}`);
  return id;
}

/** Opens the console, and lets it in as an owner does at a command line. */
export async function enter(house: House, page: Page): Promise<void> {
  await page.goto(`${consoleUrl(house)}#token=${SECRET}`);
  await page.locator('.command').waitFor();
  const done = await approve(house.owner, await shownId(page));
  expect(done).toMatchObject({ ok: true });
  await page.getByRole('heading', { name: 'Waiting for you' }).waitFor();
}
