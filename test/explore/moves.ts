/** What can happen at one socket, with the record as it is: each move by the connection machine, judged by the oracle. */
import type { ConnectionEvent, EndReason } from '../../machines/connection-setup.ts';
import type { Denial } from '../../machines/denial.ts';
import type { View } from '../../machines/verdict.ts';
import type { Outcome } from '../../machines/vocabulary.ts';
import { reactTo } from './client.ts';
import type { Device } from './device.ts';
import * as oracle from './oracle.ts';
import type { Stepper, Told } from './ship.ts';
import { afterStep, askerOf, contextOf, goneFrom, isSettled, type Slot } from './slot.ts';
import type { Effect } from './steps.ts';
import { brief } from './words.ts';
import type { Program, World } from './world.ts';

/** Whose turn a move is: liveness asks which of them must come at last. */
export type Kind = 'connect' | 'told' | 'hello' | 'slice' | 'leave' | 'fault' | 'person';

export interface Move {
  readonly kind: Kind;
  /** Who did what, and what each saw. */
  readonly text: string;
  readonly slot: Slot;
  readonly device: Device;
  /** What the move wrote; null for nothing. */
  readonly effect: Effect | null;
  /** What became of the token that the device keeps. */
  readonly token: 'kept' | 'given' | 'forgotten';
  readonly wrong: readonly string[];
}

export interface Scene {
  readonly stepper: Stepper;
  readonly world: World;
  readonly device: Device;
}

interface Heard {
  readonly text: string;
  readonly wrong: readonly string[];
  readonly answer: Slot['answer'];
  readonly stopped: boolean;
  readonly forgets: boolean;
  readonly resolved: boolean;
}

export function programOf(world: World, slot: Slot): Program {
  const program = world.programs[slot.program];
  if (!program) throw new Error('nobody is there');
  return program;
}

/** Tells the machine of `slot` and reads what its effects mean to the program. */
export function tell(
  { stepper, world, device }: Scene,
  slot: Slot,
  event: ConnectionEvent,
  presented = false,
): { readonly slot: Slot; readonly heard: Heard } {
  const program = programOf(world, slot);
  const told = stepper.tell(slot.state, contextOf(slot, program, device), event);
  const heard = hear({ device, program, slot }, told, presented);
  const next = afterStep(slot, program, device, told.state, told.context);
  const asked = heard.resolved ? [] : next.asked;
  return { slot: { ...next, asked, answer: heard.answer }, heard };
}

function hear(seen: oracle.Seen, told: Told, presented: boolean): Heard {
  const heard = { text: '', answer: seen.slot.answer, stopped: false, forgets: false, resolved: false };
  const wrong: string[] = [];
  for (const { type, params } of told.effects) {
    if (type === 'refuse') {
      const { denial } = params as unknown as { denial: Denial };
      const { stops, forgets, saw, isToldToWait } = reactTo(seen.program, denial, presented);
      wrong.push(...oracle.onRefused(seen, denial, isToldToWait));
      Object.assign(heard, { answer: 'refused', stopped: stops, forgets });
      heard.text = `is refused: "${saw}"${stops ? ', and stops' : ''}`;
    } else if (type === 'park') {
      wrong.push(...oracle.onParked(seen));
      heard.text = 'is parked, and told connect.pending';
    } else if (type === 'endSession') {
      const { reason } = params as unknown as { reason: EndReason };
      wrong.push(...oracle.onEnded(seen, reason));
      heard.text = `is closed: ${reason}`;
    } else if (type === 'tellResolved') {
      const { outcome, view } = params as unknown as { outcome: Outcome | null; view: View };
      wrong.push(...oracle.onResolved(seen, outcome));
      heard.text = `is told device.upgrade.resolved ${outcome}, and may use ${brief(view.live)}`;
      heard.resolved = true;
    } else if (type === 'applyGrant') heard.text = `may use ${brief(told.context.live)}`;
  }
  return { ...heard, wrong };
}

