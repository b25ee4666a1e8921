import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

export interface LocalitySettings {
  /** `none` turns locality off: byte tunnels (ssh -L, a container's port) cannot be told from a local client (I14). */
  readonly local: 'auto' | 'none';
  /** Addresses or CIDR ranges whose forwarding headers name the real peer. */
  readonly trustedProxies: readonly string[];
  /**
   * Pages that may connect beside those of the gateway's own host: `https://app.example`. Absent: all, because a page
   * brings the shared secret or a device's token as everybody does, and is nobody local (I14).
   */
  readonly allowedOrigins?: readonly string[];
}

/** Where a connection came from, as far as that can be known. */
export interface PeerAddress {
  /** The peer, or what a trusted proxy said the peer is. */
  readonly address: string;
  readonly local: boolean;
  /** The Origin header; null from anything but a browser. */
  readonly origin: string | null;
  /** Whether a page from there may connect; true for who is no page. */
  readonly originAllowed: boolean;
  /** Under what its wrong credentials are counted; null where they are not. */
  readonly guesser: string | null;
}

/** Any of these says that somebody stands between: the peer is not local then, whatever its address. */
export const FORWARDING_HEADERS = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-real-ip',
  'x-client-ip',
  'x-original-host',
  'true-client-ip',
  'cf-connecting-ip',
  'cf-ray',
  'fastly-client-ip',
  'fly-client-ip',
  'tailscale-user-login',
  'via',
] as const;
const IS_FORWARDING: ReadonlySet<string> = new Set(FORWARDING_HEADERS);

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/** An IPv4 address inside IPv6 is that IPv4 address. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

export function isLoopback(address: string): boolean {
  return address === '::1' || /^127(\.\d{1,3}){3}$/.test(address);
}

/** What counts as one peer where peers are limited: whoever has one IPv6 address has all of its /64. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || isLoopback(address)) return address;
  const [plain = ''] = address.split('%');
  // An IPv4 address at the end stands for two groups, and none of the first four.
  const [head = '', tail] = plain.replace(/\d+(\.\d+){3}$/, '0:0').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const between = Array<string>(8 - left.length - right.length).fill('0');
  const groups = [...left, ...between, ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

export function makeLocality({
  local,
  trustedProxies,
  allowedOrigins,
}: LocalitySettings): (request: IncomingMessage) => PeerAddress {
  const trusted = new BlockList();
  for (const range of trustedProxies) addRange(trusted, range);
  const isTrusted = (address: string): boolean => {
    if (trustedProxies.length === 0) return false;
    const family = isIP(address);
    return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
  return ({ headers, socket }) => {
    const peer = plainAddress(socket.remoteAddress);
    const isForwarded = Object.keys(headers).some((name) => IS_FORWARDING.has(name));
    const origin = headers.origin ?? null;
    const isLocal =
      local === 'auto' &&
      isLoopback(peer) &&
      LOOPBACK_HOST.test(headers.host ?? '') &&
      origin === null &&
      !isForwarded;
    const address = isTrusted(peer) ? forwardedFor(headers, peer, isTrusted) : peer;
    const originAllowed =
      origin === null ||
      allowedOrigins === undefined ||
      isAllowed(origin, headers.host ?? '', allowedOrigins);
    return {
      address,
      local: isLocal,
      origin,
      originAllowed,
      guesser: guesserOf(address, origin, isForwarded),
    };
  };
}

/** PROTOCOL 2.5: a page that is named, one of the gateway's own host, or one on loopback to a gateway on loopback. */
function isAllowed(origin: string, host: string, allowed: readonly string[]): boolean {
  if (allowed.includes(origin)) return true;
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin).host;
  return page === host.toLowerCase() || (LOOPBACK_HOST.test(page) && LOOPBACK_HOST.test(host));
}

/**
 * A program on this host may guess as it likes: it can read what is on the disk. A page in a browser here cannot, and
 * cannot write its own Origin, so that it locks out nobody but itself. From elsewhere a peer writes the Origin that it
 * likes, and only its address counts.
 */
function guesserOf(address: string, origin: string | null, isForwarded: boolean): string | null {
  return isLoopback(address) && !isForwarded ? origin : networkOf(address);
}

/**
 * The nearest address that no trusted proxy vouches for: everything to its left can be made up by the peer. Where that
 * entry is no address, nothing further left may stand in for it, and the peer's own address is taken.
 */
function forwardedFor(
  headers: IncomingMessage['headers'],
  peer: string,
  isTrusted: (address: string) => boolean,
): string {
  const chain = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((part) => plainAddress(withoutPort(part.trim())));
  const real = chain.findLast((address) => !isTrusted(address)) ?? '';
  return isIP(real) === 0 ? peer : real;
}

/** Some proxies write the port of their peer, too: `203.0.113.9:4711`, `[2001:db8::1]:99`. */
function withoutPort(entry: string): string {
  const match = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(entry);
  return match?.[1] ?? match?.[2] ?? entry;
}

function addRange(list: BlockList, range: string): void {
  const [address = '', bits] = range.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) === 0) throw new RangeError(`not an address or CIDR range: ${range}`);
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}
