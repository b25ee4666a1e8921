/** The short words of stories. */
export function brief(scopes: readonly string[]): string {
  return scopes.map((scope) => scope.replace(/^(operator|node)\./, '')).join('+') || 'nothing';
}
