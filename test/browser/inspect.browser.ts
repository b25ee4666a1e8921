/** The live actors in a real browser: on the local page, and in an inspector that stands where stately.ai does. */
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { openInspected, PATIENCE } from '../inspect/looking.ts';
import { READ, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import { launch, newUnjudgedPage } from './visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const connections = (page: Page) => page.locator('#actors li', { hasText: 'connection' });

describe('the local page', () => {
  it('shows a connection as it waits, is approved, and is paired, and then as gone', async () => {
    const { house, server } = await openInspected({ realTime: true });
    const page = await newUnjudgedPage(browser);
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (new URL(request.url()).host !== new URL(server.url).host) elsewhere.push(request.url());
    });
    await page.goto(server.url);
    await page.getByText('connected', { exact: true }).waitFor();
    expect(page.url()).not.toContain('token');
    const device = newDevice();
    const { client, connectId, requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    const row = connections(page).first();
    await row.getByText('upgradePending.held').waitFor();
    expect(await row.textContent()).toContain(device.id.slice(0, 12));
    await row.getByRole('button').click();
    const current = page.locator('#chart [aria-current] > .name');
    await expect.poll(() => current.allTextContents(), PATIENCE).toEqual(['upgradePending', 'held']);
    await approve(house.owner, requestId);
    await client.response(connectId);
    await row.getByText('paired', { exact: true }).waitFor();
    await expect.poll(() => current.allTextContents(), PATIENCE).toEqual(['paired']);
    const events = await page.locator('#events li').allTextContents();
    expect(events.some((text) => /connection \w{8}: delivery\.flushed/.test(text))).toBe(true);
    await page.getByRole('button', { name: `device ${device.id.slice(0, 12)} operator` }).waitFor();
    await client.end();
    await page.locator('#actors li.gone').waitFor();
    expect(elsewhere).toEqual([]);
  });

  it('has it still after a reload, and says what to do where the token is missing', async () => {
    const { house, server } = await openInspected({ realTime: true });
    const { client } = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    const page = await newUnjudgedPage(browser);
    await page.goto(server.url);
    await connections(page).getByText('upgradePending.held').waitFor();
    await page.reload();
    await connections(page).getByText('upgradePending.held').waitFor();
    const stranger = await newUnjudgedPage(browser);
    await stranger.goto(server.url.replace(/#.*/, ''));
    await stranger.getByText('refused: use the address that the gateway gave').waitFor();
    expect(await connections(stranger).count()).toBe(0);
    await client.end();
  });

  it('shows what a client says of itself as text', async () => {
    const { house, server } = await openInspected({ realTime: true });
    const page = await newUnjudgedPage(browser);
    await page.goto(server.url);
    const clientId = '<img/src=x/onerror=alert(1)>';
    const { client } = await wait(house, { device: newDevice(), scopes: READ, mode: 'node', clientId });
    await connections(page).getByText(clientId).waitFor();
    expect(await page.locator('img').count()).toBe(0);
    await client.end();
  });
});

/** A page as the hosted inspector is one: the package's own receiver, and a line for each frame that it hears. */
async function inspectorPage(): Promise<string> {
  const name = fileURLToPath(new URL('./hosted-stand-in.js', import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: false, lib: { entry: name, formats: ['es'], fileName: 'stand-in' } },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (!output || !('output' in output)) throw new Error('nothing was built');
  return `<!doctype html><ol></ol><script type="module">${output.output[0].code}</script>`;
}

describe('the page for the Stately inspector', () => {
  it('hands to the page of stately.ai what its receiver can read', async () => {
    const { house, server } = await openInspected({ realTime: true });
    const { client, connectId, requestId } = await wait(house, {
      device: newDevice(),
      scopes: READ,
      mode: 'node',
    });
    const page = await newUnjudgedPage(browser);
    const body = await inspectorPage();
    await page.route('https://stately.ai/**', (route) => route.fulfill({ contentType: 'text/html', body }));
    await page.goto(server.hostedUrl);
    const heard = page.frameLocator('iframe').locator('li');
    await heard.getByText('@xstate.actor {"upgradePending":"held"}').waitFor();
    await approve(house.owner, requestId);
    await client.response(connectId);
    await heard.getByText('@xstate.snapshot "paired"').first().waitFor();
    const [inspector] = page.frames().filter((frame) => frame.url().startsWith('https://stately.ai'));
    await inspector?.goto('https://stately.ai/inspect?again');
    await expect
      .poll(() => heard.allTextContents(), PATIENCE)
      .toEqual(
        expect.arrayContaining([expect.stringMatching(/^@xstate\.actor/), '@xstate.snapshot "paired"']),
      );
    await client.end();
  });
});
