/** The README is checked like code: what it shows is what the files hold, what it names is there. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TERMS } from '../machines/record.ts';
import { run } from '../src/cli/run.ts';
import { serveSettings } from '../src/cli/serve-settings.ts';
import { DEFAULT_LIMITS, DEFAULT_WAITING } from '../src/gateway/settings.ts';

const ROOT = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const readme = read('README.md');

/** The text between the fences of every block in this language. */
function blocks(language: string): readonly string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    (match) => match[1] ?? '',
  );
}

async function help(words: readonly string[]): Promise<string> {
  let said = '';
  const say = (text: string): void => {
    said += text;
  };
  const io = {
    out: say,
    err: say,
    columns: 400,
    isTerminal: false,
    env: {},
    home: '/',
    user: 'reader',
    now: () => 0,
  };
  const code = await run([...words, '--help'], {
    ...io,
    program: 'antechamber',
    interrupted: () => new AbortController().signal,
    onHangup: () => {},
  });
  return code === 0 ? said : '';
}

describe('code blocks', () => {
  const named = [...readme.matchAll(/<!-- (test\/examples\/\S+\.ts) -->\n```ts\n([\s\S]*?)^```$/gm)];

  it('are the files that they name, all of them', () => {
    expect(named.length).toBe(blocks('ts').length);
    expect(named.length).toBeGreaterThan(0);
    for (const [, path = '', text] of named) expect(text, path).toBe(read(path));
  });

  it('are run by the test beside them', () => {
    const test = read('test/examples/examples.test.ts');
    for (const [, path = ''] of named) expect(test).toContain(`from './${path.split('/').at(-1)}'`);
  });

  it('show the connection machine as it is drawn', () => {
    expect(blocks('mermaid')).toEqual([read('diagrams/connection.mmd')]);
  });
});

describe('commands', () => {
  const inline = [...readme.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  const lines = blocks('sh').flatMap((block) => block.trim().split('\n'));
  const commands = [...inline, ...lines].map((line) => line.replace(/\s*#.*/, ''));

  it('of npm are scripts', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const wanted = commands.flatMap((line) => /^npm (?:run )?(\S+)/.exec(line)?.[1] ?? []);
    expect(wanted.length).toBeGreaterThan(2);
    for (const name of wanted) expect(scripts).toHaveProperty([name]);
  });

  const ours = [...new Set(commands.filter((line) => line.startsWith('antechamber ')))];
  it.each(ours)('%s', async (line) => {
    const [, ...words] = line.split(/\s+/);
    const verb = words.slice(0, ['devices', 'key', 'import'].includes(words[0] ?? '') ? 2 : 1);
    const said = await help(verb.filter((word) => !word.startsWith('-')));
    expect(said).toContain('Usage: antechamber');
    for (const flag of words.filter((word) => word.startsWith('--'))) expect(said).toContain(flag);
  });

  it('are all in --help, and all of --help is named', async () => {
    const verbs = [...(await help(['devices'])).matchAll(/^ {2}([a-z]+) \[/gm)].map(
      (match) => match[1] ?? '',
    );
    const missing = verbs.filter((verb) => verb !== 'help' && !new RegExp(`\\b${verb}\\b`).test(readme));
    expect(verbs.length).toBeGreaterThan(5);
    expect(missing).toEqual([]);
  });
});

describe('settings', () => {
  /** Cells of tables whose first is a name in backticks: `name` -> the cell after it. */
  const cells = new Map(
    [...readme.matchAll(/\| `([^`]+)` \| (\d+) (?=\|)/g)].map(([, name = '', value]) => [
      name,
      Number(value),
    ]),
  );
  const { sliceMs, defaultSliceMs, longSliceMs } = DEFAULT_WAITING;
  const defaults = { ...DEFAULT_LIMITS, ...DEFAULT_TERMS, ...sliceMs, defaultSliceMs, longSliceMs };

  it('have the defaults of the code', () => {
    const exitCodes = [...cells.keys()].filter((name) => !(name in defaults));
    expect(exitCodes).toEqual([]);
    expect(Object.fromEntries(cells)).toEqual(defaults);
  });

  it('name every option of serve', async () => {
    const options = [...(await help(['serve'])).matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(
      ([, name]) => name,
    );
    const missing = options.filter((name) => name !== '--help' && !readme.includes(`\`${name}\``));
    expect(options.length).toBeGreaterThan(10);
    expect(missing).toEqual([]);
  });

  it('say what serve does without any', () => {
    const { host, port, auth, local, deviceless, autoApprove, waiting, logLevel } = serveSettings({
      values: {},
    });
    const row = (option: string, value: string): string => `| \`${option}\` | ${value} |`;
    expect(readme).toContain(row('--host`, `--port', `\`${host}\`, \`${port}\``));
    expect(readme).toContain(row('--auth', `\`${auth}\``));
    expect(readme).toContain(row('--local', `\`${local}\``));
    expect(readme).toContain(row('--deviceless', `\`${deviceless}\``));
    expect(readme).toContain(row('--auto-approve', `\`${autoApprove}\``));
    expect(readme).toContain(row('--waiting', `\`${waiting.manner}\``));
    expect(readme).toContain(row('--log-file`, `--log-level', `stdout, \`${logLevel}\``));
  });
});

describe('what is linked', () => {
  it('is there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map((match) => match[1] ?? '');
    expect(links.length).toBeGreaterThan(0);
    for (const link of links)
      expect(readdirSync(new URL('./', new URL(link, ROOT)))).toContain(link.split('/').at(-1));
  });
});
