/**
 * The joint model of one device: its record, its sockets in several processes, its owners, time, and what goes wrong.
 * Everything that can happen at a (record, socket) is tabulated once, by the shipped machines; exploring is then a walk
 * over small numbers. A state is two numbers: the record with the kept token, and the sockets.
 */
import { type Deed, deedsOf } from './deeds.ts';
import type { Device } from './device.ts';
import { Grid, Interned } from './intern.ts';
import type { Kind, Move } from './moves.ts';
import { atRest } from './oracle.ts';
import type { Ship } from './ship.ts';
import { Stepper } from './ship.ts';
import { afterEffect, nobody, type Slot } from './slot.ts';
import { type Effect, type Taken, take } from './steps.ts';
import { afterRing, afterTokens, GIVEN, tokensOf } from './tokens.ts';
import { connectsOf, movesOf } from './turns.ts';
import type { World } from './world.ts';

/** What happened in one step of the whole. */
export interface Happening {
  /** The place it happened at; -1 for the record itself. */
  readonly place: number;
  readonly kind: Kind | 'owner' | 'time' | 'crash';
  readonly text: string;
  readonly wrong: readonly string[];
}

/** One row of a table: a move with its values as numbers. */
interface Row {
  /** By the place it happens at. */
  readonly at: readonly Happening[];
  readonly slot: number;
  readonly device: number;
  readonly effect: number;
  readonly token: Move['token'];
}
interface DeedRow {
  readonly happening: Happening;
  readonly device: number;
  readonly effect: number;
}

/** Called for each step; `places` is reused, copy it to keep it. */
export type Visit = (device: number, token: number, places: Int32Array, happening: Happening) => void;

const crash = (text: string): Happening => ({ place: -1, kind: 'crash', text, wrong: [] });
const CRASH = crash('every gateway dies');
const RINGS = [
  ['with an older key', crash('every gateway starts again with a new key')],
  ['in an older epoch', crash('every gateway starts again in a higher token epoch')],
] as const;
const NO_EFFECT = -1;
const MOST_SLOTS = 1 << 14;

export class Joint {
  readonly world: World;
  readonly stepper: Stepper;
  readonly devices = new Interned<Device>(1 << 22);
  readonly slots = new Interned<Slot>(MOST_SLOTS);
  readonly #effects = new Interned<Effect>(4096);
  readonly tokens: ReturnType<typeof tokensOf>;
  readonly #deeds: readonly Deed[];
  readonly #deedRows: (readonly DeedRow[] | undefined)[] = [];
  readonly #rows = new Grid<readonly Row[]>();
  readonly #connects = new Grid<readonly Row[]>();
  readonly #atRest = new Grid<readonly string[]>();
  readonly #after: (Int32Array | undefined)[] = [];

  constructor(world: World, ship: Ship) {
    this.world = world;
    this.stepper = new Stepper(ship);
    this.tokens = tokensOf(world.generations, world.rings);
    this.#deeds = deedsOf(world);
    this.devices.id({});
    for (let place = 0; place < world.sockets; place++) this.slots.id(nobody(world.keeps ? place : -1));
  }

  /** The first state: nobody knows the device, and nobody is there. */
  start(): { readonly device: number; readonly token: number; readonly places: Int32Array } {
    const places = Int32Array.from({ length: this.world.sockets }, (_, place) =>
      this.slots.id(nobody(this.world.keeps ? place : -1)),
    );
    return { device: 0, token: 0, places };
  }

  /** What is wrong with a state in which nothing is under way; empty for most. */
  wrongAtRest(device: number, places: Int32Array): readonly string[] {
    for (const place of places) {
      const wrong = this.#restOf(device, place);
      if (wrong.length > 0) return wrong;
    }
    return [];
  }

