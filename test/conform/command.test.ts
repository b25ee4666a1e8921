/** `antechamber conform` as it is typed: what it asks for, what it prints, what it writes, how it ends. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOMParser, type Document } from '@xmldom/xmldom';
import { generate } from 'selfsigned';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { toJunit } from '../../src/conform/junit.ts';
import type { Report, Result } from '../../src/conform/run.ts';
import { type Serving, serving } from '../cli/serving.ts';
import { cli, type Ran, type Surroundings, spawnCli, temporaryFolder } from '../cli/terminal.ts';
import { EMULATION, Process } from '../demo/processes.ts';
import { openHouse, SECRET } from '../support/harness.ts';

const OWN = '--i-own-this-gateway';
const real = { now: () => Date.now() };

const gateway = (): Promise<Serving> => serving(['--auto-approve', 'first-pairing']);

function run({ url, folder }: Serving, args: readonly string[], around?: Surroundings): Promise<Ran> {
  return cli(['conform', url, '--state-dir', folder, OWN, ...args], { ...real, ...around });
}

/** Throws where the text is no well-formed XML. */
function parseXml(text: string): Document {
  const onError = (level: string, message: string): void => {
    if (level !== 'warning') throw new Error(message);
  };
  return new DOMParser({ onError }).parseFromString(text, 'text/xml');
}

describe('what it asks for', () => {
  it('is whose gateway it is, with the reason', async () => {
    const { code, err } = await cli(['conform', 'ws://127.0.0.1:1']);
    expect(code).toBe(2);
    expect(err).toContain('pairs throw-away devices');
    expect(err).toContain(OWN);
  });

  it.each([
    [['conform', 'http://127.0.0.1:1', OWN], 'is no ws:// or wss:// URL'],
    [['conform', 'ws://127.0.0.1:1', OWN, '--only', 'I99'], '--only names no case; there are seed-21688'],
    [['conform', 'ws://127.0.0.1:1', OWN, '--password', 'a', '--token', 'b'], 'not both'],
  ])('%j is a wrong command line', async (args, said) => {
    const { code, err } = await cli(args);
    expect(code).toBe(2);
    expect(err).toContain(said);
  });

  it('is a gateway that answers', async () => {
    const { code, err } = await cli(['conform', 'ws://127.0.0.1:1', OWN]);
    expect(code).toBe(4);
    expect(err).toContain('no gateway answers at ws://127.0.0.1:1');
  });

  it('is the right to manage devices', async () => {
    const { url } = await gateway();
    const { code, err } = await cli(['conform', url, OWN, '--token', 'not-the-token']);
    expect(code).toBe(1);
    expect(err).toContain('lets this program manage no devices');
    expect(err).toContain('--token-file');
    expect(err).not.toContain('not-the-token');
  });
});

