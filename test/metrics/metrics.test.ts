/** The exposition is scraped over HTTP and parsed while a story runs, and each figure is compared with what happened. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { makeMetrics } from '../../src/metrics/metrics.ts';
import { startMetricsServer } from '../../src/metrics/metrics-server.ts';
import { type House, openHouse, openSecond, SHARED } from '../support/harness.ts';
import { live, openRequest, pair, READ, WRITE, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';

interface Scraped {
  /** Sums the samples of this name whose labels include these; undefined when there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  readonly labels: ReadonlySet<string>;
  readonly text: string;
}

const LINE = /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/;

function parse(text: string): Scraped {
  const samples = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', inside = '', value = ''] = LINE.exec(line) ?? [];
      if (name === '') throw new Error(`not a sample: ${line}`);
      const labels = [...inside.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', of = '']) => [
        key,
        of,
      ]);
      return { name, labels: Object.fromEntries(labels) as Record<string, string>, value: Number(value) };
    });
  return {
    text,
    labels: new Set(samples.flatMap(({ labels }) => Object.keys(labels))),
    value(name, wanted = {}) {
      const found = samples.filter(
        (one) => one.name === name && Object.entries(wanted).every(([key, of]) => one.labels[key] === of),
      );
      return found.length === 0 ? undefined : found.reduce((sum, one) => sum + one.value, 0);
    },
  };
}

async function metered(store: 'memory' | 'sqlite' = 'memory'): Promise<{
  house: House;
  scrape: () => Promise<Scraped>;
}> {
  const metrics = makeMetrics('1.2.3');
  const house = await openHouse({
    store,
    wrap: (inner) => metrics.timed(inner),
    gateway: { meter: metrics.meter, ...metrics.callbacks },
  });
  await metrics.begin(house.authority);
  metrics.show(house.gateway);
  const server = await startMetricsServer(metrics, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    await server.stop();
    metrics.stop();
  });
  const scrape = async (): Promise<Scraped> => {
    const answer = await fetch(server.url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    return parse(await answer.text());
  };
  return { house, scrape };
}

describe('the figures of a story', () => {
  it('are those of what happened', async () => {
    const { house, scrape } = await metered();
    const before = await scrape();
    expect(before.value('antechamber_build_info', { version: '1.2.3' })).toBe(1);
    expect(before.value('antechamber_connections')).toBe(0);
    expect(before.value('antechamber_requests_opened_total')).toBe(0);

    const device = newDevice();
    const first = await wait(house, { device, scopes: READ, mode: 'node' });
    const second = await wait(house, { device, scopes: READ, mode: 'node' });
    const stranger = newDevice();
    const third = await wait(house, { device: stranger, scopes: READ, mode: 'node' });
    const wider = await wait(house, { device: stranger, scopes: WRITE, mode: 'node' });
    const waiting = await scrape();
    expect(waiting.value('antechamber_connections', { state: 'upgradePending.held' })).toBe(4);
    expect(waiting.value('antechamber_devices', { state: 'pairingPending' })).toBe(2);
    expect(waiting.value('antechamber_requests_opened_total')).toBe(2);
    expect(waiting.value('antechamber_requests_widened_total')).toBe(1);
    expect(waiting.value('antechamber_attempts_total', { verdict: 'opened' })).toBe(2);
    expect(waiting.value('antechamber_attempts_total', { verdict: 'joined' })).toBe(1);
    expect(waiting.value('antechamber_attempts_total', { verdict: 'widened' })).toBe(1);
    expect(waiting.value('antechamber_requests_settled_total')).toBeUndefined();

    house.clock.advance(3000);
    expect((await approve(house.owner, first.requestId)).ok).toBe(true);
    expect((await reject(house.owner, wider.requestId)).ok).toBe(true);
    for (const one of [first, second]) expect((await one.client.response(one.connectId)).ok).toBe(true);
    for (const one of [third, wider]) expect((await one.client.response(one.connectId)).ok).toBe(false);
    const after = await scrape();
    expect(after.value('antechamber_connections', { state: 'paired' })).toBe(2);
    expect(after.value('antechamber_requests_settled_total')).toBe(2);
    expect(after.value('antechamber_requests_settled_total', { outcome: 'approved' })).toBe(1);
    expect(after.value('antechamber_requests_settled_total', { outcome: 'rejected' })).toBe(1);
    expect(after.value('antechamber_request_wait_seconds_sum', { outcome: 'approved' })).toBe(3);
    expect(after.value('antechamber_refusals_total', { code: 'DECLINED', kind: 'rejected' })).toBe(2);
    // Two sockets of one device were let in by one approval, which was usable once.
    expect(after.value('antechamber_approval_to_usable_seconds_count')).toBe(1);
    expect(after.value('antechamber_approval_to_usable_seconds_sum')).toBe(0);
    const saves = after.value('antechamber_store_seconds_count', { operation: 'save' }) ?? 0;
    expect(saves).toBe(await house.store.head());
  });

  it('count an approval that a device uses later, and by another process, when it is used', async () => {
    const { house, scrape } = await metered('sqlite');
    const device = newDevice();
    const waiting = await wait(house, { device, scopes: READ, mode: 'node' });
    await waiting.client.end();
    const second = await openSecond(house);
    house.clock.advance(60_000);
    expect((await approve(second.owner, waiting.requestId)).ok).toBe(true);
    house.clock.advance(20_000);
    const { client } = await live(house, { device, scopes: READ, mode: 'node' });
    // A reconnect uses nothing that is new.
    await live(house, { device, scopes: READ, mode: 'node' });
    const shown = await scrape();
    expect(shown.value('antechamber_requests_settled_total', { outcome: 'approved' })).toBe(1);
    expect(shown.value('antechamber_request_wait_seconds_sum', { outcome: 'approved' })).toBe(60);
    expect(shown.value('antechamber_approval_to_usable_seconds_sum')).toBe(20);
    expect(shown.value('antechamber_approval_to_usable_seconds_count')).toBe(1);
    await client.end();
  });

  it('count a live session that widens as usable', async () => {
    const { house, scrape } = await metered();
    const device = newDevice();
    await pair(house, device, READ);
    await live(house, { device, scopes: [...READ, ...WRITE], mode: 'node' });
    const request = await openRequest(house, device.id);
    house.clock.advance(5000);
    expect((await approve(house.owner, `${request?.id}.r1`)).ok).toBe(true);
    await house.gateway.turn();
    const shown = await scrape();
    expect(shown.value('antechamber_connections', { state: 'paired' })).toBe(1);
    expect(shown.value('antechamber_approval_to_usable_seconds_count')).toBe(2);
    expect(shown.value('antechamber_request_wait_seconds_sum')).toBe(5);
  });
});

describe('labels', () => {
  it('take no value that a peer chose', async () => {
    const { house, scrape } = await metered();
    const words = ['chosen-by-a-peer', 'operator.chosen'];
    const ask = {
      device: newDevice(),
      scopes: words,
      mode: words[0] as string,
      clientId: words[0] as string,
    };
    const { client } = await house.connect({ ...ask, auth: { token: words[0] as string } });
    const broken = await house.client();
    await broken.connect({ ...ask, auth: SHARED, forge: (params) => ({ ...params, role: words[0] }) });
    const other = await house.client();
    await other.connect({ ...ask, auth: SHARED, forge: (params) => ({ ...params, client: words }) });
    const shown = await scrape();
    for (const word of [...words, ask.device.id]) expect(shown.text).not.toContain(word);
    const ours = shown.text.match(/^antechamber_refusals_total\{.*\} \d+$/gm) ?? [];
    expect(ours.length).toBeGreaterThan(1);
    expect(shown.value('antechamber_refusals_total')).toBe(3);
    const kind = 'invalid connect params';
    expect(shown.value('antechamber_refusals_total', { code: 'FAULT', kind })).toBe(2);
    await client.end();
  });
});

describe('the server', () => {
  it('has one page', async () => {
    const server = await startMetricsServer(
      { contentType: 'text/plain', text: async () => 'figures' },
      { host: '127.0.0.1', port: 0 },
    );
    onTestFinished(() => server.stop());
    expect(await (await fetch(server.url)).text()).toBe('figures');
    expect((await fetch(server.url, { method: 'POST' })).status).toBe(404);
    expect((await fetch(new URL('/', server.url))).status).toBe(404);
  });

  it('says that it has no figures rather than half of them', async () => {
    const broken = { contentType: 'text/plain', text: () => Promise.reject(new Error('the store is gone')) };
    const server = await startMetricsServer(broken, { host: '127.0.0.1', port: 0 });
    onTestFinished(() => server.stop());
    const answer = await fetch(server.url);
    expect(answer.status).toBe(503);
    expect(await answer.text()).not.toContain('store');
  });
});

describe('the dashboard', () => {
  it('asks for figures that are there', async () => {
    const { scrape } = await metered();
    const { text } = await scrape();
    const dashboard = readFileSync(new URL('../../diagrams/grafana-dashboard.json', import.meta.url), 'utf8');
    const { panels } = JSON.parse(dashboard) as { panels: { targets: { expr: string }[] }[] };
    const asked = panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr }) => expr.match(/\b(antechamber|process|nodejs)_[a-z\d_]+/g) ?? []),
    );
    expect(asked.length).toBeGreaterThan(15);
    const declared = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    expect(asked.filter((name) => !declared.has(name.replace(/_bucket$/, '')))).toEqual([]);
    const ours = [...declared].filter((name) => name?.startsWith('antechamber_') && !name.endsWith('_info'));
    expect(ours.filter((name) => !dashboard.includes(name ?? ''))).toEqual([]);
  });
});
