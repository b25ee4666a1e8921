/**
 * What must hold between a record and a socket, said in terms of what programs and owners see, and in other words than
 * the product's: `may` is the oracle's own relation, and no guard of a machine is asked.
 */
import type { EndReason } from '../../machines/connection-setup.ts';
import type { Denial } from '../../machines/denial.ts';
import type { Outcome } from '../../machines/vocabulary.ts';
import { isRevoked, may, missing, newest, quietNow, stands } from '../machines/oracle.ts';
import { type Device, heldOf, NOW } from './device.ts';
import { isLive, type Slot } from './slot.ts';
import type { Program } from './world.ts';

export interface Seen {
  readonly device: Device;
  readonly program: Program;
  readonly slot: Slot;
}

const all = (...found: readonly (string | false)[]): readonly string[] =>
  found.filter((one): one is string => one !== false);

function isGranted({ device, program, slot }: Seen): boolean {
  const { state, record } = heldOf(device, program.role).kept;
  return stands(state) && may(record.grant, [...program.wish, ...slot.asked]);
}

/** Whether an owner said no to all that the wish still lacks. */
function isDeclined({ device, program }: Seen): boolean {
  const { kept } = heldOf(device, program.role);
  const lacks = missing(kept, program.wish);
  const quiet = quietNow(kept.record, NOW);
  return lacks.length > 0 && lacks.every((scope) => quiet.includes(scope));
}

/** A state in which nothing more will be told to the socket unless something happens. */
export function atRest(seen: Seen): readonly string[] {
  const { device, program, slot } = seen;
  if (slot.dirty || slot.state === 'none') return [];
  const { state, record } = heldOf(device, program.role).kept;
  const isWaiting = slot.state.startsWith('upgradePending');
  const isServed = isLive(slot.state);
  const mine = program.wish.filter((scope) => stands(state) && may(record.grant, [scope]));
  return all(
    isWaiting && record.request === null && 'I5 a socket waits, and its request is settled',
    slot.state === 'upgradePending.held' && isGranted(seen) && 'I3 a socket is parked on what is granted',
    slot.state === 'upgradePending.held' &&
      program.manner === 'auto' &&
      mine.length > 0 &&
      'I12 a socket is parked although a part of its wish is granted',
    isServed && !stands(state) && 'I16 I18 a socket is live without standing',
    isServed && !may(record.grant, slot.live) && 'I18 a socket uses more than is granted',
    isServed && slot.lag > 0 && 'I18 a socket of an older token generation stays live',
    isServed && !may(program.wish, slot.live) && 'a socket uses more than it signed',
    slot.state === 'upgradePending.serving' &&
      slot.live.length < mine.length &&
      'I3 a session that waits is not given what was granted',
  );
}

export function onHello(seen: Seen, scopes: readonly string[], hasToken: boolean): readonly string[] {
  const { device, program, slot } = seen;
  const { state, record } = heldOf(device, program.role).kept;
  const mine = program.wish.filter((scope) => may(record.grant, [scope]));
  return all(
    slot.answer !== 'none' && 'I5 one connect is answered twice',
    !stands(state) && 'I16 I18 hello without standing',
    !may(record.grant, scopes) && 'I18 hello with more than is granted',
    !may(program.wish, scopes) && 'hello with more than was signed',
    stands(state) && !mine.every((scope) => scopes.includes(scope)) && 'I12 hello with less than is granted',
    hasToken && !may(record.grant, program.wish) && 'a token goes out with a part of the wish',
    !hasToken && isGranted(seen) && 'I3 hello without a token although all is granted',
  );
}

