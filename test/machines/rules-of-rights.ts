/** What must hold of rights, quiet and tokens after every step. */

import { step } from '../../src/authority/step.ts';
import { autoMayGive, isRevoked, may, meaning, quietNow, stands } from './oracle.ts';
import { always, type Case, on, type Rule } from './rules.ts';

const list = (scopes: readonly string[]): string => JSON.stringify([...scopes].sort());
const meansTheSame = (left: readonly string[], right: readonly string[]): boolean =>
  list([...meaning(left)]) === list([...meaning(right)]);
const keepsRights = ({ was, is }: Case): boolean =>
  list(was.grant) === list(is.grant) && list(was.ceiling) === list(is.ceiling);
const ADDS_RIGHTS = ['request.approved', 'access.requested', 'device.imported'];
const TAKES_RIGHTS = ['token.rotated', 'grant.revoked', 'device.removed', 'device.imported'];

const rights: readonly Rule[] = [
  always('the ceiling covers the grant', ({ is }) => may(is.ceiling, is.grant)),
  always(
    'there are no rights without standing',
    ({ is }) => is.grant.length === 0 && is.ceiling.length === 0,
    ({ taken }) => !stands(taken.next.state),
  ),
  always(
    'I12 nothing but a rotation, a revocation, a removal and an import takes rights or standing away',
    ({ was, is, before, taken }) =>
      may(is.grant, was.grant) &&
      may(is.ceiling, was.ceiling) &&
      (!stands(before.state) || stands(taken.next.state)),
    ({ event }) => !TAKES_RIGHTS.includes(event.type),
  ),
  always(
    'only an approval, an auto-approval, an import and a rotation may give rights',
    keepsRights,
    ({ event }) => {
      return ![...ADDS_RIGHTS, ...TAKES_RIGHTS].includes(event.type);
    },
  ),
  on(
    'request.approved',
    'I2 an approval gives exactly what it names: the revision, or the part of it',
    ({ was, is }, { request, scopes }) => {
      const given = scopes ?? was.request?.revisions[request.revision - 1]?.scopes ?? [];
      return (
        meansTheSame(is.grant, [...was.grant, ...given]) &&
        meansTheSame(is.ceiling, [...was.ceiling, ...given])
      );
    },
    ({ taken }) => taken.verdict === 'approved',
  ),
  on(
    'request.approved',
    'I2 an approval that is refused gives nothing',
    keepsRights,
    ({ taken }) => taken.verdict !== 'approved',
  ),
  on(
    'request.approved',
    'nothing beyond the named revision can be approved',
    ({ taken }) => taken.announcements.length === 0,
    ({ was }, { request, scopes }) =>
      scopes !== null && !may(was.request?.revisions[request.revision - 1]?.scopes ?? [], scopes),
  ),
  on(
    'access.requested',
    'I4 asking gives rights only by auto-approval, exactly the wish, and never what an owner took or declined',
    ({ before, was, is }, event) =>
      event.auto &&
      autoMayGive(before, event) &&
      meansTheSame(is.grant, [...was.grant, ...event.wish]) &&
      meansTheSame(is.ceiling, [...was.ceiling, ...event.wish]),
    (step) => !keepsRights(step) || stands(step.taken.next.state) !== stands(step.before.state),
  ),
  on(
    'token.rotated',
    'I4 a rotation sets the grant to what it names, inside the ceiling, and never moves the ceiling',
    ({ was, is }, { scopes }) =>
      list(is.ceiling) === list(was.ceiling) && list(is.grant) === list(scopes ?? was.grant),
    ({ taken }) => taken.verdict === 'rotated',
  ),
  on(
    'token.rotated',
    'I4 a rotation beyond the ceiling, or without standing, changes nothing',
    ({ taken }) => taken.announcements.length === 0 && taken.verdict !== 'rotated',
    ({ was, before }, { scopes }) => !stands(before.state) || !may(was.ceiling, scopes ?? []),
  ),
];

