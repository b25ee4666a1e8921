/** Puts the published programs into a cache outside the tree; what is there already is left as it is. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NODE_22, OPENCLAW_NODE, RELEASES, type Release } from './releases.ts';

/** A program and the Node that runs it. */
export interface Installed {
  readonly node: string;
  readonly main: string;
}

export interface Cache {
  readonly folder: string;
  readonly cli: (release: Release) => Installed;
  readonly nodeHost: Installed;
}

export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const caches = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return env.ANTECHAMBER_INTEROP_CACHE || join(caches, 'antechamber-interop');
}

/** Written last, so that an installation that was interrupted is made again. */
const MARK = 'installed.json';

/** What a postinstall script would fetch from elsewhere is never needed here. */
const NPM_FLAGS = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];

async function npmInstall(
  folder: string,
  spec: string,
  { flags = [], manifest = {} }: { flags?: readonly string[]; manifest?: object } = {},
): Promise<void> {
  const mark = join(folder, MARK);
  if (existsSync(mark) && JSON.parse(readFileSync(mark, 'utf8')).spec === spec) return;
  process.stderr.write(`installing ${spec}\n`);
  mkdirSync(folder, { recursive: true });
  const own = { name: 'antechamber-interop', version: '0.0.0', private: true, ...manifest };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(own)}\n`);
  const args = ['install', '--prefix', folder, ...NPM_FLAGS, ...flags, spec];
  await promisify(execFile)('npm', args, { cwd: folder, maxBuffer: 2 ** 26 });
  writeFileSync(mark, `${JSON.stringify({ spec })}\n`);
}

/** As the `node` package of the registry names the packages that hold its binaries. */
function nodePackage(): string {
  const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  return `${prefix}-${platform}-${process.arch}`;
}

async function installNode(cache: string, version: string): Promise<string> {
  const folder = join(cache, `node-${version}`);
  await npmInstall(folder, `${nodePackage()}@${version}`);
  const inside = join(folder, 'node_modules', nodePackage());
  const { bin } = JSON.parse(readFileSync(join(inside, 'package.json'), 'utf8'));
  return join(inside, bin.node);
}

/**
 * 2026.2.19 depends on a library for WhatsApp by the address of its git repository, which a machine that reaches the
 * registry alone cannot fetch. Nothing here uses WhatsApp: an empty package takes its place.
 */
function withoutGit(folder: string): object {
  const place = join(folder, 'no-libsignal');
  mkdirSync(join(place, 'src'), { recursive: true });
  writeFileSync(join(place, 'package.json'), '{"name":"libsignal","version":"0.0.0","main":"index.js"}\n');
  writeFileSync(join(place, 'index.js'), 'module.exports = {};\n');
  for (const part of ['protobufs', 'curve', 'crypto', 'session_cipher', 'session_builder']) {
    writeFileSync(join(place, 'src', `${part}.js`), 'module.exports = { PreKeyWhisperMessage: {} };\n');
  }
  return { overrides: { libsignal: 'file:./no-libsignal' } };
}

/** Optional and peer packages hold models and native parts; no command of the matrix loads them. */
const LEAN = ['--omit=optional', '--omit=peer', '--legacy-peer-deps'];

async function installRelease(cache: string, { version, protocol }: Release): Promise<string> {
  const folder = join(cache, `openclaw-${version}`);
  mkdirSync(folder, { recursive: true });
  const manifest = protocol === 3 ? withoutGit(folder) : {};
  await npmInstall(folder, `openclaw@${version}`, { flags: LEAN, manifest });
  return join(folder, 'node_modules', 'openclaw', 'openclaw.mjs');
}

async function installNodeHost(cache: string): Promise<string> {
  const folder = join(cache, `openclaw-node-${OPENCLAW_NODE.version}`);
  await npmInstall(folder, `openclaw-node@${OPENCLAW_NODE.version}`);
  const inside = join(folder, 'node_modules', 'openclaw-node');
  const { module } = JSON.parse(readFileSync(join(inside, 'package.json'), 'utf8'));
  return join(inside, module);
}

/** Installs what is missing. Rejects with what npm said. */
export async function install(releases: readonly Release[] = RELEASES): Promise<Cache> {
  const folder = cacheFolder();
  const nodes = new Map<string, string>();
  for (const version of new Set([NODE_22, ...releases.map(({ node }) => node)])) {
    nodes.set(version, await installNode(folder, version));
  }
  const mains = new Map<string, string>();
  for (const release of releases) mains.set(release.version, await installRelease(folder, release));
  const nodeOf = (version: string): string => nodes.get(version) as string;
  return {
    folder,
    cli: ({ version, node }) => ({ node: nodeOf(node), main: mains.get(version) as string }),
    nodeHost: { node: nodeOf(OPENCLAW_NODE.node), main: await installNodeHost(folder) },
  };
}
