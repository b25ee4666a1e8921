/** What covers what, written again from PROTOCOL 5.1 and independent of `machines/policy.ts`. */
type Scopes = readonly string[];

const BELOW: Readonly<Record<string, Scopes>> = {
  'operator.write': ['operator.read', 'operator.talk', 'operator.sessions.write'],
  'operator.read': ['operator.sessions.read'],
  'operator.sessions.write': ['operator.sessions.read'],
};

/** All that a holder of these may do; with `operator.admin` every word of `among` besides. */
function reach(held: Scopes, among: Scopes): ReadonlySet<string> {
  const reached = new Set(held);
  for (const scope of reached) for (const lower of BELOW[scope] ?? []) reached.add(lower);
  if (reached.has('operator.admin')) {
    for (const scope of among) if (scope.startsWith('operator.')) reached.add(scope);
  }
  return reached;
}

export function isWithin(wanted: Scopes, held: Scopes): boolean {
  const reached = reach(held, wanted);
  return wanted.every((scope) => reached.has(scope));
}

export function beyond(wanted: Scopes, held: Scopes): Scopes {
  const reached = reach(held, wanted);
  return wanted.filter((scope) => !reached.has(scope));
}

/** The pairing itself, where a role has no standing: it can be asked for and declined, too. */
export const PAIRING = '@pairing';
