import { createHmac } from 'node:crypto';
import { isIP } from 'node:net';

/** One message to one address. */
export interface Post {
  readonly url: string;
  readonly key: Buffer;
  /** The same for each try of one notice, so that the receiver can drop repeats. */
  readonly id: string;
  readonly body: string;
  /** Epoch ms. */
  readonly nowMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type Posted =
  | { readonly ok: true }
  /** `problem` holds nothing of the address, which may hold a secret. `gone`: the receiver wants no more of this. */
  | { readonly ok: false; readonly problem: string; readonly gone: boolean };

/** The headers of the Standard Webhooks scheme: HMAC-SHA-256 over id, time and body. */
export function signedHeaders({ id, key, body, nowMs }: Pick<Post, 'id' | 'key' | 'body' | 'nowMs'>) {
  const timestamp = Math.floor(nowMs / 1000);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  };
}

/** Whether what is sent there can be read on the way: not over TLS, and not to this machine. */
export function isReadable(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isOwn = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  return protocol !== 'https:' && !isOwn;
}

/** Sends it once. Follows no redirect: what was signed for one address is not for another. Never rejects. */
export async function post({ url, timeoutMs, signal, ...message }: Post): Promise<Posted> {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'antechamber',
        ...signedHeaders(message),
      },
      body: message.body,
      signal: AbortSignal.any([signal, late]),
    });
    // Whatever the receiver says besides its status is not read: it could go on for ever.
    await answer.body?.cancel();
    if (answer.ok) return { ok: true };
    const moved = answer.status >= 300 && answer.status < 400 ? ', and redirects are not followed' : '';
    return { ok: false, problem: `it answered ${answer.status}${moved}`, gone: answer.status === 410 };
  } catch (error) {
    if (late.aborted) return { ok: false, problem: `no answer within ${timeoutMs / 1000} s`, gone: false };
    return { ok: false, problem: `not reached: ${reasonOf(error)}`, gone: false };
  }
}

/** A word of the system (`ECONNREFUSED`); messages quote addresses. */
function reasonOf(error: unknown): string {
  const cause = (error as { readonly cause?: unknown } | null)?.cause ?? error;
  const { code, name } = cause as { readonly code?: unknown; readonly name?: unknown };
  return String(code ?? name ?? 'unknown');
}
