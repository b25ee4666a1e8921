import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CliError } from '../../src/cli/exit.ts';
import { serveSettings, termsOf } from '../../src/cli/serve-settings.ts';
import { type Flags, type Resolved, resolveSettings } from '../../src/cli/settings.ts';
import { SETTING_NAMES } from '../../src/cli/settings-table.ts';
import { DEFAULT_WAITING } from '../../src/gateway/settings.ts';
import { temporaryFolder } from './terminal.ts';

const HOME = '/nonexistent/home';

function resolved(flags: Flags = {}, env: Record<string, string> = {}): Resolved {
  return resolveSettings(flags, { env, home: HOME });
}

function problem(flags: Flags, env: Record<string, string> = {}): CliError {
  try {
    serveSettings(resolved(flags, env));
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

function configFolder(config: unknown): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  return folder;
}

describe('where a setting comes from', () => {
  it('is the flag, then the environment, then the config file, then the default', () => {
    const stateDir = configFolder({ port: 1, host: 'file', waiting: 'hold', 'log-level': 'warn' });
    const { values } = resolved(
      { stateDir, port: '3' },
      { ANTECHAMBER_PORT: '2', ANTECHAMBER_HOST: 'env', ANTECHAMBER_LOG_LEVEL: '' },
    );
    expect(serveSettings({ values })).toMatchObject({
      port: 3,
      host: 'env',
      waiting: { manner: 'hold' },
      logLevel: 'warn',
      auth: 'token',
    });
  });

  it('has these defaults', () => {
    expect(serveSettings(resolved())).toEqual({
      host: '127.0.0.1',
      port: 18_789,
      auth: 'token',
      trustedProxies: [],
      local: 'auto',
      deviceless: 'owner',
      autoApprove: 'first-pairing',
      logFile: null,
      logLevel: 'info',
      tls: null,
      waiting: DEFAULT_WAITING,
      showToken: false,
      console: true,
      allowedOrigins: null,
      metrics: null,
      inspect: null,
      notices: null,
      retention: { historyMs: 400 * 86_400_000, historyKeep: 200 },
    });
    expect(termsOf({})).toEqual({});
  });

  it('says how long the history is kept, and 0 days are for ever', () => {
    const kept = { historyDays: '30', historyKeep: '10' };
    expect(serveSettings(resolved(kept)).retention).toEqual({ historyMs: 30 * 86_400_000, historyKeep: 10 });
    expect(serveSettings(resolved({ historyDays: '0' })).retention).toBeNull();
    expect(problem({ historyKeep: '0' }).message).toContain('from 1 to 10000');
  });

  it('says where figures are served, on loopback unless a host is named', () => {
    const at = (metrics: string) => serveSettings(resolved({ metrics })).metrics;
    expect(at('9464')).toEqual({ host: '127.0.0.1', port: 9464 });
    expect(at('0.0.0.0:9464')).toEqual({ host: '0.0.0.0', port: 9464 });
    expect(at('[::1]:1')).toEqual({ host: '::1', port: 1 });
  });

  it('is a named config file in place of the one in the state folder, and that must be there', () => {
    const stateDir = configFolder({ port: 1 });
    const config = join(configFolder({ port: 2 }), 'config.json');
    expect(resolved({ stateDir }).values.port).toBe(1);
    expect(resolved({ stateDir, config }).values.port).toBe(2);
    expect(resolved({ stateDir }, { ANTECHAMBER_CONFIG: config }).values.port).toBe(2);
    expect(problem({ config: '/nonexistent/c.json' }).message).toContain('/nonexistent/c.json');
  });

  it('for the state folder is XDG_STATE_HOME, else the home folder', () => {
    expect(resolved({}, { XDG_STATE_HOME: '/x' }).stateDir).toBe('/x/antechamber');
    expect(resolved().stateDir).toBe(`${HOME}/.local/state/antechamber`);
    expect(resolved({}, { ANTECHAMBER_STATE_DIR: '/y' }).stateDir).toBe('/y');
    expect(resolved({ stateDir: '/z' }, { ANTECHAMBER_STATE_DIR: '/y' }).stateDir).toBe('/z');
  });

  it('for the secret is one source: a token of a stronger one hides the file of a weaker one', () => {
    expect(resolved({ tokenFile: '/f' }, { ANTECHAMBER_TOKEN: 't' }).secret).toEqual({ file: '/f' });
    expect(resolved({}, { ANTECHAMBER_TOKEN: 't' }).secret).toEqual({ text: 't' });
    expect(resolved().secret).toBeNull();
    expect(problem({ token: 'secret-a', tokenFile: '/f' }).message).toMatch(/both/);
  });
});

describe('what a setting may be', () => {
  it.each([
    ['port', '65536'],
    ['port', '-1'],
    ['port', '1.5'],
    ['port', ' 80'],
    ['port', 'http'],
    ['host', ''],
    ['auth', 'tokens'],
    ['local', 'yes'],
    ['deviceless', 'admin'],
    ['autoApprove', 'first'],
    ['logLevel', 'verbose'],
    ['waiting', 'park'],
    ['requestLifetime', '15'],
    ['quietPeriod', '0s'],
    ['timeout', '10 s'],
    ['url', 'http://127.0.0.1'],
    ['url', 'gateway'],
  ])('--%s %j is refused with what is allowed', (flag, value) => {
    const error = problem({ [flag]: value });
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(`--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    expect(error.message).toContain(value);
    expect(error.message).toMatch(/allowed: \S/);
  });

  it.each([
    ['trustedProxy', 'proxy.example'],
    ['trustedProxy', '10.0.0.0/33'],
    ['trustedProxy', '10.0.0.0/8/8'],
    ['waitingMode', 'node'],
    ['waitingMode', 'node=park'],
    ['slice', 'cli=2'],
    ['slice', 'cli@5=2s'],
    ['slice', '=2s'],
  ])('--%s %j is refused, also beside a good one', (flag, value) => {
    const good = { trustedProxy: '::1/128', waitingMode: 'node=hold', slice: 'cli=2s' }[flag] as string;
    expect(() => resolved({ [flag]: [good] })).not.toThrow();
    expect(problem({ [flag]: [good, value] }).message).toMatch(/allowed: each \S/);
  });

  it('is the same in the environment and in the config file, by their own names', () => {
    expect(problem({}, { ANTECHAMBER_AUTO_APPROVE: 'first' }).message).toMatch(
      /^ANTECHAMBER_AUTO_APPROVE: "first"/,
    );
    expect(problem({}, { ANTECHAMBER_SHOW_TOKEN: 'maybe' }).message).toMatch(/true or false/);
    const stateDir = configFolder({ port: '80' });
    expect(problem({ stateDir }).message).toMatch(/config\.json: "port": "80" is not allowed/);
    const wrongList = configFolder({ slice: 'cli=2s' });
    expect(problem({ stateDir: wrongList }).message).toMatch(/"slice"/);
  });

  it('is not shown when it is a secret', () => {
    const stateDir = configFolder({ token: ['hunter2-hunter2'] });
    expect(problem({ stateDir }).message).not.toContain('hunter2');
    const broken = configFolder('{"token": "hunter2-hunter2" ');
    expect(problem({ stateDir: broken }).message).toMatch(/is not JSON$/);
  });

  it('has a known name: another one is refused with those that there are', () => {
    const inFile = problem({ stateDir: configFolder({ prot: 1 }) });
    const inEnv = problem({}, { ANTECHAMBER_PROT: '1' });
    for (const name of SETTING_NAMES) expect(inFile.message).toContain(name);
    expect(inFile.message).toContain('"prot" is not a setting');
    expect(inEnv.message).toContain('ANTECHAMBER_PROT is not a setting');
    expect(inEnv.message).toContain('ANTECHAMBER_PORT');
    expect([inFile.exitCode, inEnv.exitCode]).toEqual([2, 2]);
    expect(() => resolved({}, { ANTECHAMBER_DEBUG: '1', OTHER: 'x' })).not.toThrow();
  });

  it.each(['[]', '"text"', 'null', '3'])('in a config file that holds %s is nothing', (text) => {
    expect(problem({ stateDir: configFolder(text) }).message).toMatch(/one JSON object/);
  });

  it('must fit the others', () => {
    expect(problem({ tlsCert: '/c' }).message).toMatch(/--tls-key/);
    expect(problem({ tlsKey: '/k' }).message).toMatch(/--tls-cert/);
    expect(serveSettings(resolved({ tlsCert: '/c', tlsKey: '/k' })).tls).toEqual({
      certPath: '/c',
      keyPath: '/k',
    });
  });
});

describe('locality', () => {
  it.each([
    [{}, 'auto'],
    [{ host: 'localhost' }, 'auto'],
    [{ host: '::1' }, 'auto'],
    [{ host: '0.0.0.0' }, 'none'],
    [{ host: '192.0.2.1' }, 'none'],
    [{ trustedProxy: ['10.0.0.1'] }, 'none'],
    [{ trustedProxy: ['10.0.0.1'], local: 'auto' }, 'auto'],
    [{ local: 'none' }, 'none'],
  ])('with %j is %s', (flags, local) => {
    expect(serveSettings(resolved(flags)).local).toBe(local);
  });
});

describe('waiting', () => {
  it('takes manners and slices by client mode and protocol', () => {
    const { waiting } = serveSettings(
      resolved({
        waiting: 'serve',
        waitingMode: ['node=hold', 'ui=refuse'],
        slice: ['cli=3s', 'backend@3=500ms'],
      }),
    );
    expect(waiting).toMatchObject({ manner: 'serve', modes: { node: 'hold', ui: 'refuse' } });
    expect(waiting.sliceMs).toEqual({ ...DEFAULT_WAITING.sliceMs, cli: 3000, 'backend@3': 500 });
  });

  it('lets a slice for a mode replace the ones of its generations', () => {
    const { sliceMs } = serveSettings(resolved({ slice: ['backend=1s'] })).waiting;
    expect(sliceMs).toMatchObject({ backend: 1000 });
    expect(Object.keys(sliceMs).filter((key) => key.startsWith('backend@'))).toEqual([]);
  });

  it('takes a default slice', () => {
    const { waiting } = serveSettings(resolved({ slice: ['default=1s'] }));
    expect([waiting.defaultSliceMs, waiting.sliceMs]).toEqual([1000, DEFAULT_WAITING.sliceMs]);
  });
});

it('terms follow the settings, and a request may live for as long as its lifetime', () => {
  expect(termsOf({ 'quiet-period': '2h' })).toEqual({ quietMs: 7_200_000 });
  expect(termsOf({ 'request-lifetime': '5m' })).toEqual({
    lifetimeMs: 300_000,
    longestLifeMs: 7 * 86_400_000,
  });
  expect(termsOf({ 'request-lifetime': '20d' })).toMatchObject({ longestLifeMs: 20 * 86_400_000 });
});
