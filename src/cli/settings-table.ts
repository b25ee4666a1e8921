import { isIP } from 'node:net';
import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { DURATION_FORM, readDuration } from './duration.ts';

/** What a value is, by how its text is read. */
interface Readings {
  readonly text: string;
  readonly number: number;
  readonly switch: boolean;
  readonly list: readonly string[];
}

/** One setting: its name is the flag, the key of the config file and, in capitals, the environment variable. */
export interface Setting {
  /** The form of the value in `--help`; a switch has none. */
  readonly form: string | null;
  readonly about: string;
  /** In words, for the message about a value that is not allowed. */
  readonly allowed: string;
  readonly schema: TSchema;
  /** How the text of a flag or of an environment variable becomes a value. */
  readonly reading: keyof Readings;
  /** What the schema cannot say; false for a value that is not allowed. */
  readonly check?: (value: string) => boolean;
  /** What the flag alone means, where its value may be left out. */
  readonly bare?: string;
}

type TextSetting = Setting & { readonly reading: 'text' };
type ListSetting = Setting & { readonly reading: 'list' };

const NonEmpty = Type.String({ minLength: 1 });
const Texts = Type.Array(NonEmpty);

function text(about: string, form: string, allowed: string): TextSetting {
  return { form, about, allowed, schema: NonEmpty, reading: 'text' };
}

function choice(about: string, words: readonly string[]): TextSetting {
  const schema = Type.Union(words.map((word) => Type.Literal(word)));
  return { form: `<${words.join('|')}>`, about, allowed: words.join(', '), schema, reading: 'text' };
}

function duration(about: string): TextSetting {
  const check = (value: string): boolean => readDuration(value) !== undefined;
  return { form: '<duration>', about, allowed: DURATION_FORM, schema: NonEmpty, reading: 'text', check };
}

function list(about: string, form: string, allowed: string, check: (value: string) => boolean): ListSetting {
  return { form, about, allowed, schema: Texts, reading: 'list', check };
}

export const MANNERS = ['auto', 'hold', 'serve', 'refuse'] as const;

/** `<mode>=<manner>`; undefined when it is not that. */
export function readModeManner(
  value: string,
): { mode: string; manner: (typeof MANNERS)[number] } | undefined {
  const match = /^([a-z][a-z0-9_-]*)=([a-z]+)$/.exec(value);
  const manner = MANNERS.find((one) => one === match?.[2]);
  return match && manner ? { mode: match[1] as string, manner } : undefined;
}

/** `<mode>=<duration>`, `<mode>@<protocol>=<duration>` or `default=<duration>`; undefined when it is not that. */
export function readSlice(value: string): { key: string; sliceMs: number } | undefined {
  const match = /^([a-z][a-z0-9_-]*(?:@[34])?)=(.+)$/.exec(value);
  const sliceMs = match ? readDuration(match[2] as string) : undefined;
  return match && sliceMs !== undefined ? { key: match[1] as string, sliceMs } : undefined;
}

/** An IP address, or a CIDR range. */
export function isAddressRange(value: string): boolean {
  const [address = '', bits, ...more] = value.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
}

/** `9464`, `host:9464` or `[::1]:9464`; undefined when it is not that. Without a host it is loopback. */
export function readListenAddress(value: string): { host: string; port: number } | undefined {
  const match = /^(?:(?:\[([\da-f:.]+)\]|([\w.-]+)):)?(\d{1,5})$/i.exec(value);
  const port = Number(match?.[3]);
  return match && port <= 65_535 ? { host: match[1] ?? match[2] ?? '127.0.0.1', port } : undefined;
}

/** The port of `9229` or `127.0.0.1:9229`; undefined for anything else, also for every other host. */
export function readLoopbackPort(value: string): number | undefined {
  const address = readListenAddress(value);
  return address && ['127.0.0.1', 'localhost'].includes(address.host) ? address.port : undefined;
}

/** As a browser sends it: `https://app.example`, with a port if it has one, and nothing after it. */
export function isOrigin(value: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@]+$/.test(value) && URL.canParse(value);
}

