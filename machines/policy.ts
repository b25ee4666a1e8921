/**
 * What covers what, and what an owner's decision gives. Every check of rights in the project calls `covers`;
 * every `GrantedScopes` is made in this file.
 */
import type { GrantedScopes, RequestedScopes } from './vocabulary.ts';

type Scopes = readonly string[];

const ADMIN = 'operator.admin';
/** PROTOCOL section 5.1, the 2026.9 relation; `operator.admin` covers every `operator.*` besides. */
const IMPLIED: ReadonlyMap<string, Scopes> = new Map([
  ['operator.write', ['operator.read', 'operator.talk', 'operator.sessions.read', 'operator.sessions.write']],
  ['operator.read', ['operator.sessions.read']],
  ['operator.sessions.write', ['operator.sessions.read']],
]);

function impliedBy(held: string, scope: string): boolean {
  if (held === scope) return true;
  if (held === ADMIN) return scope.startsWith('operator.');
  return IMPLIED.get(held)?.includes(scope) ?? false;
}

/** Whether a holder of `held` may do all that `wanted` names. The empty list is covered by everything. */
export function covers(held: Scopes, wanted: Scopes): boolean {
  return wanted.every((scope) => held.some((own) => impliedBy(own, scope)));
}

/** The part of `wanted` that `held` does not cover: the delta of a wish. */
export function uncovered(held: Scopes, wanted: Scopes): Scopes {
  return wanted.filter((scope) => !covers(held, [scope]));
}

function sortedUnion(left: Scopes, right: Scopes): Scopes {
  return [...new Set([...left, ...right])].sort();
}

/** Two wishes of one device's programs as one (R15): never smaller than either. */
export function uniteWishes(left: RequestedScopes, right: RequestedScopes): RequestedScopes {
  return sortedUnion(left, right) as RequestedScopes;
}

/** The grant of a device that nobody has approved, and of a revoked one. */
export const NOTHING = [] as unknown as GrantedScopes;

/** The grant after an owner approved `approved` on top of `base`. Only a decision calls this. */
export function grantScopes(base: GrantedScopes, approved: Scopes): GrantedScopes {
  return sortedUnion(base, approved) as GrantedScopes;
}

/**
 * What a session may use: the part of its wish that the grant covers, never more than either. A wish for admin is one
 * for whatever there is: who may do less goes on doing that while the rest waits (I12, issue 21470). Any other wish
 * means just what it says, and waits for it.
 */
export function coveredPart(grant: GrantedScopes, wish: Scopes): GrantedScopes {
  const named = wish.filter((scope) => covers(grant, [scope]));
  if (named.length === wish.length || !wish.includes(ADMIN)) return named as Scopes as GrantedScopes;
  const meant = grant.filter((scope) => impliedBy(ADMIN, scope));
  return sortedUnion(named, meant) as GrantedScopes;
}

/** The scopes that an owner's rotation sets, or undefined when they reach beyond the ceiling (I4). */
export function rotateWithin(ceiling: GrantedScopes, scopes: Scopes): GrantedScopes | undefined {
  return covers(ceiling, scopes) ? grantScopes(NOTHING, scopes) : undefined;
}
