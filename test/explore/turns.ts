/** Every move that one socket can make, and the connects that its place can begin. */
import type { ConnectionEvent } from '../../machines/connection-setup.ts';
import { readRecord } from '../../machines/verdict.ts';
import { type Connected, connect, isCovered, planAccess, type Shown } from './connecting.ts';
import { type Device, heldOf, NOW } from './device.ts';
import {
  endsSlice,
  isHere,
  isTold,
  isWelcomed,
  leaves,
  type Move,
  moveBy,
  programOf,
  type Scene,
  tell,
} from './moves.ts';
import { onToken } from './oracle.ts';
import { isLive, isSettled, nobody, type Slot } from './slot.ts';
import { take } from './steps.ts';
import type { Token } from './tokens.ts';
import { brief } from './words.ts';
import type { Program } from './world.ts';

const DENIED = { code: 'PROOF_INVALID', problem: 'signature-invalid' } as const;
const PASSES = { type: 'proof.accepted' } as const;

const received = ({ manner, commandLine }: Program): ConnectionEvent => ({
  type: 'connect.received',
  manner,
  commandLine,
});

/** The moves that do not depend on the token which the device keeps. */
export function movesOf(scene: Scene, slot: Slot): readonly Move[] {
  const { world } = scene;
  if (slot.state === 'none') return startsAgain(scene, slot);
  if (isSettled(slot.state)) return [leaves(scene, slot, 'leave', 'closes its side')];
  const moves: Move[] = [];
  if (slot.dirty && slot.isAsked && !slot.deaf) moves.push(isTold(scene, slot));
  if (slot.deaf && slot.state !== 'authorizing') {
    moves.push({
      ...still(scene, slot),
      kind: 'told',
      text: 'is entered in the waiting room',
      slot: { ...slot, deaf: false },
    });
  }
  if (slot.state === 'upgradePending.held') moves.push(endsSlice(scene, slot));
  if (slot.state === 'approved') moves.push(...isWelcomed(scene, slot));
  if (isLive(slot.state)) moves.push(...upgrades(scene, slot));
  moves.push(slot.lost ? leaves(scene, slot, 'leave', 'gives up') : leaves(scene, slot, 'fault', 'is gone'));
  if (world.slow) moves.push(...slowMoves(scene, slot));
  return moves;
}

function still({ device }: Scene, slot: Slot): Move {
  return { kind: 'told', text: '', slot, device, effect: null, token: 'kept', wrong: [] };
}

function startsAgain(scene: Scene, slot: Slot): readonly Move[] {
  if (!slot.stopped) return [];
  const slotAgain = nobody(slot.program);
  return [{ ...still(scene, slot), kind: 'person', text: 'is started again by a person', slot: slotAgain }];
}

/** The connects that can begin here; in a slow world only the socket opens, and the rest comes step by step. */
export function connectsOf(scene: Scene, slot: Slot, token: Token | null): readonly Move[] {
  const { world } = scene;
  if (world.slow) return slot.state === 'none' ? opens(scene) : asksNow(scene, slot, token);
  if (slot.state !== 'none' || slot.stopped) return [];
  return world.programs.flatMap((_, index) => {
    if (world.keeps && index !== slot.program) return [];
    const proving = tell(
      scene,
      { ...nobody(index), state: 'challenged' },
      received(programOf(world, nobody(index))),
    );
    return asksWith(scene, tell(scene, proving.slot, PASSES).slot, token);
  });
}

function opens(scene: Scene): readonly Move[] {
  return scene.world.programs.map(({ name }, index) => ({
    ...still(scene, nobody(index)),
    kind: 'connect',
    text: `${name} opens a socket`,
    slot: { ...nobody(index), state: 'challenged' },
  }));
}

function asksNow(scene: Scene, slot: Slot, token: Token | null): readonly Move[] {
  return slot.state === 'authorizing' && !slot.isAsked ? asksWith(scene, slot, token) : [];
}

/** A connect that has proved its device: the check and the request, then perhaps the note that the token arrived. */
function asksWith(scene: Scene, slot: Slot, token: Token | null): readonly Move[] {
  const { stepper, world, device } = scene;
  const program = programOf(world, slot);
  const shown = program.usesToken ? token : null;
  const done = connect(stepper, world, device, program, shown && asShown(device, program, shown));
  const wrong = shown ? onToken(shown.fate, done.ok ? null : done.problem) : [];
  const as = `${program.name} connects for ${brief(program.wish)}${shown ? ' with its device token' : ''}`;
  if (!done.ok) {
    const denial = { code: 'CREDENTIAL_INVALID', problem: done.problem } as const;
    const event = { type: 'proof.refused', denial } as const;
    const move = moveBy(scene, slot, event, 'connect', { before: as, presented: true });
    return [{ ...move, wrong: [...move.wrong, ...wrong] }];
  }
  const move = admits(slot, done, as);
  const asked = { ...move, wrong: [...wrong, ...move.wrong] };
  const all = stepper.ship.registersFirst
    ? [asked]
    : [readsFirst(scene, { ...asked, slot: { ...asked.slot, deaf: true } })];
  return world.faults && done.used ? [...all, dies(scene, asked, done, as)] : all;
}

