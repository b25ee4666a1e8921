import type { Frame } from '../support/raw-client.ts';
import type { project } from './authorization-cases.ts';
import { WISH } from './conditions.ts';

type Projection = ReturnType<typeof project>;

const isPaired = ({ state }: Projection): boolean => state === 'paired' || state === 'upgradePending';
const isRevoked = ({ state }: Projection): boolean => state === 'revoked' || state === 'revokedPending';

/** What an owner's list should show of this record, in the words of PROTOCOL section 5.3. */
export function listed(record: Projection, openId: string | undefined): object {
  const { revisions, ceiling, grant, quiet } = record;
  const rows = (isShown: boolean, row: object): readonly object[] => (isShown ? [row] : []);
  const scopes = revisions.at(-1);
  return {
    pending: rows(revisions.length > 0, { requestId: `${openId}.r${revisions.length}`, scopes }),
    paired: rows(isPaired(record) || isRevoked(record), {
      roles: isPaired(record) ? ['operator'] : [],
      scopes: isPaired(record) ? ceiling : [],
      tokens: [{ role: 'operator', scopes: grant }],
    }),
    declined: rows(quiet.length > 0, { scopes: quiet }),
  };
}

/** The fields of a list that `listed` speaks of. */
export function inList(list: Frame['payload']): object {
  const pick = (row: Frame['payload'], names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, row[name]]));
  return {
    pending: list.pending.map((row: object) => pick(row, ['requestId', 'scopes'])),
    paired: list.paired.map((row: Frame['payload']) => ({
      ...pick(row, ['roles', 'scopes']),
      tokens: row.tokens.map((token: object) => pick(token, ['role', 'scopes'])),
    })),
    declined: list.declined.map((row: object) => pick(row, ['scopes'])),
  };
}

/** What a probe for the whole wish should be told (DESIGN section 4): no scope here covers another. */
export function answered(record: Projection, openId: string | undefined): string {
  const { grant, revisions, quiet } = record;
  const usable = isPaired(record) ? WISH.filter((scope) => grant.includes(scope)) : [];
  if (usable.length > 0) return `let in with ${usable}`;
  const newest = revisions.at(-1);
  const reason = isPaired(record) ? 'scope-upgrade' : isRevoked(record) ? 'role-upgrade' : 'not-paired';
  const isAsked = newest !== undefined && WISH.every((scope) => [...newest, ...grant].includes(scope));
  const named = newest ? ` ${openId}.r${revisions.length}` : '';
  const lacking = isPaired(record) ? WISH : ['@pairing', ...WISH];
  if (isAsked || !lacking.every((thing) => quiet.includes(thing))) return `${reason}${named}`;
  return isRevoked(record) ? 'revoked' : 'declined';
}

export function inAnswer({ ok, payload, error }: Frame): string {
  if (ok) return `let in with ${payload.auth.scopes}`;
  const { reason, requestId } = error.details;
  return `${reason}${requestId ? ` ${requestId}` : ''}`;
}
