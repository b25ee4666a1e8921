/** One place for a socket and the program at its other end, as a value: what both of them know, and no more. */
import type { ConnectionContext } from '../../machines/connection-setup.ts';
import type { GrantedScopes } from '../../machines/vocabulary.ts';
import { type Device, heldOf, OPEN } from './device.ts';
import { type Asker, refOf, type Waits } from './look.ts';
import type { Effect } from './steps.ts';
import type { Program, World } from './world.ts';

export interface Slot {
  /** Which program of the world it is; -1 where the next one may be any. */
  readonly program: number;
  /** The state of the connection machine; `none` between two sockets. */
  readonly state: string;
  readonly waits: Waits;
  readonly live: readonly string[];
  /** 0: its hello was of the token generation that is current; 1: of an older one. */
  readonly lag: 0 | 1;
  /** The record has changed, or was never read, since this socket was told of it. */
  readonly dirty: boolean;
  /** The authority said `quiet` to its wish. */
  readonly declined: boolean;
  readonly asked: readonly string[];
  /** The authority has answered its connect. */
  readonly isAsked: boolean;
  /** How often its connect was answered, and with what: the program's own count. */
  readonly answer: 'none' | 'hello' | 'refused';
  /** Nobody tells it of changes yet (only where R10 is switched off). */
  readonly deaf: boolean;
  /** The program was told not to come back by itself. */
  readonly stopped: boolean;
  /** The last answer was lost on the way. */
  readonly lost: boolean;
}

export function nobody(program: number, stopped = false): Slot {
  return {
    program,
    state: 'none',
    waits: 'none',
    live: [],
    lag: 0,
    dirty: false,
    declined: false,
    asked: [],
    isAsked: false,
    answer: 'none',
    deaf: false,
    stopped,
    lost: false,
  };
}

export const isLive = (state: string): boolean => state === 'paired' || state === 'upgradePending.serving';
export const isSettled = (state: string): boolean => ['rejected', 'deferred', 'closed'].includes(state);
/** It has entered the waiting room, and hears of every change of its device. */
export const isListening = ({ state, isAsked, deaf }: Slot): boolean =>
  state !== 'none' && isAsked && !isSettled(state) && !deaf;

export function askerOf(slot: Slot, { role, wish, probe, manner }: Program): Asker {
  const { asked, waits, declined } = slot;
  return { role, wish, asked, waits, wait: !probe && manner !== 'refuse', declined };
}

export function contextOf(slot: Slot, program: Program, device: Device): ConnectionContext {
  const { current } = heldOf(device, program.role).kept.record.tokens;
  return {
    manner: program.manner,
    commandLine: program.commandLine,
    request: refOf(slot.waits),
    live: slot.live as GrantedScopes,
    generation: isLive(slot.state) ? current - slot.lag : 0,
  };
}

/** The slot after its machine has taken a step. */
export function afterStep(
  slot: Slot,
  program: Program,
  device: Device,
  state: string,
  context: ConnectionContext,
): Slot {
  const { current } = heldOf(device, program.role).kept.record.tokens;
  const { request, live, generation } = context;
  const kept = slot.waits === 'open' ? 'none' : slot.waits;
  return {
    ...slot,
    state,
    waits: request === null ? 'none' : request.id === OPEN ? 'open' : kept,
    live: isLive(state) ? live : [],
    lag: isLive(state) && generation !== current ? 1 : 0,
  };
}

/** What a write by somebody else means to a socket: it will be told, and what it waits for may be settled. */
export function afterEffect(slot: Slot, effect: Effect, world: World): Slot {
  const program = world.programs[slot.program];
  if (slot.state === 'none' || !program) return slot;
  const its = effect.roles[program.role];
  const settled = slot.waits === 'open' && its?.settled ? its.settled : slot.waits;
  const isOlder = isLive(slot.state) && (its?.bump ?? 0) > 0;
  return {
    ...slot,
    waits: isSettled(slot.state) ? 'none' : settled,
    lag: isOlder ? 1 : slot.lag,
    dirty: slot.dirty || (effect.wrote && isListening(slot)),
  };
}

/** What is left when the socket is gone: the program, in a world that keeps its programs. */
export function goneFrom(slot: Slot, world: World, stopped = false): Slot {
  return world.keeps ? nobody(slot.program, stopped) : nobody(-1);
}