const ends: readonly Rule[] = [
  always(
    'I16 revoked stays revoked: only an approval brings rights back',
    ({ taken, event }) => event.type === 'request.approved' || !stands(taken.next.state),
    ({ before }) => isRevoked(before.state),
  ),
  always(
    'I16 R8 a removed device comes back by an approval only',
    ({ taken, event, is }) =>
      event.type === 'request.approved' || (!stands(taken.next.state) && is.tombstone),
    ({ was }) => was.tombstone,
  ),
  on(
    'grant.revoked',
    'R7 what a revoked device had and asked for becomes quiet',
    ({ was, is }, { at, terms }) =>
      [...was.grant, ...was.ceiling, ...(was.request?.revisions.at(-1)?.scopes ?? [])].every(
        (scope) => (is.quiet[scope] ?? 0) >= at + terms.quietMs,
      ),
    ({ taken }) => taken.announcements.length > 0,
  ),
  on(
    'device.removed',
    'R8 a removal leaves nothing but a tombstone',
    ({ is, taken }) => taken.next.state === 'unpaired' && is.tombstone && is.request === null,
  ),
  always(
    'R6 what is quiet stays quiet until its time, an approval of it or an owner who forgives',
    ({ was, is, event }) => {
      const still = quietNow(was, event.at).filter(
        (scope) => (is.quiet[scope] ?? 0) < (was.quiet[scope] ?? 0),
      );
      if (still.length === 0 || event.type === 'quiet.forgiven') return true;
      const given = [...is.grant, ...is.ceiling, '@pairing'];
      return ADDS_RIGHTS.includes(event.type) && still.every((scope) => given.includes(scope));
    },
    ({ was }) => Object.keys(was.quiet).length > 0,
  ),
  on(
    'quiet.forgiven',
    'R6 an owner can forgive all of it',
    ({ is }) => Object.keys(is.quiet).length === 0 && is.quietEpisodesMs.length === 0,
  ),
];

const broughtToken = (event: Case['event']): boolean =>
  event.type === 'device.imported' && event.tokenHash !== null;
/** Whether an owner, or a setting of this gateway, has had a say that no import made. */
const isSettledHere = ({ was, before }: Case): boolean =>
  was.tombstone ||
  Object.keys(was.quiet).length > 0 ||
  isRevoked(before.state) ||
  (stands(before.state) && was.imported === null);

const imports: readonly Rule[] = [
  on(
    'device.imported',
    'I4 I16 an import never touches what was decided here',
    ({ taken, was, is }) => taken.verdict !== 'imported' && JSON.stringify(is) === JSON.stringify(was),
    isSettledHere,
  ),
  on(
    'device.imported',
    'an import gives exactly what the other gateway gave, and nothing beyond its ceiling',
    ({ is, taken }, { ceiling, grant }) =>
      stands(taken.next.state) &&
      meansTheSame(is.ceiling, ceiling) &&
      meansTheSame(
        is.grant,
        grant.filter((scope) => may(ceiling, [scope])),
      ),
    ({ taken }) => taken.verdict === 'imported',
  ),
  on(
    'device.imported',
    'nothing decided on either side since: the same import again changes nothing',
    ({ taken }, event) => {
      const again = step(taken.next, event);
      return again.verdict === 'alreadyImported' && again.announcements.length === 0;
    },
    ({ taken }) => taken.verdict === 'imported',
  ),
  on(
    'device.imported',
    'a device that nobody has decided on is imported',
    ({ taken }) => taken.verdict === 'imported',
    ({ before, was }) =>
      !stands(before.state) &&
      !isRevoked(before.state) &&
      !was.tombstone &&
      Object.keys(was.quiet).length === 0,
  ),
  always(
    'what is decided here after an import is never again an import’s to change',
    ({ is }) => is.imported?.isUntouched !== true,
    ({ event, is, was }) =>
      event.type !== 'device.imported' &&
      (is.grantVersion !== was.grantVersion || is.tokens.current !== was.tokens.current),
  ),
  on(
    'device.imported',
    'R9 an imported token is the generation before our first, and ends as superseded ones do',
    ({ is }, { at, terms }) =>
      is.imported?.generation === is.tokens.current - 1 &&
      is.tokens.oldest === is.imported.generation &&
      is.tokens.floor === is.imported.generation &&
      !is.tokens.delivered &&
      is.tokens.retireAtMs === at + terms.retireMs,
    ({ taken }, event) => taken.verdict === 'imported' && broughtToken(event),
  ),
  always(
    'R7 R8 an imported token does not outlive a revocation or a removal',
    ({ is }) => is.imported === null || is.imported.generation < is.tokens.floor,
    ({ event, taken, was }) =>
      was.imported !== null &&
      (event.type === 'grant.revoked' || event.type === 'device.removed') &&
      taken.announcements.length > 0,
  ),
];

