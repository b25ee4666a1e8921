/** What a report may show of a frame: an allow-list where a gateway tells of itself, and no secret anywhere. */

/** `id` is a device of this run: its hash becomes its name, and nothing is shown of any other device. */
export type NameOf = (deviceId: string) => string | undefined;

type Fields = Readonly<Record<string, unknown>>;

const HIDDEN: ReadonlySet<string> = new Set([
  'token',
  'password',
  'deviceToken',
  'deviceTokens',
  'bootstrapToken',
  'signature',
  'publicKey',
  'nonce',
]);

/** What a gateway tells of the machine it runs on, or of the people who use it; no case needs it. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'ts',
  'seq',
  'stateVersion',
  'caps',
  'remoteIp',
  'ip',
  'host',
  'connId',
  'displayName',
  'label',
  'platform',
  'deviceFamily',
  'version',
  'userAgent',
  'signedAt',
  'features',
  'snapshot',
  'policy',
  'canvasHostUrl',
  'controlUiUrl',
  'pluginSurfaceUrls',
  'controlUiTabs',
  'clientId',
  'clientMode',
  'clientVersion',
  'createdAtMs',
  'approvedAtMs',
  'lastSeenAtMs',
  'lastSeenReason',
  'lastUsedAtMs',
  'issuedAtMs',
  'refreshedAtMs',
  'expiresAtMs',
  'attempts',
  'askedBy',
  'silent',
  'connected',
  'approvedVia',
  'nodeSurface',
]);

const LONGEST_TEXT = 240;
const DEVICE_ID = /\b[0-9a-f]{64}\b/g;
/** 32 random bytes in base64url, wherever they stand: a token, or the end of one of ours. */
const TOKEN_LIKE = /(?<![\w-])(?:atk1_[\w-]{50,90}|[\w-]{43})(?![\w-])/g;

/** A frame of either side, as it may be shown. */
export function shownFrame(frame: unknown, nameOf: NameOf): unknown {
  return shownValue(frame, nameOf, '');
}

/** A text of the wire, such as a close reason. */
export function shownText(text: string, nameOf: NameOf): string {
  const named = text
    .replace(DEVICE_ID, (id) => `<device ${nameOf(id) ?? 'of others'}>`)
    .replace(TOKEN_LIKE, '<secret>');
  return named.length > LONGEST_TEXT ? `${named.slice(0, LONGEST_TEXT)}…` : named;
}

function shownValue(value: unknown, nameOf: NameOf, key: string): unknown {
  if (HIDDEN.has(key) && value !== undefined) return `<${key}>`;
  if (typeof value === 'string') return shownText(value, nameOf);
  // A gateway's log tells of everybody.
  if (key === 'lines' && Array.isArray(value)) return `<${value.length} lines>`;
  if (Array.isArray(value)) {
    const own = value.filter((entry) => !isOfOthers(entry, nameOf));
    const shown = own.map((entry) => shownValue(entry, nameOf, ''));
    return own.length === value.length ? shown : [...shown, `<${value.length - own.length} of others>`];
  }
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value as Fields).filter(([name]) => !LEFT_OUT.has(name));
  return Object.fromEntries(fields.map(([name, field]) => [name, shownValue(field, nameOf, name)]));
}

/** A row of a list about a device that is none of ours. */
function isOfOthers(entry: unknown, nameOf: NameOf): boolean {
  if (typeof entry !== 'object' || entry === null || !('deviceId' in entry)) return false;
  return nameOf(String(entry.deviceId)) === undefined;
}
