import { resolve } from 'node:path';
import { DEFAULT_TERMS, type Terms } from '../../machines/record.ts';
import { isLoopback } from '../gateway/locality.ts';
import { DEFAULT_WAITING, type Retention, type WaitingSettings } from '../gateway/settings.ts';
import { isReadable } from '../notices/webhook.ts';
import { readDuration } from './duration.ts';
import { usage } from './exit.ts';
import type { Resolved } from './settings.ts';
import {
  readListenAddress,
  readLoopbackPort,
  readModeManner,
  readSlice,
  type Values,
} from './settings-table.ts';

/** All that `serve` needs to know, with the defaults filled in. */
export interface ServeSettings {
  readonly host: string;
  readonly port: number;
  readonly auth: 'token' | 'password' | 'none';
  readonly trustedProxies: readonly string[];
  readonly local: 'auto' | 'none';
  /** Null where every page may connect. */
  readonly allowedOrigins: readonly string[] | null;
  readonly deviceless: 'owner' | 'none';
  readonly autoApprove: 'none' | 'first-pairing' | 'all';
  readonly logFile: string | null;
  readonly logLevel: string;
  readonly tls: { readonly certPath: string; readonly keyPath: string } | null;
  readonly waiting: WaitingSettings;
  readonly metrics: { readonly host: string; readonly port: number } | null;
  /** Where the live actors are shown: a port of 127.0.0.1, 0 for any. */
  readonly inspect: { readonly port: number } | null;
  /** Null: the history is kept for ever. */
  readonly retention: Retention | null;
  /** Where requests are told of; `secretFile` null: the one of the state folder. */
  readonly notices: { readonly url: string; readonly secretFile: string | null } | null;
  readonly showToken: boolean;
  readonly console: boolean;
}

/** Throws a CliError (usage) for settings that contradict each other. */
export function serveSettings({ values }: Pick<Resolved, 'values'>): ServeSettings {
  const host = values.host ?? '127.0.0.1';
  const trustedProxies = values['trusted-proxy'] ?? [];
  const isLocalHost = host === 'localhost' || isLoopback(host);
  return {
    host,
    port: values.port ?? 18_789,
    auth: (values.auth ?? 'token') as ServeSettings['auth'],
    trustedProxies,
    // Behind a proxy, or open to the network, loopback proves nothing of the peer (I14).
    local: (values.local ?? (isLocalHost && trustedProxies.length === 0 ? 'auto' : 'none')) as
      | 'auto'
      | 'none',
    deviceless: (values.deviceless ?? 'owner') as ServeSettings['deviceless'],
    autoApprove: (values['auto-approve'] ?? 'first-pairing') as ServeSettings['autoApprove'],
    logFile: values['log-file'] ?? null,
    logLevel: values['log-level'] ?? 'info',
    tls: tlsOf(values),
    waiting: waitingOf(values),
    ...optionalOf(values),
    showToken: values['show-token'] ?? false,
    console: !(values['no-console'] ?? false),
  };
}

/** What is not there unless somebody wants it. */
function optionalOf(
  values: Values,
): Pick<ServeSettings, 'allowedOrigins' | 'metrics' | 'inspect' | 'notices' | 'retention'> {
  const inspectPort = readLoopbackPort(values.inspect ?? '');
  return {
    allowedOrigins: values['allowed-origin'] ?? null,
    metrics: readListenAddress(values.metrics ?? '') ?? null,
    inspect: inspectPort === undefined ? null : { port: inspectPort },
    notices: noticesOf(values),
    retention: retentionOf(values),
  };
}

function retentionOf(values: Values): ServeSettings['retention'] {
  const days = values['history-days'] ?? 400;
  if (days === 0) return null;
  return { historyMs: days * 86_400_000, historyKeep: values['history-keep'] ?? 200 };
}

function noticesOf(values: Values): ServeSettings['notices'] {
  const { 'notice-url': url, 'notice-secret-file': secretFile, 'notice-allow-http': allowHttp } = values;
  if (url === undefined) return null;
  if (isReadable(url) && !allowHttp) {
    throw usage(
      '--notice-url must begin with https:// unless it is on this machine; --notice-allow-http allows it',
    );
  }
  return { url, secretFile: secretFile === undefined ? null : resolve(secretFile) };
}

/** Times of the authority that a setting changes; the verbs on the state folder must use the same ones. */
export function termsOf(values: Values): Partial<Terms> {
  const lifetimeMs = readDuration(values['request-lifetime'] ?? '');
  const quietMs = readDuration(values['quiet-period'] ?? '');
  return {
    // A request may not live for less than its lifetime.
    ...(lifetimeMs !== undefined && {
      lifetimeMs,
      longestLifeMs: Math.max(lifetimeMs, DEFAULT_TERMS.longestLifeMs),
    }),
    ...(quietMs !== undefined && { quietMs }),
  };
}

function tlsOf({ 'tls-cert': certPath, 'tls-key': keyPath }: Values): ServeSettings['tls'] {
  if (certPath === undefined && keyPath === undefined) return null;
  if (certPath !== undefined && keyPath !== undefined) return { certPath, keyPath };
  throw usage('--tls-cert and --tls-key belong together; give both or none');
}

function waitingOf(values: Values): WaitingSettings {
  const modes = (values['waiting-mode'] ?? []).flatMap((text) => readModeManner(text) ?? []);
  const slices = (values.slice ?? []).flatMap((text) => readSlice(text) ?? []);
  const defaultSlice = slices.findLast(({ key }) => key === 'default');
  const named = slices.filter(({ key }) => key !== 'default');
  // `backend=3s` is meant for all generations of it, so it replaces what the defaults say for each of them.
  const replaced = new Set(named.map(({ key }) => key));
  const kept = Object.entries(DEFAULT_WAITING.sliceMs).filter(
    ([key]) => !replaced.has(key.split('@')[0] ?? key),
  );
  return {
    ...DEFAULT_WAITING,
    manner: (values.waiting ?? DEFAULT_WAITING.manner) as WaitingSettings['manner'],
    modes: Object.fromEntries(modes.map(({ mode, manner }) => [mode, manner])),
    sliceMs: {
      ...Object.fromEntries(kept),
      ...Object.fromEntries(named.map(({ key, sliceMs }) => [key, sliceMs])),
    },
    defaultSliceMs: defaultSlice?.sliceMs ?? DEFAULT_WAITING.defaultSliceMs,
  };
}
