import { relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandFor } from '../../src/cli/verb.ts';
import { warnings, welcome } from '../../src/cli/welcome.ts';
import { openHome, someDevice, spawnCli } from './terminal.ts';

const URL = 'ws://127.0.0.1:18789';
const command = (words: string): string => `antechamber ${words}`;

describe('the welcome', () => {
  it.each([
    [
      null,
      'token',
      '  for example: openclaw devices list --url ws://127.0.0.1:18789 --token "$(cat /s/shared-token)"',
    ],
    [
      { file: '/f' },
      'password',
      '  for example: openclaw devices list --url ws://127.0.0.1:18789 --password "$(cat /f)"',
    ],
    [
      { text: 'named-secret' },
      'token',
      'clients connect to that address with the shared token that was given',
    ],
    [null, 'none', 'clients connect to that address, without a secret'],
  ] as const)(
    'for the secret %j and auth %s says how to come in, without the secret',
    (secret, auth, line) => {
      const lines = welcome(
        URL,
        { stateDir: '/s', secret },
        { auth, showToken: false },
        'the-secret',
        command,
      );
      expect(lines[0]).toBe(`listening on ${URL}`);
      expect(lines).toContain(line);
      expect(lines.join()).not.toMatch(/the-secret|named-secret/);
    },
  );

  it('shows the secret when that is asked for, and none where there is none', () => {
    const resolved = { stateDir: '/s', secret: null };
    const shown = welcome(URL, resolved, { auth: 'token', showToken: true }, 'the-secret', command);
    expect(shown).toContain('shared token: the-secret');
    const none = welcome(URL, resolved, { auth: 'none', showToken: true }, null, command);
    expect(none.filter((line) => line.startsWith('shared'))).toEqual([]);
  });
});

it.each([
  ['served', false, 'console: http://127.0.0.1:18789/console/'],
  ['served', true, 'console: http://127.0.0.1:18789/console/#token=the-secret'],
  ['not-built', false, 'console: not built; run: npm run build:console'],
] as const)('says where the console is: %s, with the secret %j', (page, showToken, line) => {
  const resolved = { stateDir: '/s', secret: null };
  const lines = welcome(URL, resolved, { auth: 'token', showToken, console: page }, 'the-secret', command);
  expect(lines.filter((one) => one.startsWith('console'))).toEqual([line]);
});

it('a closed gateway warns of nothing', () => {
  const tls = { certPath: '/c', keyPath: '/k' };
  expect(warnings({ host: '127.0.0.1', auth: 'none', tls: null }, '/s', undefined)).toEqual([]);
  expect(warnings({ host: '0.0.0.0', auth: 'token', tls }, '/s', undefined)).toEqual([]);
});

describe('a command that is shown', () => {
  it('reaches the same devices again, and is safe to paste', () => {
    const flags = { stateDir: "/my state/o'clock", url: undefined, token: 'secret', json: true };
    expect(commandFor(flags, { program: 'antechamber' })('devices list')).toBe(
      "antechamber devices list --state-dir '/my state/o'\\''clock'",
    );
    expect(commandFor({ url: URL, tokenFile: '/f', token: undefined }, { program: 'a' })('x')).toBe(
      `a x --url ${URL} --token-file /f`,
    );
  });

  it('from a checkout runs the file of the checkout', async () => {
    const home = await openHome();
    await home.ask(someDevice(), ['operator.read'], { atMs: Date.now() });
    const ran = await spawnCli(['devices', 'list', '--state-dir', home.folder]).ended;
    const main = relative(
      process.cwd(),
      new globalThis.URL('../../src/cli/main.ts', import.meta.url).pathname,
    );
    expect(ran.out).toContain(`${main} devices approve ${await home.newest()} --state-dir ${home.folder}\n`);
  });
});
