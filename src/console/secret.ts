/**
 * The shared secret, which a person gives once: until the browser has a token of its own it is kept for this tab only.
 * It may come in the fragment of an address, which no server sees, and is taken out of the address at once.
 */
const KEY = `antechamber secret ${new URL('.', location.href).pathname}`;

export interface Secret {
  readonly kind: 'token' | 'password';
  readonly text: string;
}

/** Whether there was one. */
export function takeFromAddress(): boolean {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const kind of ['token', 'password'] as const) {
    const text = given.get(kind);
    if (!text) continue;
    keepSecret({ kind, text });
    history.replaceState(null, '', location.pathname + location.search);
    return true;
  }
  return false;
}

export function keptSecret(): Secret | null {
  const text = sessionStorage.getItem(KEY);
  return text === null ? null : (JSON.parse(text) as Secret);
}

export function keepSecret(secret: Secret): void {
  sessionStorage.setItem(KEY, JSON.stringify(secret));
}

export function forgetSecret(): void {
  sessionStorage.removeItem(KEY);
}
