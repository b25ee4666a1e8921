import type { Role } from '../../machines/vocabulary.ts';
import type { DecisionDenial } from '../authority/deciding.ts';
import { CliError, EXIT } from './exit.ts';
import { fingerprint, scopeList, shown } from './shown.ts';

/** Commands in messages repeat what is needed to reach the same devices, such as `--state-dir`. */
export type CommandFor = (words: string) => string;

type Texts = {
  readonly [Kind in DecisionDenial['kind']]: (
    denial: Extract<DecisionDenial, { readonly kind: Kind }>,
    command: CommandFor,
    about: Attempt,
  ) => CliError;
};

/** What was tried, and on what. */
export interface Attempt {
  /** The verb, such as `devices approve`. */
  readonly verb: string;
  /** The id as it was given. */
  readonly named: string;
}

const refusal = (code: string, message: string): CliError => new CliError(EXIT.failed, code, message);
const absent = (code: string, message: string): CliError => new CliError(EXIT.nothing, code, message);

const TEXTS: Texts = {
  denied: ({ reason, missingScope }) => {
    const scope = missingScope === null ? '' : `; it takes ${missingScope}`;
    return refusal('denied', `not allowed: ${reason}${scope}`);
  },
  'unknown-request': (_, command, { named }) =>
    absent('unknown-request', `no request ${shown(named)}; see what waits with "${command('devices list')}"`),
  'revision-needed': ({ newest }, command, { verb, named }) =>
    newest === null
      ? absent('unknown-request', `request ${shown(named)} is settled; see "${command('devices list')}"`)
      : refusal(
          'revision-needed',
          `${shown(named)} does not say which revision you saw; if it is the newest: ` +
            `"${command(`${verb} ${newest}`)}"`,
        ),
  'beyond-request': ({ scopes }, command) =>
    refusal(
      'beyond-request',
      `the request does not ask for all of ${scopeList(scopes)}; see "${command('devices list')}"`,
    ),
  already: (denial, command) => refusal(`already-${denial.outcome}`, alreadyText(denial, command)),
  'already-granted': ({ newest, deviceId, role }, command) =>
    refusal(
      'already-granted',
      `that part is approved already; reject the newest revision with "${command(`devices reject ${newest}`)}", ` +
        `or take everything away with "${command(revoking(deviceId, role))}"`,
    ),
  'unknown-device': (_, command, { named }) =>
    absent('unknown-device', `no device ${shown(named)}; see "${command('devices list')}"`),
  'unknown-role': (_, command, { named }) =>
    absent(
      'unknown-role',
      `device ${fingerprint(named)} is not approved in that role; see "${command('devices list')}"`,
    ),
  'beyond-ceiling': ({ scopes }) =>
    refusal(
      'beyond-ceiling',
      `${scopeList(scopes)} was never approved for this device; a rotation only gives what was, ` +
        'so let the device ask for it and approve that',
    ),
  invalid: ({ problem }) => new CliError(EXIT.usage, 'invalid', problem),
};

/** A denial of the authority for the person at the terminal. */
export function refusedText(denial: DecisionDenial, command: CommandFor, about: Attempt): CliError {
  // The table's own type pairs each kind with its denial; indexing by a union cannot say so.
  const text = TEXTS[denial.kind] as (
    denial: DecisionDenial,
    command: CommandFor,
    about: Attempt,
  ) => CliError;
  return text(denial, command, about);
}

function revoking(deviceId: string, role: Role): string {
  return `devices revoke ${fingerprint(deviceId)} --role ${role}`;
}

/** The first decision stands (I7): who took it, and the verb that undoes it. */
function alreadyText(
  { outcome, by, deviceId, role }: Extract<DecisionDenial, { kind: 'already' }>,
  command: CommandFor,
): string {
  const who = by === null ? '' : ` by ${shown(by)}`;
  const ask = 'the device asks again when it next connects';
  const undo: Readonly<Record<typeof outcome, string>> = {
    approved: `to undo that: "${command(revoking(deviceId, role))}"`,
    superseded: `what it asked for was given otherwise; to undo that: "${command(revoking(deviceId, role))}"`,
    narrowed:
      `a part was approved and the rest declined; to let it ask for the rest: ` +
      `"${command(`devices forgive ${fingerprint(deviceId)}`)}", to take the part away: ` +
      `"${command(revoking(deviceId, role))}"`,
    rejected: `to let it ask again: "${command(`devices forgive ${fingerprint(deviceId)}`)}"`,
    expired: ask,
    withdrawn: `the device took it back; ${ask}`,
    removed: ask,
  };
  return `already ${outcome}${who}; ${undo[outcome]}`;
}
