/** `npm run screenshots`: the pictures of the console, from a gateway with a day behind it. */
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, it } from 'vitest';
import { rename, rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import type { House } from '../support/harness.ts';
import { live, wait } from '../support/pairing.ts';
import { newDevice, type TestDevice } from '../support/raw-client.ts';
import { Chronicle, crowd, populate, type Visitor, visitor } from './fleet-of.ts';
import { consoleUrl, enter, launch, newPage, openConsoleHouse } from './visit.ts';

const FOLDER = fileURLToPath(new URL('../../diagrams/screenshots/', import.meta.url));
const MINUTE = 60_000;
const KITCHEN: Visitor = {
  displayName: 'Galaxy Tab S7',
  clientId: 'openclaw-android',
  clientVersion: '2026.9.6',
  platform: 'android',
  remoteIp: '192.0.2.41',
};

let browser: Browser;
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  browser = await launch();
});
afterAll(() => browser.close());

const WISHED = ['operator.pairing', 'operator.read', 'operator.write'];

/** The same device now: it asks again and again, its owner sees one request, and it works with what it has. */
async function comeAgain(house: House, device: TestDevice): Promise<void> {
  const { clientId, clientVersion: version, platform } = KITCHEN;
  const forge = (params: object) => ({
    ...params,
    client: { id: clientId, version, platform, mode: 'node' },
  });
  for (let attempt = 2; attempt < 14; attempt += 1) {
    const { client } = await live(house, { device, scopes: WISHED, mode: 'node', clientId, platform, forge });
    await client.end();
  }
  await live(house, { device, scopes: WISHED, mode: 'node', clientId, platform, forge });
}

/** A device with a story: approved, narrowed, widened, declined once, and asking again. */
async function story(chronicle: Chronicle, now: number): Promise<TestDevice> {
  chronicle.now = now - 20 * 60 * MINUTE;
  const device = await chronicle.pair(KITCHEN, ['operator.admin', 'operator.approvals', 'operator.pairing']);
  chronicle.now = now - 19 * 60 * MINUTE;
  await rename(chronicle.owner, device.id, 'Kitchen tablet');
  chronicle.now = now - 9 * 60 * MINUTE;
  await rotate(chronicle.owner, device.id, 'operator', ['operator.approvals', 'operator.pairing']);
  chronicle.now = now - 8 * 60 * MINUTE;
  const declined = await chronicle.ask(device, KITCHEN, ['operator.admin']);
  if (declined) {
    const why = { ...chronicle.owner, origin: { note: 'ask again when the migration is over' } };
    await reject(why, declined);
  }
  chronicle.now = now - 42 * MINUTE;
  const read = await chronicle.ask(device, KITCHEN, ['operator.read']);
  if (read) await approve(chronicle.owner, read);
  chronicle.now = now - 11 * MINUTE;
  await chronicle.ask(device, KITCHEN, WISHED);
  return device;
}

async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  // Until the buttons of new rows can be used.
  await page.locator('.request:not(.ended) .primary:disabled').first().waitFor({ state: 'detached' });
}

async function pictures(house: House, deviceId: string, name: string, options: object): Promise<void> {
  const page = await newPage(browser, { deviceScaleFactor: 1, ...options });
  await page.goto(consoleUrl(house));
  const door = page.getByLabel('Shared token');
  await door.waitFor();
  await page.screenshot({ path: `${FOLDER}door-${name}.png` });
  await enter(house, page);
  const views = {
    waiting: '#/waiting',
    devices: '#/devices',
    device: `#/device/${deviceId}`,
    fleet: '#/fleet',
  };
  for (const [view, hash] of Object.entries(views)) {
    await page.goto(`${consoleUrl(house)}${hash}`);
    if (view === 'fleet') await page.locator('.fleet-chart').waitFor();
    if (view === 'device') await page.locator('.timeline li').first().waitFor();
    await settled(page);
    // Its page is short, and the rest of a wide screen would be empty.
    if (view === 'fleet' && !name.startsWith('narrow'))
      await page.setViewportSize({ width: 1280, height: 650 });
    await page.screenshot({ path: `${FOLDER}${view}-${name}.png`, fullPage: view === 'device' });
  }
}

/** What `npm run demo` prints, as the README shows it. */
function demoText(): string {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const text = /```text demo\n([\s\S]*?)```/.exec(readme)?.[1];
  if (!text) throw new Error('the README has no demo');
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/^ *\[\.\.\.\]$|^[- ]+$|^ *\d+\.\d s /gm, '<i>$&</i>')
    .replace(/is closed, 1008 "pairing required"/g, '<s>$&</s>')
    .replace(/(?<=socket \d+ )is (held|let in)|\d+ ms after the approval was written/g, '<b>$&</b>');
}

const TERMINAL = `<style>
  body { margin: 0; padding: 28px; background: #faf9f7; display: inline-block; }
  b { color: #66cdb6; } s { color: #f5968c; text-decoration: none; } i { color: #8d8a84; font-style: normal; }
  pre { margin: 0; padding: 22px 26px; border-radius: 14px; background: #131515; color: #eceae6;
    font: 13px/1.5 ui-monospace, "Liberation Mono", monospace; }
</style>`;

it('show the demo in a terminal', async () => {
  const page = await newPage(browser, { deviceScaleFactor: 2 });
  await page.setContent(`${TERMINAL}<pre><i>$</i> npm run demo\n\n${demoText()}</pre>`);
  await page.locator('body').screenshot({ path: `${FOLDER}demo.png` });
});

it('are taken, in the light and in the dark, wide and narrow', async () => {
  const day = 24 * 60 * MINUTE;
  const house = await openConsoleHouse({ authority: { terms: { lifetimeMs: 7 * day } } });
  const now = Date.now();
  const chronicle = new Chronicle(house);
  const device = await story(chronicle, now);
  await populate(chronicle, 180, now);
  const [first] = await crowd(chronicle, 4, now, 90_000, 4);
  // Its second revision: it asks for more than an owner has seen.
  if (first) await chronicle.ask(first, visitor(4), ['operator.admin', 'operator.read']);
  await comeAgain(house, device);
  const scopes = ['operator.read', 'operator.write'];
  await wait(house, { device: newDevice(), scopes, mode: 'node', clientId: 'gateway-client' });
  await wait(house, { device: newDevice(), role: 'node', mode: 'node', clientId: 'node-host' });
  const dark = { colorScheme: 'dark' };
  const narrow = { deviceScaleFactor: 2, viewport: { width: 360, height: 740 } };
  await pictures(house, device.id, 'light', { deviceScaleFactor: 2 });
  await pictures(house, device.id, 'dark', dark);
  await pictures(house, device.id, 'narrow-light', narrow);
  await pictures(house, device.id, 'narrow-dark', { ...narrow, ...dark });
});