export function isWebAddress(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

export function isGatewayUrl(value: string): boolean {
  return URL.canParse(value) && /^wss?:$/.test(new URL(value).protocol);
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const PORT = Type.Integer({ minimum: 0, maximum: 65_535 });
const PATH = 'the path of a file';

export const SETTINGS = {
  'state-dir': text('folder of the device database, keys and shared token', '<path>', 'the path of a folder'),
  url: {
    ...text('gateway to talk to; without it the state folder itself', '<url>', 'a ws:// or wss:// URL'),
    check: isGatewayUrl,
  },
  token: text('shared secret (better: --token-file, a flag can be seen by others)', '<secret>', 'a secret'),
  'token-file': text('file that holds the shared secret', '<path>', PATH),
  timeout: duration('how long to wait for the gateway'),
  host: text('address to listen on', '<host>', 'a host name or an IP address'),
  port: {
    form: '<port>',
    about: 'port to listen on, 0 for any',
    allowed: 'a whole number from 0 to 65535',
    schema: PORT,
    reading: 'number',
  },
  auth: choice('how clients prove that they belong here', ['token', 'password', 'none']),
  'trusted-proxy': list(
    'address or range of a proxy whose forwarding headers are believed (repeatable)',
    '<address>',
    'an IP address or a range such as 10.0.0.0/8',
    isAddressRange,
  ),
  local: choice(
    'whether loopback clients count as local (default: auto on a loopback host without proxies)',
    ['auto', 'none'],
  ),
  'allowed-origin': list(
    'page that may connect beside those of the gateway’s own host; without any, every page may (repeatable)',
    '<origin>',
    'an origin such as https://app.example',
    isOrigin,
  ),
  deviceless: choice('what a local client with the shared secret and without a device is', ['owner', 'none']),
  'auto-approve': choice('which local devices are approved without an owner', [
    'none',
    'first-pairing',
    'all',
  ]),
  'log-file': text('write the log there, as JSON lines', '<path>', PATH),
  'log-level': choice('least severity to log', LEVELS),
  'tls-cert': text('certificate (PEM); together with --tls-key', '<path>', PATH),
  'tls-key': text('private key (PEM)', '<path>', PATH),
  waiting: choice('what a device that must wait gets', MANNERS),
  'waiting-mode': list(
    'the same for one client mode (repeatable)',
    '<mode>=<manner>',
    `a client mode and one of ${MANNERS.join(', ')}, such as node=hold`,
    (value) => readModeManner(value) !== undefined,
  ),
  slice: list(
    'how long a connect is held, by client mode, and protocol if wanted (repeatable)',
    '<mode>=<duration>',
    'a client mode (with @3 or @4 if wanted), or default, and a duration, such as cli=2s or backend@4=7s',
    (value) => readSlice(value) !== undefined,
  ),
  'request-lifetime': duration('how long a request stays open after its last attempt'),
  'quiet-period': duration('how long what was declined stays declined'),
  metrics: {
    ...text('serve /metrics there, to whoever reaches it', '<[host:]port>', 'a port, or host:port'),
    check: (value) => readListenAddress(value) !== undefined,
  },
  inspect: {
    ...text('show the live actors, on 127.0.0.1 and to who has the address', '[port]', 'a port of 127.0.0.1'),
    check: (value) => readLoopbackPort(value) !== undefined,
    bare: '0',
  },
  'no-console': {
    form: null,
    about: 'serve no web console',
    allowed: 'true or false',
    schema: Type.Boolean(),
    reading: 'switch',
  },
  'notice-url': {
    ...text('tell of each request there, by a webhook', '<url>', 'an https:// or http:// URL without a user'),
    check: isWebAddress,
  },
  'notice-secret-file': text(
    'secret that notices are signed with (default: made in the state folder)',
    '<path>',
    PATH,
  ),
  'notice-allow-http': {
    form: null,
    about: 'send notices to another machine without TLS',
    allowed: 'true or false',
    schema: Type.Boolean(),
    reading: 'switch',
  },
  'history-days': {
    form: '<days>',
    about: 'how long the history is kept, 0 for ever',
    allowed: 'a whole number from 0 to 36500',
    schema: Type.Integer({ minimum: 0, maximum: 36_500 }),
    reading: 'number',
  },
  'history-keep': {
    form: '<events>',
    about: 'how many events of each device are kept however old',
    allowed: 'a whole number from 1 to 10000',
    schema: Type.Integer({ minimum: 1, maximum: 10_000 }),
    reading: 'number',
  },
  'show-token': {
    form: null,
    about: 'print the shared secret and the addresses of the inspector at the start',
    allowed: 'true or false',
    schema: Type.Boolean(),
    reading: 'switch',
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof SETTINGS;

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

type Value<Name extends SettingName> = Readings[(typeof SETTINGS)[Name]['reading']];

/** The settings of one source: what it does not say is not there. */
export type Values = { readonly [Name in SettingName]?: Value<Name> };

const compiled = new Map(SETTING_NAMES.map((name) => [name, Compile(SETTINGS[name].schema as TSchema)]));

/** Whether `value` is allowed for the setting, whatever source it came from. */
export function isAllowed(name: SettingName, value: unknown): boolean {
  const { check }: Setting = SETTINGS[name];
  if (!compiled.get(name)?.Check(value)) return false;
  return check === undefined || [value].flat().every((one) => check(String(one)));
}

/** The value in a flag or an environment variable; what cannot be read is left as text, and is then not allowed. */
export function readText(name: SettingName, texts: readonly string[]): unknown {
  const { reading }: Setting = SETTINGS[name];
  const [first = ''] = texts;
  if (reading === 'list') return texts;
  if (reading === 'number') return /^\d{1,9}$/.test(first) ? Number(first) : first;
  if (reading !== 'switch') return first;
  return { true: true, '1': true, false: false, '0': false }[first] ?? first;
}