/** `isToldToWait`: the answer says in its bytes that the program should come back by itself. */
export function onRefused(seen: Seen, denial: Denial, isToldToWait: boolean): readonly string[] {
  const { device, program, slot } = seen;
  const { kept } = heldOf(device, program.role);
  const { waits, answer } = slot;
  const mayWait = !program.probe && program.manner !== 'refuse';
  const isOwnersNo =
    waits === 'rejected' ||
    waits === 'narrowed' ||
    isDeclined(seen) ||
    isRevoked(kept.state) ||
    slot.declined;
  const isUndecided = denial.code === 'UNDECIDED' || denial.code === 'DRAINING';
  const isCredential = denial.code === 'CREDENTIAL_INVALID' || denial.code === 'PROOF_INVALID';
  return all(
    answer !== 'none' && 'I5 one connect is answered twice',
    !isCredential && !isUndecided && isGranted(seen) && 'I3 I12 refused although everything is granted',
    !isCredential && !isUndecided && isServable(seen) && 'I12 refused although a part of its wish is granted',
    denial.code === 'DECLINED' && !isOwnersNo && 'I6 told that an owner declined, and none did',
    denial.code === 'DECLINED' &&
      (waits === 'rejected' || waits === 'narrowed') &&
      denial.outcome !== waits &&
      'I6 one outcome is told as another',
    denial.code === 'REQUEST_ENDED' && denial.outcome !== waits && 'I6 one outcome is told as another',
    denial.code === 'REVOKED' && !isRevoked(kept.state) && 'I6 told that it is revoked, and it is not',
    !isCredential &&
      !isUndecided &&
      !isToldToWait &&
      mayWait &&
      !isOwnersNo &&
      'I8a told to stop, and no owner said no',
    isToldToWait &&
      isDeclined(seen) &&
      denial.code === 'PAIRING_REQUIRED' &&
      !isWaited(seen) &&
      'I13 told to come back for what was declined',
    denial.code === 'PAIRING_REQUIRED' &&
      denial.wait &&
      mayWait &&
      denial.request !== null &&
      newest(kept.record).length === 0 &&
      kept.record.request === null &&
      'I5 told to wait for a request that is not there',
  );
}

/** Some of the wish is granted, and the program takes a part. */
function isServable({ device, program }: Seen): boolean {
  const { state, record } = heldOf(device, program.role).kept;
  const takesPart = program.manner === 'auto' || program.manner === 'serve';
  return takesPart && stands(state) && program.wish.some((scope) => may(record.grant, [scope]));
}

/** A socket is parked. */
export function onParked(seen: Seen): readonly string[] {
  return all(isDeclined(seen) && !isWaited(seen) && 'I13 parked for what was declined');
}

/** Who waits for a request waits as long as it is open, also when all of its own wish was declined before that. */
function isWaited({ device, program, slot }: Seen): boolean {
  return slot.waits === 'open' && heldOf(device, program.role).kept.record.request !== null;
}

export function onEnded(seen: Seen, reason: EndReason): readonly string[] {
  const { device, program, slot } = seen;
  const { state, record } = heldOf(device, program.role).kept;
  const still = slot.live.filter((scope) => may(record.grant, [scope]));
  return all(
    reason === 'revoked' && !isRevoked(state) && 'I6 a session is told that it is revoked, and it is not',
    reason === 'removed' && (stands(state) || isRevoked(state)) && 'I6 a session is told that it is removed',
    reason === 'rotated' && slot.lag === 0 && 'I4 a session is told that its token was rotated',
    reason === 'narrowed' && still.length > 0 && 'I12 a session is ended although it has rights',
  );
}

/** The outcome is that of the request it waited for, also when all of its wish was granted by a later one. */
export function onResolved(seen: Seen, outcome: Outcome | null): readonly string[] {
  const { waits } = seen.slot;
  const isHonest = outcome === waits && outcome !== 'narrowed';
  if (isGranted(seen)) {
    return all(
      outcome === null && 'I5 a session that waited is told no outcome',
      !isHonest && outcome !== 'approved' && outcome !== 'superseded' && 'I6 one outcome is told as another',
    );
  }
  return all(waits !== 'open' && outcome !== waits && 'I6 one outcome is told as another');
}

/** What is left of a token that a device was given: the oracle's own account of it. */
export type TokenFate = 'good' | 'ended' | 'revoked';

export function onToken(fate: TokenFate, problem: string | null): readonly string[] {
  if (fate === 'good') return all(problem !== null && `R9 a token that nobody ended is refused: ${problem}`);
  return all(
    problem === null && `I16 R9 a token that is ${fate} lets somebody in`,
    fate === 'revoked' && problem === 'device-token-expired' && 'R9 a revoked token is called superseded',
    fate === 'ended' && problem === 'device-token-revoked' && 'R9 a superseded token is called revoked',
  );
}