const tokens: readonly Rule[] = [
  always(
    'R8 generations only go on, and the accepted ones lie between the floor and the current one',
    ({ was, is, event }) =>
      is.tokens.current >= was.tokens.current &&
      (is.tokens.floor >= was.tokens.floor || broughtToken(event)) &&
      is.tokens.floor <= is.tokens.oldest &&
      is.tokens.oldest <= is.tokens.current,
  ),
  on(
    'token.rotated',
    'R9 a rotation starts a generation, and ends only what a delivered one has replaced',
    ({ was, is }) =>
      is.tokens.current === was.tokens.current + 1 &&
      is.tokens.oldest === (was.tokens.delivered ? was.tokens.current : was.tokens.oldest) &&
      is.tokens.floor === was.tokens.floor &&
      is.tokens.retireAtMs !== null,
    ({ taken }) => taken.verdict === 'rotated',
  ),
  on(
    'token.rotated',
    'R9 rotating again does not prolong the life of what was never replaced',
    ({ was, is }) => is.tokens.retireAtMs === was.tokens.retireAtMs,
    ({ taken, was: { tokens: before } }) =>
      taken.verdict === 'rotated' && before.retireAtMs !== null && !before.delivered,
  ),
  on(
    'token.used',
    'R9 only the current generation, used, starts the grace of the others, and never prolongs it',
    ({ was, is }, { generation, at, terms }) =>
      generation === was.tokens.current &&
      is.tokens.delivered &&
      is.tokens.retireAtMs === Math.min(at + terms.graceMs, was.tokens.retireAtMs ?? Infinity),
    ({ taken }) => taken.announcements.length > 0,
  ),
  always(
    'R9 generations end by a deadline of their own, a revocation, a removal, or a rotation of what replaced them',
    ({ was, is, event }) => {
      if (event.type === 'token.rotated')
        return was.tokens.delivered && is.tokens.oldest === was.tokens.current;
      const due = event.type === 'deadline.reached' && (was.tokens.retireAtMs ?? Infinity) <= event.at;
      return event.type === 'deadline.reached' ? due : is.tokens.floor === is.tokens.current;
    },
    ({ was, is }) => is.tokens.oldest > was.tokens.oldest,
  ),
  always(
    'R7 R8 after a revocation or a removal no token of before is ever accepted again',
    ({ was, is }) => is.tokens.floor > was.tokens.current,
    ({ event, taken }) =>
      (event.type === 'grant.revoked' || event.type === 'device.removed') && taken.announcements.length > 0,
  ),
  on(
    'token.reissued',
    'R9 a reissue accepts again what was never revoked, and no more, for a time',
    ({ was, is }, { at }) =>
      is.tokens.oldest === was.tokens.floor &&
      is.tokens.current === was.tokens.current &&
      (is.tokens.retireAtMs ?? 0) > at,
    ({ taken }) => taken.verdict === 'reissued',
  ),
  always(
    'every approval, and nothing else, makes a new value of the token',
    ({ was, is, event }) => is.grantVersion === was.grantVersion + 1 && ADDS_RIGHTS.includes(event.type),
    ({ was, is }) => is.grantVersion !== was.grantVersion,
  ),
  always(
    'rights that grow make a new value of the token, so that clients hear of them',
    ({ was, is, event }) => event.type === 'token.rotated' || is.grantVersion > was.grantVersion,
    ({ was, is }) => !may(was.grant, is.grant),
  ),
];

export const RULES_OF_RIGHTS: readonly Rule[] = [...rights, ...ends, ...imports, ...tokens];
