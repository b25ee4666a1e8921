/**
 * One connect at the authority: the credential, the check and the request, as src/authority/authority.ts (`access`)
 * orders them around the machine; conformance.test.ts holds the two together.
 */
import { createSecretKey } from 'node:crypto';
import type { AccessRequested } from '../../machines/authorization-events.ts';
import type { CredentialProblem } from '../../machines/denial.ts';
import { covers } from '../../machines/policy.ts';
import { hasQuiet } from '../../machines/record.ts';
import { readRecord, standingOf } from '../../machines/verdict.ts';
import { type RequestedScopes, ROLES, type Role } from '../../machines/vocabulary.ts';
import { type Access, autoApprovePolicy } from '../../src/authority/authority.ts';
import { checkToken, deriveToken, type TokenRealm } from '../../src/authority/tokens.ts';
import { type Device, documentOf, heldOf, NEXT, NOW, termsOf } from './device.ts';
import type { Stepper } from './ship.ts';
import { type Taken, take } from './steps.ts';
import type { Made } from './tokens.ts';
import { type Program, protocolOf, type World } from './world.ts';

const key = (id: string, fill: number): TokenRealm['keys'][number] => ({
  id,
  secret: createSecretKey(Buffer.alloc(32, fill)),
});
const OLDER_KEY = key('0123abcd', 7);

export const REALM: TokenRealm = {
  storeId: 'explored',
  epoch: 2,
  keys: [key('4567cdef', 9), OLDER_KEY],
};

/** The realm that a token was made in. */
const MADE_IN: Readonly<Record<Made, TokenRealm>> = {
  now: REALM,
  'with an older key': { ...REALM, keys: [OLDER_KEY] },
  'in an older epoch': { ...REALM, epoch: 1 },
};

/** A token as it is shown: how many rotations ago it was delivered, and what it was made with. */
export interface Shown {
  readonly lag: number;
  readonly made: Made;
}

export type Connected =
  | { readonly ok: false; readonly problem: CredentialProblem }
  | {
      readonly ok: true;
      /** The check and the request. */
      readonly asked: Taken;
      /** The token's first use, noted in a commit of its own after that; null for most. */
      readonly used: Taken | null;
    };

/** `shown`: the device token; null for the shared secret. */
export function connect(
  stepper: Stepper,
  world: World,
  device: Device,
  program: Program,
  shown: Shown | null,
): Connected {
  const { role, wish } = program;
  const document = documentOf(device);
  const checked = shown && checkToken(REALM, document, role, tokenOf(device, role, shown));
  if (checked && !checked.ok) return checked;
  const asked = take(stepper, device, planAccess(world, device, program, wish));
  const { tokens } = heldOf(device, role).kept.record;
  const isFirst =
    checked !== null &&
    isCovered(device, role, wish) &&
    checked.generation === tokens.current &&
    !tokens.delivered &&
    tokens.oldest < tokens.current;
  if (!isFirst) return { ok: true, asked, used: null };
  const event = {
    type: 'token.used',
    generation: tokens.current,
    at: NOW,
    terms: termsOf(world.revisions, world.episodes),
  } as const;
  return { ok: true, asked, used: take(stepper, asked.next, [{ role, event }]) };
}

export function isCovered(device: Device, role: Role, wish: readonly string[]): boolean {
  const { state, record } = heldOf(device, role).kept;
  return readRecord(state, record, wish, NOW).covered;
}

function tokenOf(device: Device, role: Role, { lag, made }: Shown): string {
  const held = heldOf(device, role);
  const { record } = held.kept;
  const current = record.tokens.current - lag;
  const then = { ...record, tokens: { ...record.tokens, current } };
  const asThen = { ...device, [role]: { ...held, kept: { state: held.kept.state, record: then } } };
  return deriveToken(MADE_IN[made], documentOf(asThen), role);
}

/** What the authority asks the machine; a wish that is covered is answered from the record, and the machine agrees. */
export function planAccess(
  world: World,
  device: Device,
  program: Program,
  wish: RequestedScopes,
): readonly { readonly role: Role; readonly event: AccessRequested }[] {
  const { role, probe, commandLine } = program;
  const { state, record } = heldOf(device, role).kept;
  const { live } = readRecord(state, record, wish, NOW);
  const event: AccessRequested = {
    type: 'access.requested',
    wish,
    requestId: NEXT,
    from: {},
    mayOpen: !probe && !(commandLine && covers(live, ['operator.pairing'])),
    auto:
      !probe &&
      !isUnwanted(device) &&
      autoApprovePolicy(world.auto)(accessOf(program, wish), documentOf(device)),
    episodesElsewhere: ROLES.filter((other) => other !== role)
      .map((other) => heldOf(device, other).kept.record)
      .reduce((sum, other) => sum + (hasQuiet(other) ? other.quietEpisodesMs.length : 0), 0),
    attempts: 1,
    at: NOW,
    terms: termsOf(world.revisions, world.episodes),
  };
  return [{ role, event }];
}

function isUnwanted(device: Device): boolean {
  return ROLES.some((role) => {
    const { state, record } = heldOf(device, role).kept;
    return record.tombstone || standingOf(state, record) === 'revoked';
  });
}

export function accessOf(program: Program, wish: RequestedScopes): Access {
  return {
    deviceId: 'd',
    publicKey: 'k',
    role: program.role,
    wish,
    deviceToken: null,
    profile: {},
    local: program.local,
    probe: program.probe,
    commandLine: program.commandLine,
    origin: {
      by: null,
      connId: null,
      address: null,
      auth: 'shared-secret',
      client: `${program.name}/${protocolOf(program)}`,
    },
  };
}
