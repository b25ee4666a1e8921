import type { Ask, Book, Role } from './book.ts';
import { Changing } from './signal.ts';

export interface Notice {
  readonly text: string;
  readonly kind: 'done' | 'failed';
}

const SHOWN_MS = 6000;

/** What an owner decides here: each names exactly what was shown, and what came of it is told in words. */
export class Desk extends Changing {
  notice: Notice | null = null;
  readonly #ask: Ask;
  readonly #book: Book;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #busy = new Set<string>();

  constructor(ask: Ask, book: Book) {
    super();
    this.#ask = ask;
    this.#book = book;
  }

  /** Whether a decision on this request or device is under way. */
  isBusy(key: string): boolean {
    return this.#busy.has(key);
  }

  approve(requestId: string, deviceId: string, scopes?: readonly string[]): Promise<boolean> {
    const params = { requestId, ...(scopes && { scopes }) };
    const done = scopes ? `Approved ${scopes.join(', ')}; the rest is declined` : 'Approved';
    return this.#decide(requestId, deviceId, 'device.pair.approve', params, done);
  }

  reject(requestId: string, deviceId: string, note: string): Promise<boolean> {
    return this.#decide(requestId, deviceId, 'antechamber.reject', { requestId, note }, 'Rejected');
  }

  rotate(deviceId: string, role: Role, scopes?: readonly string[]): Promise<boolean> {
    const done = scopes ? 'The grant is set, and the token rotated' : 'The token is rotated';
    const params = { deviceId, role, ...(scopes && { scopes }) };
    return this.#decide(deviceId, deviceId, 'device.token.rotate', params, done);
  }

  revoke(deviceId: string, role: Role): Promise<boolean> {
    return this.#decide(deviceId, deviceId, 'device.token.revoke', { deviceId, role }, `Revoked as ${role}`);
  }

  remove(deviceId: string): Promise<boolean> {
    return this.#decide(deviceId, deviceId, 'device.pair.remove', { deviceId }, 'Removed');
  }

  rename(deviceId: string, label: string): Promise<boolean> {
    return this.#decide(deviceId, deviceId, 'device.pair.rename', { deviceId, label }, `Now called ${label}`);
  }

  forgive(deviceId: string): Promise<boolean> {
    return this.#decide(deviceId, deviceId, 'device.quiet.forgive', { deviceId }, 'It may ask again');
  }

  say(text: string, kind: Notice['kind'] = 'done'): void {
    this.notice = { text, kind };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.notice = null;
      this.changed();
    }, SHOWN_MS);
    this.changed();
  }

  async #decide(
    key: string,
    deviceId: string,
    method: string,
    params: object,
    done: string,
  ): Promise<boolean> {
    if (this.#busy.has(key)) return false;
    this.#busy.add(key);
    this.changed();
    try {
      await this.#ask(method, params);
      this.say(done);
      return true;
    } catch (error) {
      this.say(explained(error), 'failed');
      return false;
    } finally {
      this.#busy.delete(key);
      this.#book.refresh(deviceId);
      this.changed();
    }
  }
}

/** The gateway's own words, and its advice where there is some. */
function explained(error: unknown): string {
  const { message, details } = error as Error & {
    details?: { remediationHint?: string; missingScope?: string };
  };
  if (details?.missingScope) return `This console lacks ${details.missingScope}; nothing was changed.`;
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return details?.remediationHint ? `${text}. ${details.remediationHint}` : text;
}