  /** Every step that can be taken from a state. */
  expand(device: number, token: number, places: Int32Array, next: Int32Array, visit: Visit): void {
    for (const row of this.#deedsAt(device)) {
      for (let at = 0; at < places.length; at++)
        next[at] = this.#afterEffect(places[at] as number, row.effect);
      visit(row.device, this.#tokenAfter(token, row.effect), next, row.happening);
    }
    for (let place = 0; place < places.length; place++) {
      const slot = places[place] as number;
      // Two places in the same state can do the same, and which of them does it makes no difference.
      if (!this.world.keeps && place > 0 && slot === places[place - 1]) continue;
      for (const row of this.#rowsAt(device, slot)) this.#step(row, place, token, places, next, visit);
      for (const row of this.#connectsAt(device, slot, token))
        this.#step(row, place, token, places, next, visit);
    }
    this.#startAgain(device, token, places, next, visit);
  }

  #step(row: Row, place: number, token: number, places: Int32Array, next: Int32Array, visit: Visit): void {
    for (let at = 0; at < places.length; at++) {
      next[at] = at === place ? row.slot : this.#afterEffect(places[at] as number, row.effect);
    }
    let kept = this.#tokenAfter(token, row.effect);
    if (row.token === 'given') kept = GIVEN;
    else if (row.token === 'forgotten') kept = 0;
    visit(row.device, kept, next, row.at[place] as Happening);
  }

  /** Every gateway is gone, and its sockets with it; perhaps it comes back with another key ring. */
  #startAgain(device: number, token: number, places: Int32Array, next: Int32Array, visit: Visit): void {
    const { faults, keeps, rings } = this.world;
    for (let at = 0; at < places.length; at++) {
      const { program, stopped } = this.slots.get(places[at] as number);
      next[at] = this.slots.id(nobody(keeps ? program : -1, keeps && stopped));
    }
    if (faults && places.length > 1) visit(device, token, next, CRASH);
    if (!rings) return;
    for (const [made, happening] of RINGS)
      visit(device, afterRing(this.tokens, token, made), next, happening);
  }

  #deedsAt(device: number): readonly DeedRow[] {
    const known = this.#deedRows[device];
    if (known) return known;
    const from = this.devices.get(device);
    const rows = this.#deeds.flatMap((deed) => {
      const planned = deed.plan(from);
      if (!planned) return [];
      const taken = take(this.stepper, planned.device, planned.events);
      const row = this.#deedRow(deed, taken);
      return row.device === device && row.happening.wrong.length === 0 ? [] : [row];
    });
    this.#deedRows[device] = rows;
    return rows;
  }

  #deedRow({ text, byOwner }: Deed, { next, effect, facts, wrong }: Taken): DeedRow {
    const wrote = facts.length > 0 ? ` (${facts.join(', ')})` : '';
    const kind = byOwner ? 'owner' : 'time';
    return {
      happening: { place: -1, kind, text: `${byOwner ? 'an owner ' : ''}${text}${wrote}`, wrong },
      device: this.devices.id(next),
      effect: effect.wrote ? this.#effects.id(effect) : NO_EFFECT,
    };
  }

  #rowsAt(device: number, slot: number): readonly Row[] {
    const known = this.#rows.get(device, slot);
    if (known) return known;
    const moves = movesOf(this.#scene(device), this.slots.get(slot));
    return this.#rows.set(
      device,
      slot,
      moves.map((move) => this.#row(move)),
    );
  }

  #connectsAt(device: number, slot: number, token: number): readonly Row[] {
    const known = this.#connects.get(device * 16 + token, slot);
    if (known) return known;
    const { state, isAsked } = this.slots.get(slot);
    const isAsking = state === 'none' || (state === 'authorizing' && !isAsked);
    const kept = this.tokens[token] ?? null;
    const moves = isAsking ? connectsOf(this.#scene(device), this.slots.get(slot), kept) : [];
    return this.#connects.set(
      device * 16 + token,
      slot,
      moves.map((move) => this.#row(move)),
    );
  }

  #scene(device: number): Parameters<typeof movesOf>[0] {
    return { stepper: this.stepper, world: this.world, device: this.devices.get(device) };
  }

  #row({ kind, text, wrong, slot, device, effect, token }: Move): Row {
    const at = Array.from({ length: this.world.sockets }, (_, place) => ({ place, kind, text, wrong }));
    return {
      at,
      slot: this.slots.id(slot),
      device: this.devices.id(device),
      effect: effect ? this.#effects.id(effect) : NO_EFFECT,
      token,
    };
  }

  #restOf(device: number, slot: number): readonly string[] {
    const known = this.#atRest.get(device, slot);
    if (known) return known;
    const value = this.slots.get(slot);
    const program = this.world.programs[value.program];
    const wrong = program ? atRest({ device: this.devices.get(device), program, slot: value }) : [];
    return this.#atRest.set(device, slot, wrong);
  }

  #afterEffect(slot: number, effect: number): number {
    if (effect === NO_EFFECT) return slot;
    const known = this.#after[effect]?.[slot] ?? 0;
    if (known > 0) return known - 1;
    const after = this.slots.id(afterEffect(this.slots.get(slot), this.#effects.get(effect), this.world));
    let column = this.#after[effect] ?? new Int32Array(64);
    if (column.length <= slot) {
      const grown = new Int32Array(slot * 2);
      grown.set(column);
      column = grown;
    }
    column[slot] = after + 1;
    this.#after[effect] = column;
    return after;
  }

  #tokenAfter(token: number, effect: number): number {
    if (token === 0 || effect === NO_EFFECT) return token;
    const role = this.world.roles[0] ?? 'operator';
    return afterTokens(this.tokens, token, this.#effects.get(effect).roles[role]?.tokens ?? 'same');
  }
}
