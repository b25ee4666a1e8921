/**
 * Tests what is shipped: packs the package, installs the tarball with its dependencies into an empty folder, and uses
 * it there as a stranger would. `npm run test:packed`. Ends with 1 and says what failed.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const START_MS = 20_000;

type Step = (folder: string) => Promise<string | undefined>;

/** Runs a program to its end; rejects with all that it said when it fails. */
async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd, maxBuffer: 2 ** 26 });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** The command as `npm install` puts it in place. */
const binary = (folder: string): string => join(folder, 'node_modules', '.bin', 'antechamber');

const pack: Step = async (folder) => {
  await run('npm', ['pack', '--pack-destination', folder], ROOT);
  const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return `${name}-${version}.tgz`;
};

const install: Step = async (folder) => {
  const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  await run('npm', ['install', '--no-audit', '--no-fund', `./${name}-${version}.tgz`], folder);
  return undefined;
};

/** Runs a script of this folder inside the folder of the installation, so that it finds the package there. */
const script =
  (name: string): Step =>
  async (folder) => {
    copyFileSync(join(import.meta.dirname, name), join(folder, name));
    const said = await run(process.execPath, ['--disable-warning=ExperimentalWarning', name], folder);
    return said.trim();
  };

const help: Step = async (folder) => {
  const said = await run(process.execPath, [binary(folder), '--help'], folder);
  if (!/^Usage: antechamber /.test(said)) throw new Error(`no usage in the output of --help:\n${said}`);
  return undefined;
};

const serve: Step = async (folder) => {
  const state = join(folder, 'state');
  const child = spawn(process.execPath, [binary(folder), 'serve', '--port', '0', '--state-dir', state]);
  const late = setTimeout(() => child.kill('SIGKILL'), START_MS);
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const ended = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout })) {
    said += `${line}\n`;
    // A terminal's Ctrl-C: it must say goodbye and end with 0.
    if (line.includes('listening on ws://127.0.0.1:')) child.kill('SIGINT');
  }
  const [code, signal] = await ended;
  clearTimeout(late);
  if (code !== 0) throw new Error(`serve ended with ${code ?? signal} and said:\n${said}`);
  return /listening on (\S+)/.exec(said)?.[1];
};

const STEPS: Readonly<Record<string, Step>> = {
  'pack it': pack,
  'install it with its dependencies': install,
  'import every export': script('imports.js'),
  'the SQLite store keeps the contract': script('contract.js'),
  'antechamber --help': help,
  'antechamber serve, and a graceful stop': serve,
};

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) throw new Error(`Node ${process.versions.node} is too old: the package needs Node 24`);
const folder = mkdtempSync(join(tmpdir(), 'antechamber-packed-'));
try {
  for (const [name, step] of Object.entries(STEPS)) {
    const beganMs = Date.now();
    process.stdout.write(`${name} ... `);
    const said = await step(folder);
    process.stdout.write(`${((Date.now() - beganMs) / 1000).toFixed(1)} s${said ? `  (${said})` : ''}\n`);
  }
} catch (error) {
  process.stdout.write('FAILED\n');
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
