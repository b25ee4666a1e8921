import { describe, expect, it } from 'vitest';
import { pendingId, serving } from '../cli/serving.ts';
import { cli, temporaryFolder } from '../cli/terminal.ts';
import { newDevice, RawClient } from '../support/raw-client.ts';

async function scrape(printed: string): Promise<string> {
  const [, url = ''] = /^metrics on (http:\/\/127\.0\.0\.1:\d+\/metrics)$/m.exec(printed) ?? [];
  return (await fetch(url)).text();
}

describe('serve --metrics', () => {
  it('shows what a decision of another process did', async () => {
    const gateway = await serving(['--metrics', '0']);
    const { answer } = await gateway.waiting();
    expect(await scrape(gateway.printed())).toContain(
      'antechamber_connections{state="upgradePending.held"} 1\n',
    );
    const approved = await gateway.local(['devices', 'approve', await pendingId(gateway)]);
    expect(approved.code).toBe(0);
    expect((await answer).ok).toBe(true);
    const text = await scrape(gateway.printed());
    expect(text).toContain('antechamber_requests_opened_total 1\n');
    expect(text).toContain('antechamber_requests_settled_total{outcome="approved"} 1\n');
    expect(text).toContain('antechamber_approval_to_usable_seconds_count 1\n');
    expect(text).toMatch(/^antechamber_store_seconds_count\{operation="save"\} [1-9]/m);
  });

  it('is not there unless it is asked for', async () => {
    const gateway = await serving();
    expect(gateway.printed()).not.toContain('metrics on');
    expect((await fetch(`${gateway.url.replace('ws:', 'http:')}/metrics`)).status).toBe(426);
  });

  it.each(['here', '127.0.0.1', '1:2:3', '70000', 'host:70000'])('is refused at %j', async (address) => {
    const ran = await cli(['serve', '--metrics', address, '--state-dir', temporaryFolder()]);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('a port, or host:port');
  });
});

describe('serve --allowed-origin', () => {
  async function codeFrom(url: string, origin: string): Promise<string> {
    const client = await RawClient.open(url, { origin });
    const answer = await client.connect({ device: newDevice(), auth: { token: 'a wrong one' } });
    client.socket.terminate();
    return answer.error.details.code;
  }

  it('lets in the pages that it names, and no others', async () => {
    const gateway = await serving([
      '--allowed-origin',
      'https://app.example',
      '--allowed-origin',
      'https://b.example:8443',
    ]);
    const wrongToken = 'AUTH_TOKEN_MISMATCH';
    expect(await codeFrom(gateway.url, 'https://app.example')).toBe(wrongToken);
    expect(await codeFrom(gateway.url, 'https://b.example:8443')).toBe(wrongToken);
    expect(await codeFrom(gateway.url, 'https://b.example')).not.toBe(wrongToken);
    expect(await codeFrom(gateway.url, 'https://evil.example')).not.toBe(wrongToken);
  });

  it.each(['app.example', 'https://app.example/', 'https://'])('is refused as %j', async (origin) => {
    const ran = await cli(['serve', '--allowed-origin', origin, '--state-dir', temporaryFolder()]);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('https://app.example');
  });
});
