/**
 * The words that cross every layer: roles, scopes, requests and outcomes. Scopes come in two types because they
 * are two levels of trust: what a device says it wants, and what an owner has given.
 */
declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** `operator` runs the gateway, `node` offers a machine to it (PROTOCOL section 5.1). */
export type Role = 'operator' | 'node';
export const ROLES: readonly Role[] = ['operator', 'node'];

/** What a device asks for: well formed, in the vocabulary, sorted, without duplicates, untrusted. Made by `readWish`. */
export type RequestedScopes = Brand<readonly string[], 'RequestedScopes'>;

/** What an owner has given: sorted, without duplicates. Made only in policy.ts. */
export type GrantedScopes = Brand<readonly string[], 'GrantedScopes'>;

/** The scopes that a gateway knows, per role. An embedder may add scopes; each must start with `<role>.`. */
export type Vocabulary = Readonly<Record<Role, readonly string[]>>;

/** PROTOCOL section 5.1, the 2026.9 list. A node has no scopes of its own there. */
export const OPENCLAW_VOCABULARY: Vocabulary = {
  operator: [
    'operator.admin',
    'operator.approvals',
    'operator.pairing',
    'operator.questions',
    'operator.read',
    'operator.sessions.read',
    'operator.sessions.write',
    'operator.talk',
    'operator.talk.secrets',
    'operator.write',
  ],
  node: [],
};

/** How a request settles (DESIGN section 1). None is ever reported as another (I6). */
export type Outcome =
  | 'approved'
  | 'narrowed'
  | 'rejected'
  | 'superseded'
  | 'expired'
  | 'withdrawn'
  | 'removed';

/** Names one revision of one request: `<id>.r<revision>` on the wire. */
export interface RequestRef {
  /** 16 lowercase base32 characters. */
  readonly id: string;
  /** 1 to 8; grows within an episode, never shrinks. */
  readonly revision: number;
}

/** The wire form of a request's id, at most 24 bytes, so that a close reason never cuts it (PROTOCOL Appendix C). */
export function formatRequestId(ref: RequestRef): string {
  return `${ref.id}.r${ref.revision}`;
}

/** Reads `<id>.r<revision>`; undefined for anything else, also for an id without its revision (I2). */
export function parseRequestId(text: string): RequestRef | undefined {
  const match = /^([a-z2-7]{16})\.r([1-9][0-9]?)$/.exec(text);
  return match ? { id: match[1] as string, revision: Number(match[2]) } : undefined;
}

const SCOPE = /^[a-z][a-z0-9-]*(\.[a-z][a-zA-Z0-9_-]*)+$/;
const LONGEST_SCOPE = 64;
const MOST_SCOPES = 64;

/** The outcome of reading a list of scopes that a device sent. */
export type WishReading =
  | { readonly ok: true; readonly wish: RequestedScopes; readonly unknown: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads the `scopes` of a `connect` or of `requestUpgrade`. A malformed scope refuses the whole list: scopes are
 * joined by "," and "|" in the text that a device signs, so `["a,b"]` and `["a","b"]` would sign alike. A well-formed
 * scope outside the vocabulary never enters a wish; it is named in `unknown`, so that the peer can be told.
 */
export function readWish(role: Role, scopes: readonly string[], vocabulary: Vocabulary): WishReading {
  if (scopes.length > MOST_SCOPES) {
    return { ok: false, problem: `at most ${MOST_SCOPES} scopes, got ${scopes.length}` };
  }
  for (const scope of scopes) {
    if (scope.length > LONGEST_SCOPE || !SCOPE.test(scope)) {
      return { ok: false, problem: 'a scope must look like operator.read, at most 64 characters' };
    }
    if (!scope.startsWith(`${role}.`)) {
      return { ok: false, problem: `scope ${scope} does not belong to role ${role}` };
    }
  }
  const known = new Set(vocabulary[role]);
  const unique = [...new Set(scopes)].sort();
  return {
    ok: true,
    wish: unique.filter((scope) => known.has(scope)) as readonly string[] as RequestedScopes,
    unknown: unique.filter((scope) => !known.has(scope)),
  };
}
