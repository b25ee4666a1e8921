/** What an OpenClaw gateway lets a role use, in our words: a ceiling and a grant inside it. */
import { covers } from '../../machines/policy.ts';
import { OPENCLAW_VOCABULARY, type Role } from '../../machines/vocabulary.ts';

type Scopes = readonly string[];

/** How a generation keeps what a token may use (PROTOCOL sections 4.1, 4.2 and 5.1). */
export type Dialect =
  /** 2026.2.19: a connect leaves a token with exactly what it asked for, so that a smaller set is nobody's decision. */
  | 'exact'
  /** 2026.9: a smaller set was made by an owner's rotation, and sets are stored with what they imply. */
  | 'expanded';

/** The scopes of one role that this gateway knows, in order and once. */
export function knownScopes(role: Role, scopes: Scopes): Scopes {
  return [...new Set(scopes)].filter((scope) => OPENCLAW_VOCABULARY[role].includes(scope)).sort();
}

/** Those that no role of the device can use. */
export function unknownScopes(roles: readonly Role[], scopes: Scopes): Scopes {
  return [...new Set(scopes)].filter((scope) => !roles.some((role) => knownScopes(role, [scope]).length > 0));
}

/** What a token may use now: never beyond the ceiling, and all of it when the token reaches as far. */
export function grantOf(dialect: Dialect, ceiling: Scopes, token: Scopes | null): Scopes {
  if (dialect === 'exact' || token === null || covers(token, ceiling)) return ceiling;
  return token.filter((scope) => covers(ceiling, [scope]));
}
