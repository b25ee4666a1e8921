/** The report that this project began with, decided from a browser (openclaw/openclaw#21688). */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rotate } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { SECRET } from '../support/harness.ts';
import { OfficialDevice, OfficialProgram } from '../support/official-client.ts';
import { ADMIN_BUNDLE, ASKED, history, MANAGE, openRequest } from '../support/pairing.ts';
import { consoleUrl, enter, launch, newPage, openConsoleHouse, shownId } from './visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

describe('the first console of an owner', () => {
  it('asks for the secret once, waits as any device, and comes in by itself', async () => {
    const house = await openConsoleHouse();
    const page = await newPage(browser);
    await page.goto(consoleUrl(house).replace('console/', ''));
    expect(page.url()).toBe(consoleUrl(house));
    await page.getByLabel('Shared token').fill('wrong');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('alert').filter({ hasText: 'not the shared token' }).waitFor();
    await page.getByLabel('Shared token').fill(SECRET);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'This console waits, too' }).waitFor();
    expect(await approve(house.owner, await shownId(page))).toMatchObject({ ok: true });
    await page.getByRole('heading', { name: 'Nobody waits' }).waitFor();
  });

  it('keeps no secret, and none in the address', async () => {
    const house = await openConsoleHouse();
    const page = await newPage(browser);
    await enter(house, page);
    expect(page.url()).toBe(consoleUrl(house));
    await expect.poll(() => page.evaluate(() => sessionStorage.length)).toBe(0);
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await page.reload();
    await page.getByRole('heading', { name: 'Waiting for you' }).waitFor();
  });
});

describe('a device that lost what it works with', () => {
  it('loops as one row, and one click lets its waiting socket in', async () => {
    const house = await openConsoleHouse({
      gateway: { waiting: { manner: 'hold', sliceMs: { 'backend@4': 700 } } },
    });
    const page = await newPage(browser);
    await enter(house, page);
    const device = new OfficialDevice();
    const before = new OfficialProgram(house.gateway.url, device, { scopes: [...ADMIN_BUNDLE] });
    const row = page.getByRole('listitem').filter({ hasText: device.id.slice(0, 12) });
    await row.getByRole('button', { name: 'Approve' }).click();
    await before.hello();
    await before.stop();
    await row.waitFor({ state: 'detached' });
    expect(await rotate(house.owner, device.id, 'operator', MANAGE)).toMatchObject({ ok: true });

    const program = new OfficialProgram(house.gateway.url, device, { scopes: ['operator.admin'] });
    await row.getByText('asks for').waitFor();
    await program.until(() => program.errors.length >= 2);
    // It has come back again and again, and the row is one, with the attempts counted.
    await row.getByText(/[2-9] attempts/).waitFor();
    expect(await row.count()).toBe(1);
    const open = await openRequest(house, device.id);
    await row.getByRole('button', { name: 'Approve' }).click();
    expect((await program.hello()).auth.scopes).toContain('operator.admin');
    await row.getByText('Approved').waitFor();
    await row.waitFor({ state: 'detached' });
    const asked = await history(house, device.id, ...ASKED);
    expect(asked.filter(({ requestId }) => requestId === open?.id)).toHaveLength(1);
    await program.stop();
  });
});