type Admitted = Extract<Connected, { readonly ok: true }>;

function admits(slot: Slot, { asked, used }: Admitted, as: string): Move {
  const facts = [...asked.facts, ...(used?.facts ?? [])];
  const effect = used ? { ...used.effect, wrote: true } : asked.effect;
  return {
    kind: 'connect',
    text: `${as}: ${asked.verdict}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`,
    slot: { ...slot, isAsked: true, dirty: true, declined: asked.verdict === 'quiet' },
    device: (used ?? asked).next,
    effect: effect.wrote ? effect : null,
    token: 'kept',
    wrong: [...asked.wrong, ...(used?.wrong ?? [])],
  };
}

/** The use of a token is noted in a commit of its own, which a crash may prevent. */
function dies({ world }: Scene, move: Move, { asked }: Admitted, as: string): Move {
  const effect = asked.effect.wrote ? asked.effect : null;
  const slot = nobody(world.keeps ? move.slot.program : -1);
  const text = `${as}, and its gateway dies before it noted the token's use`;
  return { ...move, kind: 'fault', text, slot, device: asked.next, effect };
}

/** Only where R10 is switched off: the record is read in the same breath, and the room is entered after that. */
function readsFirst(scene: Scene, move: Move): Move {
  const told = isTold({ ...scene, device: move.device }, { ...move.slot, deaf: false });
  return { ...told, ...move, slot: told.slot.state === 'none' ? told.slot : { ...told.slot, deaf: true } };
}

/** A token that was revoked is of a generation below the floor. */
function asShown(device: Device, program: Program, { lag, fate, made }: Token): Shown {
  const { current, floor } = heldOf(device, program.role).kept.record.tokens;
  return { lag: fate === 'revoked' ? current - floor + 1 : lag, made };
}

/** `device.scopes.requestUpgrade` on a live session, as src/gateway/upgrade-methods.ts. */
function upgrades(scene: Scene, slot: Slot): readonly Move[] {
  const { stepper, world, device } = scene;
  const program = { ...programOf(world, slot), probe: false, commandLine: false, local: false };
  return world.upgrades.flatMap((wish) => {
    const asked = take(stepper, device, planAccess(world, device, program, wish));
    const { state, record } = heldOf(asked.next, program.role).kept;
    const { open } = readRecord(state, record, wish, NOW);
    const effect = asked.effect.wrote ? asked.effect : null;
    const base = { kind: 'fault' as const, device: asked.next, effect, token: 'kept' as const };
    const text = `asks for ${brief(wish)} besides: ${asked.verdict}`;
    if (isCovered(asked.next, program.role, wish) || !open)
      return [{ ...base, text, slot, wrong: asked.wrong }];
    const earlier = slot.waits === 'open' ? slot.asked : [];
    const all = [...new Set([...earlier, ...wish])].sort();
    const told = tell({ ...scene, device: asked.next }, slot, { type: 'upgrade.asked', request: open });
    const next = { ...told.slot, asked: all, dirty: true };
    return [{ ...base, text, slot: next, wrong: [...asked.wrong, ...told.heard.wrong] }];
  });
}

/** The events that interrupt a connection, each where its gateway can send it. */
function slowMoves(scene: Scene, slot: Slot): readonly Move[] {
  const { state } = slot;
  const isEarly = !isLive(state);
  const program = programOf(scene.world, slot);
  const events: readonly (readonly [when: boolean, event: ConnectionEvent])[] = [
    [state === 'challenged', received(program)],
    [state === 'proving', PASSES],
    [state === 'proving', { type: 'proof.refused', denial: DENIED }],
    [isEarly, { type: 'frame.illegal' }],
    [['challenged', 'proving', 'authorizing', 'approved'].includes(state), { type: 'deadline.reached' }],
    [['proving', 'authorizing', 'approved'].includes(state), { type: 'authority.failed' }],
    [state === 'approved', { type: 'delivery.failed' }],
    [isHere(slot) && state !== 'challenged', { type: 'credential.ended' }],
    [state === 'challenged', { type: 'credential.ended' }],
    [isHere(slot), { type: 'gateway.draining' }],
  ];
  return events
    .filter(([when]) => when)
    .map(([, event]) => moveBy(scene, slot, event, 'fault', { before: event.type }));
}
