import { isLoopback } from '../gateway/locality.ts';
import type { GatewayFile } from './gateway-file.ts';
import type { CommandFor } from './refused.ts';
import type { ServeSettings } from './serve-settings.ts';
import type { Resolved } from './settings.ts';
import { noticeSecretPath, sharedTokenPath } from './state.ts';

/** Whether there is a page; a checkout builds it first. */
export type ConsoleState = 'served' | 'not-built' | 'off';

/** What a gateway that has started says: where it is, how clients come in, and how to let them. One line each. */
export function welcome(
  url: string,
  { stateDir, secret: given }: Pick<Resolved, 'stateDir' | 'secret'>,
  {
    auth,
    showToken,
    notices,
    console: page = 'off',
  }: Pick<ServeSettings, 'auth' | 'showToken'> & {
    readonly notices?: ServeSettings['notices'];
    readonly console?: ConsoleState;
  },
  secret: string | null,
  command: CommandFor,
): readonly string[] {
  return [
    `listening on ${url}`,
    `state: ${stateDir}`,
    ...entrance(url, auth, given === null ? sharedTokenPath(stateDir) : 'file' in given ? given.file : null),
    ...(showToken && secret !== null ? [`shared ${auth}: ${secret}`] : []),
    ...consoleLines(url, page, auth, showToken ? secret : null),
    ...(notices
      ? [`notices are signed with the secret in ${notices.secretFile ?? noticeSecretPath(stateDir)}`]
      : []),
    `what waits: ${command('devices list')}`,
    `to approve: ${command('devices approve')}`,
  ];
}

/** With the secret in the fragment, which browsers send to nobody; the page takes it out of the address. */
function consoleLines(
  url: string,
  page: ConsoleState,
  auth: ServeSettings['auth'],
  secret: string | null,
): readonly string[] {
  if (page === 'off') return [];
  if (page === 'not-built') return ['console: not built; run: npm run build:console'];
  const fragment = secret === null ? '' : `#${auth}=${encodeURIComponent(secret)}`;
  return [`console: ${url.replace(/^ws/, 'http')}/console/${fragment}`];
}

function entrance(url: string, auth: ServeSettings['auth'], file: string | null): readonly string[] {
  if (auth === 'none') return ['clients connect to that address, without a secret'];
  if (file === null) return [`clients connect to that address with the shared ${auth} that was given`];
  return [
    `clients connect to that address with the shared ${auth} in ${file}`,
    `  for example: openclaw devices list --url ${url} --${auth} "$(cat ${file})"`,
  ];
}

/** What an owner should know before the first client comes. */
export function warnings(
  {
    host,
    auth,
    tls,
    metrics,
    inspect,
  }: Pick<ServeSettings, 'host' | 'auth' | 'tls'> & Partial<ServeSettings>,
  folder: string,
  other: GatewayFile | undefined,
): readonly string[] {
  const isOpen = !isOwnHost(host);
  return [
    ...(other ? [`another gateway (process ${other.pid}, ${other.url}) already works on ${folder}`] : []),
    ...(isOpen && auth === 'none' ? [`anybody who reaches ${host} may ask to be paired (--auth none)`] : []),
    ...(isOpen && !tls
      ? ['secrets cross the network in the clear (no --tls-cert) unless a proxy adds TLS']
      : []),
    ...(metrics && !isOwnHost(metrics.host)
      ? [`anybody who reaches ${metrics.host} may read the figures (--metrics)`]
      : []),
    ...(inspect
      ? [
          'whoever has the address of the inspector sees what every device asks for, what it may use and what is ' +
            'decided, but no secret (--inspect)',
        ]
      : []),
  ];
}

function isOwnHost(host: string): boolean {
  return isLoopback(host) || host === 'localhost';
}
