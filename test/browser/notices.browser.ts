/** Notices on the desktop: for an owner who looks at something else, once for each revision of a request. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import type { House } from '../support/harness.ts';
import { READ, WRITE, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import { Chronicle, crowd } from './fleet-of.ts';
import { enter, launch, newPage, openConsoleHouse } from './visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

interface Told {
  readonly title: string;
  readonly body: string;
  readonly isClosed: boolean;
}

interface BrowserNotice {
  close(): void;
  dispatchEvent(event: Event): boolean;
}

/** What is read of the page. */
interface Listing {
  Notification: {
    new (title: string, options?: { readonly body?: string }): BrowserNotice;
    requestPermission(): Promise<string>;
  };
  notices: { title: string; body: string; isClosed: boolean; notice: BrowserNotice }[];
  timesAsked: () => number;
  readonly document: { hasFocus(): boolean };
  readonly location: { hash: string };
}

/** Runs in the page: the browser's own notices, with a list of what was said and whether it was taken back. */
function listNotices(): void {
  const page = globalThis as unknown as Listing;
  const Own = page.Notification;
  let asked = 0;
  page.notices = [];
  page.timesAsked = () => asked;
  page.Notification = class extends Own {
    constructor(title: string, options: { readonly body?: string } = {}) {
      super(title, options);
      page.notices.push({ title, body: options.body ?? '', isClosed: false, notice: this });
    }
    static override requestPermission(): Promise<string> {
      asked += 1;
      return Own.requestPermission();
    }
    override close(): void {
      for (const one of page.notices) if (one.notice === this) one.isClosed = true;
      super.close();
    }
  };
}

const told = (page: Page): Promise<readonly Told[]> =>
  page.evaluate(() => (globalThis as unknown as Listing).notices.map(({ notice: _, ...one }): Told => one));
const timesAsked = (page: Page): Promise<number> =>
  page.evaluate(() => (globalThis as unknown as Listing).timesAsked());

const BUTTON = { name: 'Notify me of new requests' };

async function openListed(): Promise<{ house: House; page: Page }> {
  const house = await openConsoleHouse();
  const page = await newPage(browser, { permissions: ['notifications'] });
  await page.addInitScript(listNotices);
  await enter(house, page);
  return { house, page };
}

/** Another page of the same person comes to the front, and the console is without the focus. */
async function lookAway(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  // The driver tells every page that it has the focus, unless it is asked not to.
  await session.send('Emulation.setFocusEmulationEnabled', { enabled: false });
  const other = await page.context().newPage();
  await other.bringToFront();
  await expect
    .poll(() => page.evaluate(() => (globalThis as unknown as Listing).document.hasFocus()))
    .toBe(false);
}

async function openAway() {
  const { house, page } = await openListed();
  await page.getByRole('button', BUTTON).click();
  await page.getByRole('button', { ...BUTTON, pressed: true }).waitFor();
  await lookAway(page);
  return { house, page };
}

describe('a notice on the desktop', () => {
  it('comes to somebody who asked for it by a button, and leave is asked for by nothing else', async () => {
    const { house, page } = await openListed();
    await lookAway(page);
    const [before, after] = [newDevice(), newDevice()];
    await wait(house, { device: before, scopes: READ, mode: 'node' });
    await page.getByText(before.id.slice(0, 12)).waitFor();
    expect([await timesAsked(page), await told(page)]).toEqual([0, []]);
    await page.getByRole('button', BUTTON).evaluate((button) => (button as { click(): void }).click());
    await page.getByRole('button', { ...BUTTON, pressed: true }).waitFor();
    expect(await timesAsked(page)).toBe(1);
    await wait(house, { device: after, scopes: [...WRITE, 'operator.talk'], mode: 'node' });
    await expect.poll(() => told(page)).toHaveLength(1);
    const [{ title, body } = { title: '', body: '' }] = await told(page);
    expect(title).toBe('A device asks for talk and write');
    expect(body).toContain(`${after.id.slice(0, 12)}, from 127.0.0.1`);
  });

  it('comes once for each revision, and for no attempt', async () => {
    const { house, page } = await openAway();
    const device = newDevice();
    await wait(house, { device, scopes: READ, mode: 'node' });
    await expect.poll(() => told(page)).toHaveLength(1);
    await wait(house, { device, scopes: READ, mode: 'node' });
    await page.getByText('2 attempts').waitFor();
    await wait(house, { device, scopes: [...READ, ...WRITE], mode: 'node' });
    await expect.poll(() => told(page)).toHaveLength(2);
    expect(await told(page)).toMatchObject([
      { title: 'A device asks for read', isClosed: true },
      { title: 'A device asks for read and write', isClosed: false },
    ]);
    expect((await told(page))[1]?.body).toContain('now revision 2');
  });

  it('is taken back when somebody else has answered', async () => {
    const { house, page } = await openAway();
    const { requestId } = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    await expect.poll(() => told(page)).toMatchObject([{ isClosed: false }]);
    expect(await approve(house.owner, requestId)).toMatchObject({ ok: true });
    await expect.poll(() => told(page)).toMatchObject([{ isClosed: true }]);
  });

  it('is one where many ask at once', async () => {
    const { house, page } = await openAway();
    await crowd(new Chronicle(house), 40, Date.now(), 100);
    await page.getByText('40 requests').waitFor();
    const open = (await told(page)).filter(({ title }) => /^\d+ requests wait for you$/.test(title));
    expect(open.at(-1)?.title).toBe('40 requests wait for you');
    expect((await told(page)).length - open.length).toBeLessThanOrEqual(3);
  });

  it('comes to nobody who looks at the page', async () => {
    const { house, page } = await openListed();
    await page.getByRole('button', BUTTON).click();
    await page.getByRole('button', { ...BUTTON, pressed: true }).waitFor();
    const seen = newDevice();
    await wait(house, { device: seen, scopes: READ, mode: 'node' });
    await page.getByText(seen.id.slice(0, 12)).waitFor();
    await lookAway(page);
    await wait(house, { device: newDevice(), scopes: WRITE, mode: 'node' });
    await expect.poll(() => told(page)).toMatchObject([{ title: 'A device asks for write' }]);
    await page.bringToFront();
    await expect.poll(() => told(page)).toMatchObject([{ isClosed: true }]);
  });

  it('leads to its request, wherever that stands in the list', async () => {
    const { house, page } = await openAway();
    await crowd(new Chronicle(house), 40, Date.now(), 100);
    await page.getByText('40 requests').waitFor();
    const device = newDevice();
    await wait(house, { device, scopes: WRITE, mode: 'node' });
    const title = 'A device asks for write';
    await expect.poll(async () => (await told(page)).at(-1)?.title).toBe(title);
    await page.evaluate(() => {
      const { location, notices } = globalThis as unknown as Listing;
      location.hash = '#/fleet';
      notices.at(-1)?.notice.dispatchEvent(new Event('click'));
    });
    await page.bringToFront();
    const row = page.locator('[data-row]:focus');
    await row.getByText(device.id.slice(0, 12)).waitFor();
    expect(new URL(page.url()).hash).toBe('#/waiting');
  });
});
