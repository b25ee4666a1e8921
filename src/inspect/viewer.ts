import { actorFrame, eventFrame, snapshotFrame } from './stately.ts';
import type { WatchedActor } from './watched-actor.ts';

/** Most frames that wait for one viewer. */
const MOST_QUEUED = 2000;

/** What happens within this time leaves together: a person sees no difference, and each write costs as much as five
 * frames do. */
const TOGETHER_MS = 20;

function soon(flush: () => void): void {
  setTimeout(flush, TOGETHER_MS).unref();
}

/** Where a viewer's frames go. */
export interface Sink {
  /** True while nothing more should be sent: what was sent has not been read. */
  isFull(): boolean;
  /** Sends frames together, in their order. */
  send(texts: readonly string[]): void;
}

/** Something that happened to an actor, for every viewer; its text is made when the first of them can read it. */
export class Frame {
  readonly actor: WatchedActor;
  readonly kind: 'actor' | 'event' | 'snapshot' | 'gone';
  readonly #make: () => string;
  #text: string | undefined;

  constructor(actor: WatchedActor, kind: Frame['kind'], make: () => string) {
    this.actor = actor;
    this.kind = kind;
    this.#make = make;
  }

  get text(): string {
    this.#text ??= this.#make();
    return this.#text;
  }
}

/**
 * One viewer. While it reads, it is sent every frame. One that comes late, or reads too slowly, is told of each actor
 * once, as it stands when there is room again, and how many frames it missed: what waits for it is bounded by `most`
 * frames and by the actors that there are.
 */
export class Viewer {
  readonly #sink: Sink;
  readonly #most: number;
  readonly #schedule: (flush: () => void) => void;
  #queue: Frame[] = [];
  /** Actors that it must be told of anew, in the order of their opening. */
  readonly #behind: Set<WatchedActor>;
  /** Actors that it was told of, and not yet of their end. */
  readonly #known = new Set<WatchedActor>();
  #dropped = 0;
  /** It reads too slowly; who only came late has missed nothing yet. */
  #hasFallen = false;
  #isScheduled = false;
  #isIntroduced = false;

  constructor(
    sink: Sink,
    live: Iterable<WatchedActor>,
    schedule: (flush: () => void) => void = soon,
    most = MOST_QUEUED,
  ) {
    this.#sink = sink;
    this.#most = most;
    this.#schedule = schedule;
    this.#behind = new Set(live);
    this.#flushSoon();
  }

  /** How much waits for it: frames, and actors that it must be told of. */
  get waiting(): number {
    return this.#queue.length + this.#behind.size;
  }

  push(frame: Frame): void {
    if (!this.#isBehind(frame) && this.#queue.length >= this.#most) this.#fallBehind();
    if (!this.#isBehind(frame)) this.#queue.push(frame);
    else this.#skip(frame);
    this.#flushSoon();
  }

  /** There is room again, or there may be. */
  flush(): void {
    this.#isScheduled = false;
    while (this.waiting > 0 || this.#dropped > 0) {
      if (this.#sink.isFull()) return;
      this.#sink.send(this.#nextBatch());
    }
  }

  /** Small enough that one batch does not go far beyond what a full sink may hold. */
  #nextBatch(): string[] {
    const texts: string[] = this.#dropped > 0 ? this.#missed() : [];
    for (const actor of this.#behind) {
      if (texts.length >= 16) return texts;
      this.#behind.delete(actor);
      texts.push(...this.#made(() => this.#catchUp(actor)));
    }
    this.#hasFallen = false;
    for (const frame of this.#queue.splice(0, 64)) {
      if (frame.kind === 'actor') this.#known.add(frame.actor);
      if (frame.kind === 'gone') this.#known.delete(frame.actor);
      texts.push(...this.#made(() => frame.text));
    }
    return texts;
  }

  /** What cannot be shown counts as missed: it is made in a timer, where a throw would end the gateway. */
  #made(make: () => string): string[] {
    try {
      return [make()];
    } catch {
      this.#dropped += 1;
      return [];
    }
  }

  #isBehind({ actor }: Frame): boolean {
    return this.#behind.has(actor);
  }

  /** The actor's state is told later, as it is then. */
  #skip({ actor, kind }: Frame): void {
    if (this.#hasFallen) this.#dropped += 1;
    // One that came and went while nobody was told of it needs no telling.
    if (kind === 'gone' && !this.#known.has(actor)) this.#behind.delete(actor);
  }

  #fallBehind(): void {
    this.#hasFallen = true;
    this.#dropped += this.#queue.length;
    for (const { actor } of this.#queue) {
      if (this.#known.has(actor) || !actor.isGone) this.#behind.add(actor);
    }
    this.#queue = [];
  }

  #catchUp(actor: WatchedActor): string {
    const { sessionId, name, definition, last } = actor;
    const snapshot = last.snapshot();
    if (!this.#known.has(actor)) {
      this.#known.add(actor);
      return actorFrame({ sessionId, name, definition, snapshot, atMs: last.atMs });
    }
    if (actor.isGone) this.#known.delete(actor);
    return snapshotFrame({ sessionId, snapshot, event: { type: last.type }, atMs: last.atMs });
  }

  /** An actor of its own says so: every reader of the format can show that. */
  #missed(): string[] {
    const head = { sessionId: 'inspector', atMs: Date.now() };
    const snapshot = { status: 'active', value: {}, context: {}, tags: [] } as const;
    const first = actorFrame({ ...head, name: 'inspector', definition: 'inspector', snapshot });
    const missed = eventFrame({ ...head, event: { type: 'frames.dropped', count: this.#dropped } });
    const texts = this.#isIntroduced ? [missed] : [first, missed];
    this.#isIntroduced = true;
    this.#dropped = 0;
    return texts;
  }

  #flushSoon(): void {
    if (this.#isScheduled || this.#sink.isFull()) return;
    this.#isScheduled = true;
    this.#schedule(() => this.flush());
  }
}
