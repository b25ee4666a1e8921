/** What a console does when the world changes under it: wider wishes, other owners, a gateway that restarts. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { grantOf, history, openRequest, pair, READ, WRITE, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import { enter, launch, newPage, openConsoleHouse } from './visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const TALK = ['operator.talk'];

describe('a request that changes while it is looked at', () => {
  it('never gives more than the open dialog showed (I2)', async () => {
    const house = await openConsoleHouse();
    const page = await newPage(browser);
    await enter(house, page);
    const device = newDevice();
    await wait(house, { device, scopes: [...READ, ...TALK], mode: 'node' });
    const row = page.getByRole('listitem').filter({ hasText: device.id.slice(0, 12) });
    await row.getByRole('button', { name: 'A part…' }).click();
    const dialog = page.getByRole('dialog');
    await wait(house, { device, scopes: [...READ, ...TALK, 'operator.admin'], mode: 'node' });
    await dialog.getByText('It asks for more now').waitFor();
    await dialog.getByRole('button', { name: 'Approve all' }).click();
    await expect.poll(() => grantOf(house, device.id)).toEqual([...READ, ...TALK]);
    // What it asked for meanwhile is still open, and is shown as that.
    expect((await openRequest(house, device.id))?.revisions).toHaveLength(2);
    await row.getByText('revision 2').waitFor();
    await row.getByTitle('operator.admin').waitFor();
  });

  it('keeps what stands under a finger until the finger goes', async () => {
    const house = await openConsoleHouse();
    const page = await newPage(browser);
    await enter(house, page);
    const device = newDevice();
    await wait(house, { device, scopes: READ, mode: 'node' });
    const row = page.getByRole('listitem').filter({ hasText: device.id.slice(0, 12) });
    await row.getByRole('button', { name: 'Approve' }).hover();
    await wait(house, { device, scopes: [...READ, 'operator.admin'], mode: 'node' });
    await row.getByRole('button', { name: 'Asks for more now' }).waitFor();
    await row.getByRole('button', { name: 'Approve' }).click();
    await expect.poll(() => grantOf(house, device.id)).toEqual(READ);
  });
});

describe('two owners at once', () => {
  it('see one decision stand, and the later one is told whose', async () => {
    const house = await openConsoleHouse();
    const [first, second] = [await newPage(browser), await newPage(browser)];
    await enter(house, first);
    await enter(house, second);
    const device = newDevice();
    await wait(house, { device, scopes: [...READ, ...WRITE], mode: 'node' });
    const rowIn = (page: typeof first) =>
      page.getByRole('listitem').filter({ hasText: device.id.slice(0, 12) });
    await rowIn(second).getByRole('button', { name: 'Reject…' }).click();
    const dialog = second.getByRole('dialog');
    await dialog.getByLabel('A note').fill('not today');
    await rowIn(first).getByRole('button', { name: 'Approve' }).click();
    await dialog.getByText('This request has ended meanwhile').waitFor();
    await dialog.getByRole('button', { name: 'Reject' }).click();
    await second.getByText(/Already approved by/).waitFor();
    expect(await grantOf(house, device.id)).toEqual([...READ, ...WRITE]);
    const settled = (await history(house, device.id, 'request.settled')).map(({ detail }) => detail);
    expect(settled).toMatchObject([{ outcome: 'approved' }]);
  });
});

describe('a note', () => {
  it('stands in the history, where the next owner reads it', async () => {
    const house = await openConsoleHouse();
    const page = await newPage(browser);
    await enter(house, page);
    const device = newDevice();
    await pair(house, device, READ);
    await wait(house, { device, scopes: [...WRITE, ...TALK], mode: 'node', caps: [] }).catch(() => {});
    const row = page.getByRole('listitem').filter({ hasText: device.id.slice(0, 12) });
    await row.getByRole('button', { name: 'Reject…' }).click();
    await page.getByRole('dialog').getByLabel('A note').fill('after the move');
    await page.keyboard.press('Enter');
    await row.getByText('Rejected').waitFor();
    await page.goto(`${page.url().split('#')[0]}#/device/${device.id}`);
    await page.getByText('“after the move”').waitFor();
    expect(await grantOf(house, device.id)).toEqual(READ);
  });
});

describe('a gateway that restarts', () => {
  it('is waited for, and shows what waits there without a reload', async () => {
    const house = await openConsoleHouse({ store: 'sqlite' });
    const page = await newPage(browser);
    await enter(house, page);
    const before = newDevice();
    const { requestId } = await wait(house, { device: before, scopes: READ, mode: 'node' });
    await page.getByText(before.id.slice(0, 12)).waitFor();
    const { port } = house.gateway;
    await house.stop();
    await page.getByText('The gateway does not answer').waitFor();
    const again = await openConsoleHouse({ store: 'sqlite', folder: house.folder, gateway: { port } });
    await page.getByText('The gateway does not answer').waitFor({ state: 'detached' });
    await approve(again.owner, requestId);
    await page.getByText(before.id.slice(0, 12)).waitFor({ state: 'detached' });
    const after = newDevice();
    await wait(again, { device: after, scopes: READ, mode: 'node' });
    const row = page.getByRole('listitem').filter({ hasText: after.id.slice(0, 12) });
    await row.getByRole('button', { name: 'Approve' }).click();
    await expect.poll(() => grantOf(again, after.id)).toEqual(READ);
  });
});