describe('what it prints', () => {
  it('fits the terminal, and ends with the counts', async () => {
    const { code, out } = await run(await gateway(), ['--only', 'I7', '--only', 'seed'], { columns: 72 });
    const lines = out.trimEnd().split('\n');
    expect(code).toBe(0);
    expect(lines.filter((line) => line.length > 72)).toEqual([]);
    expect(lines.filter((line) => line.startsWith('pass '))).toHaveLength(3);
    expect(lines).toContain('cleaned up: nothing of this run is left');
    expect(lines.at(-1)).toMatch(/^3 passed, 0 failed, 0 not applicable, 0 errors, in \d+\.\d s$/);
  });

  it('is JSON when asked, with frames and without any secret', async () => {
    const serve = await gateway();
    const { code, out } = await run(serve, ['--json', '--only', 'I12-token', '--only', 'I16']);
    const report = JSON.parse(out) as Report;
    expect(code).toBe(0);
    expect(report.results.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
    const text = JSON.stringify(report);
    expect(text).toContain('"<signature>"');
    expect(text).toContain('"<deviceToken>"');
    expect(text).not.toContain(serve.secret);
    // No key, signature, nonce or token: nothing that is as long and as random as one of them.
    expect(text.match(/[\w-]{40,}/g) ?? []).toEqual([]);
  });

  it('is JUnit in a file when asked', async () => {
    const path = join(temporaryFolder(), 'report.xml');
    const { code } = await run(await gateway(), ['--only', 'I2', '--junit', path]);
    expect(code).toBe(0);
    const document = parseXml(readFileSync(path, 'utf8'));
    expect(document.getElementsByTagName('testcase')).toHaveLength(2);
    expect(document.getElementsByTagName('testsuite')[0]?.getAttribute('failures')).toBe('0');
  });

  it('is a refusal when the JUnit file cannot be written, before anything runs', async () => {
    const { code, err } = await run(await gateway(), ['--junit', '/nonexistent/report.xml']);
    expect(code).toBe(1);
    expect(err).toContain('ENOENT');
  });

  it('ends early at Ctrl-C, and leaves nothing', async () => {
    const serve = await gateway();
    const ending = new AbortController();
    const { code, out } = await run(serve, [], {
      interrupt: ending.signal,
      onOut: (text) => text.includes('I1-retries') && ending.abort(),
    });
    expect(code).toBe(1);
    expect(out).toContain('interrupted');
    expect(out).toContain('cleaned up: nothing of this run is left');
    const { pending, paired } = JSON.parse((await serve.local(['devices', 'list', '--json'])).out);
    expect([...pending, ...paired]).toEqual([]);
  });
});

describe('over TLS', () => {
  it('is the same', async () => {
    const folder = temporaryFolder();
    const [certPath, keyPath, token] = ['cert.pem', 'key.pem', 'token'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const altNames = [{ type: 7 as const, ip: '127.0.0.1' }];
    const extensions = [{ name: 'subjectAltName' as const, altNames }];
    const pems = await generate([{ name: 'commonName', value: 'conform.test' }], {
      keyType: 'ec',
      extensions,
    });
    writeFileSync(certPath, pems.cert);
    writeFileSync(keyPath, pems.private, { mode: 0o600 });
    writeFileSync(token, SECRET, { mode: 0o600 });
    const tls = { certPath, keyPath };
    const house = await openHouse({ realTime: true, gateway: { tls, locality: { local: 'auto' } } });
    vi.stubEnv('NODE_EXTRA_CA_CERTS', certPath);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { ended } = spawnCli([
      'conform',
      house.gateway.url,
      OWN,
      '--token-file',
      token,
      '--only',
      'I3-released',
    ]);
    const { code, out, err } = await ended;
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toContain('1 passed');
  });
});

describe('JUnit', () => {
  const result: Result = {
    id: 'I0-odd',
    invariant: 'I0',
    title: 'a <title> & "more"',
    expected: 'an expectation',
    verdict: 'fail',
    saw: ['a\u0000control \u001b[31mcharacter, \ud800 half a pair', ']]> and <b>'],
    tookMs: 1234,
    frames: [{ atMs: 1, socket: 'A1', what: 'note', shown: '<&>"\n\u0007' }],
  };
  const report: Report = {
    url: 'ws://host/?a=1&b=2',
    gateway: '<gateway>',
    protocol: 4,
    asRemote: null,
    owner: 'device',
    notes: [],
    results: [
      result,
      { ...result, id: 'I0-skipped', verdict: 'not-applicable' },
      { ...result, id: 'I0-broken', verdict: 'error' },
      { ...result, id: 'I0-good', verdict: 'pass' },
    ],
    left: ['device <x>'],
    interrupted: false,
    tookMs: 5000,
  };

  it('is well-formed, whatever a gateway said', () => {
    const document = parseXml(toJunit(report));
    const count = (tag: string): number => document.getElementsByTagName(tag).length;
    expect([count('testcase'), count('failure'), count('skipped'), count('error')]).toEqual([4, 1, 1, 1]);
    const suite = document.getElementsByTagName('testsuite')[0];
    expect(
      ['tests', 'failures', 'skipped', 'errors', 'time'].map((name) => suite?.getAttribute(name)),
    ).toEqual(['4', '1', '1', '1', '5.000']);
    const failure = document.getElementsByTagName('failure')[0];
    expect(failure?.getAttribute('message')).toContain(']]> and <b>');
    expect(document.getElementsByTagName('system-err')[0]?.textContent).toContain('device <x>');
  });
});

describe('against the emulated 2026.2.19', () => {
  async function emulated(): Promise<{ url: string; token: string }> {
    const token = 'an-emulated-token';
    const process = new Process('the emulation', [EMULATION], { DEMO_TOKEN: token });
    onTestFinished(() => process.stop());
    return { url: await process.url(), token };
  }

  it('fails what that version gets wrong, and says what it works around and leaves', async () => {
    const { url, token } = await emulated();
    const cases = ['seed', 'I1', 'I2-union', 'I4-widened', 'I5', 'I13', 'I17', 'protocol-key-and-id'];
    const only = cases.flatMap((one) => ['--only', one]);
    const { code, out } = await cli(['conform', url, '--token', token, OWN, '--json', ...only], real);
    const report = JSON.parse(out) as Report;
    expect(code).toBe(1);
    expect(report).toMatchObject({ protocol: 4, owner: 'device' });
    const verdicts = Object.fromEntries(report.results.map(({ id, verdict }) => [id, verdict]));
    expect(verdicts).toEqual({
      'seed-21688': 'fail',
      'protocol-key-and-id': 'pass',
      'I1-retries': 'pass',
      'I1-ids-stay': 'pass',
      'I2-union': 'pass',
      'I4-widened': 'fail',
      'I5-told': 'fail',
      // It cannot reject.
      'I13-declined': 'not-applicable',
      // It does not do two things at once.
      'I17-in-flight': 'pass',
    });
    const [seed] = report.results;
    expect(seed?.saw).toContain('a device that holds operator.admin is refused read and write');
    expect(report.notes.join()).toContain('upgrades are judged in place of first pairings');
    // It can neither remove nor reject.
    expect(report.left.length).toBeGreaterThan(5);
  });

  it('fails as a process of its own, too', async () => {
    const { url, token } = await emulated();
    const { ended } = spawnCli(['conform', url, '--token', token, OWN, '--only', 'seed']);
    const { code, out } = await ended;
    expect(code).toBe(1);
    expect(out).toMatch(/^FAIL {3}seed-21688/m);
    expect(out).toMatch(/NOT CLEANED UP/);
    expect(out).toMatch(/[A-Z]\d -> #1 connect \{/);
  });
});

describe('the recorded reports', () => {
  const reports = new URL('reports/', import.meta.url);
  const read = (name: string): string => readFileSync(new URL(`${name}.txt`, reports), 'utf8');

  it.each(['2026.2.19', '2026.9.6', 'antechamber'])('%s says what, when and how', (name) => {
    expect(existsSync(new URL(`${name}.txt`, reports))).toBe(true);
    expect(read(name)).toMatch(/^# .*, recorded 20\d\d-\d\d-\d\d/);
    expect(read(name)).toMatch(/^\d+ passed, \d+ failed/m);
    expect(read(name).match(/[\w-]{43,}/g) ?? []).toEqual([]);
  });

  it('find the documented gaps of 2026.2.19', () => {
    const failed = [...read('2026.2.19').matchAll(/^FAIL +(\S+)/gm)].map(([, id]) => id);
    expect(failed).toEqual(
      expect.arrayContaining([
        'seed-21688',
        'I4-widened',
        'I8-one-notice',
        'I11-beyond',
        'I15-list',
        'I16-revoked',
      ]),
    );
    expect(failed).toEqual(expect.arrayContaining(['I17-in-flight', 'I18-revoked', 'protocol-preauth-size']));
  });

  it('find the documented gaps of 2026.9.6', () => {
    const failed = [...read('2026.9.6').matchAll(/^FAIL +(\S+)/gm)].map(([, id]) => id);
    expect(failed).toEqual(
      expect.arrayContaining([
        'I1-ids-stay',
        'I2-union',
        'I3-token-asks',
        'I4-narrowed',
        'I5-told',
        'I6-superseded',
      ]),
    );
    expect(failed).toEqual(
      expect.arrayContaining(['I6-rotated', 'I12-token', 'I16-revoked', 'I17-in-flight']),
    );
  });

  it('find none in our own', () => {
    expect(read('antechamber')).not.toMatch(/^(FAIL|error|n\/a)/m);
  });
});