/** The move that `event` makes; a socket that is settled is gone at once, unless the world looks at every step. */
export function moveBy(
  scene: Scene,
  from: Slot,
  event: ConnectionEvent,
  kind: Kind,
  more: { readonly before?: string; readonly clean?: boolean; readonly presented?: boolean } = {},
): Move {
  const { slot, heard } = tell(scene, from, event, more.presented);
  const { world, device } = scene;
  const isOver = isSettled(slot.state) && !world.slow;
  const dirty = slot.dirty && !more.clean && !isSettled(slot.state);
  const text = [more.before, heard.text].filter(Boolean).join(', and ') || `is ${slot.state}`;
  return {
    kind,
    text,
    slot: isOver ? goneFrom(slot, world, heard.stopped) : { ...slot, dirty },
    device,
    effect: null,
    token: heard.forgets ? 'forgotten' : 'kept',
    wrong: heard.wrong,
  };
}

export function lookOf({ stepper, world, device }: Scene, slot: Slot): ReturnType<Stepper['ship']['look']> {
  return stepper.ship.look(device, askerOf(slot, programOf(world, slot)));
}

/** It is told of its record as that stands: any time, as often as anybody likes. */
export function isTold(scene: Scene, slot: Slot): Move {
  return moveBy(scene, slot, { type: 'record.read', ...lookOf(scene, slot) }, 'told', { clean: true });
}

/** The slice of a parked socket is over; what was decided in the meantime is told instead (I5). */
export function endsSlice(scene: Scene, slot: Slot): Move {
  const reading = lookOf(scene, slot);
  const before = 'its slice is over';
  const told = moveBy(scene, slot, { type: 'record.read', ...reading }, 'slice', { before, clean: true });
  if (told.slot.state !== slot.state) return told;
  const event = { type: 'slice.ended', denial: reading.denial } as const;
  const ended = moveBy(scene, told.slot, event, 'slice', { before, clean: true });
  return { ...ended, wrong: [...told.wrong, ...ended.wrong] };
}

/** Hello is built from a second look, and sent; on the way it may be lost. */
export function isWelcomed(scene: Scene, slot: Slot): readonly Move[] {
  const reading = lookOf(scene, slot);
  const again = moveBy(scene, slot, { type: 'record.read', ...reading }, 'hello', { clean: true });
  if (again.slot.state !== 'approved') return [again];
  const program = programOf(scene.world, slot);
  const { view } = reading;
  const seen = { device: scene.device, program, slot: again.slot };
  const wrong = [...again.wrong, ...oracle.onHello(seen, view.live, view.covered)];
  const sent = moveBy(scene, again.slot, { type: 'delivery.flushed', view }, 'hello', { clean: true });
  const text = `gets hello with ${brief(view.live)}${view.covered ? ' and its token' : ''}`;
  const token = view.covered && program.role === scene.world.roles[0] ? 'given' : 'kept';
  const arrives: Move = { ...sent, text, wrong, token, slot: { ...sent.slot, answer: 'hello', lost: false } };
  if (!scene.world.faults) return [arrives];
  const lost = { ...arrives.slot, lost: scene.world.keeps };
  return [
    arrives,
    { ...arrives, kind: 'fault', text: 'is sent hello, which is lost', token: 'kept', slot: lost },
  ];
}

/** The socket is gone: its program left, the network broke, or its gateway died with it. */
export function leaves(scene: Scene, slot: Slot, kind: Kind, text: string): Move {
  const { slot: next } = tell(scene, slot, { type: 'socket.closed' });
  const { world, device } = scene;
  // A socket that was refused before is told apart: its program may have been told to stop.
  const gone = goneFrom(next, world, slot.stopped);
  return { kind, text, slot: gone, device, effect: null, token: 'kept', wrong: [] };
}

export function isHere({ state }: Slot): boolean {
  return state !== 'none' && !isSettled(state);
}
