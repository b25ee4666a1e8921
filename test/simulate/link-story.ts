import type { Frame } from '../support/raw-client.ts';
import { keyOf } from './fold.ts';
import type { Link } from './link.ts';

/** After this long every gateway has acted on what another process did (its feed may be late, its disk slow). */
export const FOREIGN_MS = 20_000;

/** A connect as it arrived at the gateway. */
export interface Asked {
  readonly id: string;
  readonly atMs: number;
  /** Empty without a device. */
  readonly deviceId: string;
  readonly role: string;
  readonly key: string;
  readonly wish: readonly string[];
  readonly mode: string;
  readonly protocol: number;
  readonly isPatient: boolean;
  /** What it shows as `auth.token` or `auth.deviceToken`. */
  readonly token: string;
}

/** A request of a live session that is not answered yet. */
export interface Call {
  readonly id: string;
  readonly method: string;
  // biome-ignore lint/suspicious/noExplicitAny: a peer may send anything.
  readonly params: any;
  readonly atMs: number;
}

/** What passed over one link, read off the wire. */
export interface LinkStory {
  readonly link: Link;
  readonly process: string;
  asked: Asked | undefined;
  answer: Frame | undefined;
  /** Simulated ms; 0 before. */
  helloAtMs: number;
  helloCuts: number;
  connId: string;
  /** Since when it is parked; 0 while it is not. */
  parkedAtMs: number;
  readonly calls: Map<string, Call>;
  /** Requests that were announced to it, `<id>.r<revision>`. */
  readonly announced: Set<string>;
  /** Upgrade requests that it was told the end of, by id, and when. */
  readonly resolved: Map<string, number>;
  /** The request that its `requestUpgrade` was answered with, until it is told the end of it. */
  waitsFor: string | undefined;
  isEnded: boolean;
}

export function newStory(link: Link): LinkStory {
  return {
    link,
    process: link.gateway.name,
    asked: undefined,
    answer: undefined,
    helloAtMs: 0,
    helloCuts: 0,
    connId: '',
    parkedAtMs: 0,
    calls: new Map(),
    announced: new Set(),
    resolved: new Map(),
    waitsFor: undefined,
    isEnded: false,
  };
}

interface WireConnect {
  readonly maxProtocol?: number;
  readonly client?: { readonly mode?: string };
  readonly caps?: readonly string[];
  readonly userAgent?: string;
  readonly role?: string;
  readonly scopes?: readonly string[];
  readonly auth?: { readonly token?: string; readonly deviceToken?: string };
  readonly device?: { readonly id: string };
}

export function readConnect(id: string, params: WireConnect, atMs: number): Asked {
  const { role = 'operator', scopes = [], auth, device, client, caps, userAgent } = params;
  const deviceId = device?.id ?? '';
  return {
    id,
    atMs,
    deviceId,
    role,
    key: keyOf(deviceId, role),
    wish: [...new Set(scopes)].sort(),
    mode: client?.mode ?? '',
    protocol: params.maxProtocol ?? 0,
    isPatient:
      caps?.includes('antechamber.wait') === true || userAgent?.startsWith('openclaw-node/') === true,
    token: auth?.deviceToken ?? auth?.token ?? '',
  };
}

/** How many rotations, revocations and removals lie before a token of ours: its generation says so. */
export function cutsOf(token: string): number {
  return Number(/^atk1_[0-9a-f]{8}_\d+_(\d+)_/.exec(token)?.[1]) - 1;
}

/** Whether the gateway's end could still send: nobody has closed it. */
export function isOpen({ link, isEnded }: LinkStory): boolean {
  return !isEnded && !link.isGone && link.gateway.isAlive && link.socket.readyState === link.socket.OPEN;
}

export function isLive(story: LinkStory): boolean {
  return story.helloAtMs > 0 && isOpen(story);
}

/** How long this connect may be held, in ms (DESIGN section 4, Waiting). */
export function sliceOf({ mode, protocol, isPatient }: Asked): number {
  if (isPatient) return 5 * 60_000;
  if (mode === 'cli' || (mode === 'backend' && protocol === 3)) return 2000;
  return mode === 'node' || mode === 'ui' || mode === 'webchat' ? 12_000 : 7000;
}
