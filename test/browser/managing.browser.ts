/** What an owner does to a device from the console, and what the device notices of it. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roleOf } from '../../src/authority/device.ts';
import type { House } from '../support/harness.ts';
import { grantOf, live, pair, READ, WRITE, wait } from '../support/pairing.ts';
import { newDevice, type TestDevice } from '../support/raw-client.ts';
import { consoleUrl, enter, launch, newPage, openConsoleHouse } from './visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const BOTH = [...READ, ...WRITE];

/** The console on the page of a device that is paired and connected. */
async function openDevice(): Promise<{ house: House; page: Page; device: TestDevice }> {
  const house = await openConsoleHouse();
  const page = await newPage(browser);
  await enter(house, page);
  const device = newDevice();
  await pair(house, device, BOTH);
  await page.goto(`${consoleUrl(house)}#/device/${device.id}`);
  await page.getByRole('heading', { name: 'Where it stands' }).waitFor();
  return { house, page, device };
}

async function confirm(page: Page, button: string, action: string, says: string | RegExp): Promise<void> {
  await page.getByRole('button', { name: button }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(says).waitFor();
  await dialog.getByRole('button', { name: action }).click();
  await dialog.waitFor({ state: 'detached' });
}

describe('a device', () => {
  it('is renamed', async () => {
    const { house, page, device } = await openDevice();
    await page.getByRole('button', { name: 'Rename…' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Upstairs');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Upstairs' }).waitFor();
    expect((await house.authority.load(device.id))?.label).toBe('Upstairs');
  });

  it('is narrowed: its socket is closed, its chart and history say so, and nothing is reloaded', async () => {
    const { house, page, device } = await openDevice();
    const { client } = await live(house, { device, scopes: BOTH, mode: 'node' });
    await page.getByText('1 live socket').waitFor();
    await page.getByRole('button', { name: 'Set rights…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('checkbox', { name: 'operator.write' }).uncheck();
    await dialog.getByText('It loses operator.write').waitFor();
    await dialog.getByText('1 live socket will be closed').waitFor();
    await dialog.getByRole('button', { name: 'Narrow' }).click();
    expect((await client.closed()).code).toBe(4001);
    expect(await grantOf(house, device.id)).toEqual(READ);
    await page.getByText('Token rotated').waitFor();
    await wait(house, { device, scopes: WRITE, mode: 'node' });
    await page.locator('[data-state=upgradePending].now').waitFor();
  });

  it('is revoked, and its place in the chart is lit', async () => {
    const { house, page, device } = await openDevice();
    await confirm(page, 'Revoke…', 'Revoke', /Every token it has for this role ends at once/);
    await page.locator('[data-state=revoked].now').waitFor();
    const record = await house.authority.load(device.id);
    expect(record && roleOf(record, 'operator').state).toBe('revoked');
  });

  it('is removed, and is gone from the list', async () => {
    const { house, page, device } = await openDevice();
    await confirm(page, 'Remove…', 'Remove', /It is forgotten in all its roles/);
    await page.getByRole('heading', { name: 'Devices' }).waitFor();
    await page.getByText(device.id.slice(0, 12)).waitFor({ state: 'detached' });
    expect(await grantOf(house, device.id)).toEqual([]);
  });
});

describe('the fleet', () => {
  it('counts what changes, by itself', async () => {
    const { house, page } = await openDevice();
    await page.goto(`${consoleUrl(house)}#/fleet`);
    const paired = page.locator('.tile').filter({ hasText: /^Paired\d/ });
    await paired.getByText('2', { exact: true }).waitFor();
    await pair(house, newDevice(), READ);
    await paired.getByText('3', { exact: true }).waitFor();
  });
});
