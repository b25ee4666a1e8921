/** For everybody: no finding of axe in any view, nothing wider than a narrow screen, and no need of a mouse. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grantOf, openRequest, pair, READ, WRITE, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import { Chronicle, crowd, visitor } from './fleet-of.ts';
import { consoleUrl, enter, launch, newPage, openConsoleHouse } from './visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Runs beside the page's own scripts, as an extension does: the page's policy lets nothing in. */
async function findings(page: Page): Promise<readonly string[]> {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.enable');
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
  });
  await session.send('Runtime.evaluate', { expression: AXE, contextId });
  const { result } = await session.send('Runtime.evaluate', {
    expression: 'axe.run({ resultTypes: ["violations"] })',
    contextId,
    awaitPromise: true,
    returnByValue: true,
  });
  const { violations, testEngine } = result.value as AxeResults;
  expect(testEngine.name).toBe('axe-core');
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

const overflow = (page: Page): Promise<number> =>
  page.locator('html').evaluate((html) => {
    const { scrollWidth, clientWidth } = html as unknown as Record<'scrollWidth' | 'clientWidth', number>;
    return scrollWidth - clientWidth;
  });

describe.each([
  ['light', 1280],
  ['dark', 1280],
  ['light', 360],
  ['dark', 360],
] as const)('in %s at %i px', (colorScheme, width) => {
  it('every view and dialog is free of findings, and fits', async () => {
    const house = await openConsoleHouse();
    const page = await newPage(browser, { colorScheme, viewport: { width, height: 740 } });
    const check = async (what: string): Promise<void> => {
      expect(await findings(page), what).toEqual([]);
      expect(await overflow(page), what).toBeLessThanOrEqual(0);
    };
    await page.goto(consoleUrl(house));
    await page.getByLabel('Shared token').waitFor();
    await check('the door');
    await enter(house, page);
    await check('nobody waits');
    const device = newDevice();
    await pair(house, device, READ);
    await wait(house, { device, scopes: [...WRITE, 'operator.talk.secrets'], mode: 'node' });
    await page.getByRole('button', { name: 'A part…' }).click();
    await page.getByRole('dialog').waitFor();
    await check('a dialog');
    await page.keyboard.press('Escape');
    await page.locator('.request .primary:enabled').waitFor();
    await check('a row');
    for (const [hash, landmark] of [
      ['devices', '.device-row'],
      [`device/${device.id}`, '.timeline li'],
      ['fleet', '.fleet-chart'],
    ] as const) {
      await page.goto(`${consoleUrl(house)}#/${hash}`);
      await page.locator(landmark).first().waitFor();
      await check(hash);
    }
  });
});

describe('without a mouse', () => {
  it('a request is found, looked at and decided', async () => {
    const house = await openConsoleHouse();
    const page = await newPage(browser);
    await enter(house, page);
    const device = newDevice();
    await wait(house, { device, scopes: [...READ, ...WRITE], mode: 'node' });
    await page.locator('.request .primary:enabled').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('p');
    await page.getByRole('dialog').waitFor();
    // The second box: what it covers is left out.
    await page.getByRole('checkbox', { name: 'operator.write' }).focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await expect.poll(() => grantOf(house, device.id)).toEqual(READ);
    expect(await openRequest(house, device.id)).toBeNull();
    await page.keyboard.press('2');
    await page.getByRole('heading', { name: 'Devices' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(device.id.slice(0, 10));
    await page.getByRole('status').getByText('1 device', { exact: true }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Escape');
    await page.locator('[data-row]').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Where it stands' }).waitFor();
    await page.locator('[data-state=paired].now').waitFor();
  });
});

describe('for who uses keys', () => {
  it('the focus stays in the list when a decided row is gone, on no other request, and j goes on from there', async () => {
    const house = await openConsoleHouse();
    const page = await newPage(browser);
    await enter(house, page);
    const devices = [newDevice(), newDevice(), newDevice()] as const;
    for (const device of devices) await wait(house, { device, scopes: READ, mode: 'node' });
    const rowOf = (device: { readonly id: string }) =>
      page.getByRole('listitem').filter({ hasText: device.id.slice(0, 12) });
    await rowOf(devices[2]).locator('.primary:enabled').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('a');
    await rowOf(devices[1]).getByText('Approved').waitFor();
    await rowOf(devices[1]).waitFor({ state: 'detached' });
    await page.locator('.rows:focus').waitFor();
    await page.keyboard.press('a');
    await page.keyboard.press('j');
    expect(await rowOf(devices[2]).evaluate((row) => row.matches(':focus'))).toBe(true);
    expect(await openRequest(house, devices[0].id)).not.toBeNull();
    expect(await openRequest(house, devices[2].id)).not.toBeNull();
  });

  it('a dialog keeps the focus, Escape leaves it, and the focus is where it was', async () => {
    const house = await openConsoleHouse();
    const page = await newPage(browser);
    await enter(house, page);
    await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    await page.locator('.request .primary:enabled').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('r');
    await page.getByRole('dialog').waitFor();
    const isInside = (): Promise<boolean> =>
      page.getByRole('dialog').evaluate((dialog) => dialog.matches(':focus-within'));
    for (let step = 0; step < 8; step += 1) {
      await page.keyboard.press('Tab');
      // Between the last field and the first is the browser's own frame.
      const isOnPage = await page.locator(':focus').count();
      expect(isOnPage === 0 || (await isInside())).toBe(true);
    }
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.locator('[data-row]:focus').waitFor();
  });

  it('a link leads the focus to the view that it opens', async () => {
    const house = await openConsoleHouse();
    const page = await newPage(browser);
    await enter(house, page);
    await page.getByRole('link', { name: 'Devices' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('main:focus').waitFor();
    await expect.poll(() => page.title()).toBe('Devices · Antechamber');
  });
});

interface PageNode {
  readonly nodeType: number;
  readonly parentElement: PageNode | null;
  readonly textContent: string | null;
  closest(selector: string): PageNode | null;
}

interface Listening {
  readonly MutationObserver: new (
    heard: (changes: readonly { readonly target: PageNode }[]) => void,
  ) => { observe(node: unknown, options: object): void };
  said: string[];
}

/** Runs in the page: lists what is put into its live regions, which a screen reader says. */
function listSaid(body: unknown): void {
  const page = globalThis as unknown as Listening;
  page.said = [];
  const observer = new page.MutationObserver((changes) => {
    for (const { target } of changes) {
      const node = target.nodeType === 3 ? target.parentElement : target;
      const words = node?.closest('[role=status], [aria-live]') ? node.textContent : null;
      if (words) page.said.push(words);
    }
  });
  observer.observe(body, { subtree: true, childList: true, characterData: true });
}

describe('for who listens', () => {
  it('many requests are told in one sentence', async () => {
    const house = await openConsoleHouse();
    const page = await newPage(browser);
    await enter(house, page);
    await page.locator('body').evaluate(listSaid);
    const chronicle = new Chronicle(house);
    const crowded = await crowd(chronicle, 60, Date.now(), 100);
    for (const [at, device] of crowded.entries()) {
      await chronicle.ask(device, visitor(at), ['operator.questions']);
    }
    await page
      .getByRole('status')
      .filter({ hasText: '60 requests wait for you' })
      .waitFor({ state: 'attached' });
    expect(await page.evaluate(() => (globalThis as unknown as Listening).said)).toEqual([
      '60 requests wait for you',
    ]);
  });
});
