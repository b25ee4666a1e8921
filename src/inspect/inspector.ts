import type { InspectionEvent } from 'xstate';
import type { AuthorizationEvent } from '../../machines/authorization-events.ts';
import type { AuthorizationRecord } from '../../machines/record.ts';
import type { Role } from '../../machines/vocabulary.ts';
import type { ActorSnapshot, ActorTap, ActorWatcher, TappedConnection } from './actor-tap.ts';
import {
  authorizationContext,
  authorizationEvent,
  connectionContext,
  connectionEvent,
  fingerprint,
  type Shown,
  type Who,
} from './redact.ts';
import { actorFrame, eventFrame, type ShownSnapshot, snapshotFrame } from './stately.ts';
import { Frame, type Sink, Viewer } from './viewer.ts';
import type { ActorStanding, WatchedActor } from './watched-actor.ts';

/** Devices in a role that are shown at once: those that took a step last, and known ones before strangers. */
const MOST_DEVICES = 500;
/** States in which nobody has approved a device. */
const STRANGERS = ['unpaired', 'pairingPending'];

/** One step of the authorization machine that was taken; nothing has changed if it stands as before. */
export interface AuthorityStep {
  readonly deviceId: string;
  readonly role: Role;
  /** Null where another process took the step: known is where it led. */
  readonly event: AuthorizationEvent | null;
  readonly next: { readonly state: string; readonly record: AuthorizationRecord };
  /** Of the device's record as it was stored then; 0 where there is none. */
  readonly revision: number;
  /** The connection that asked for it; null where none did. */
  readonly connId: string | null;
}

/** What stands for a device in a role. */
interface ShownDevice {
  readonly actor: WatchedActor;
  /** Of the record that was shown last. */
  readonly revision: number;
  /** No owner has approved it: there may be any number of those. */
  readonly isStranger: boolean;
}

/**
 * Shows the live actors of a gateway to viewers, in the format of the Stately inspector: for `inspect` of `attach` or
 * `startGateway`, and `onStep` of the authority. Without a viewer it remembers how each actor stands, and no more.
 */
export class Inspector implements ActorTap {
  readonly #connections = new Map<string, WatchedActor>();
  /** By device and role, the one that took a step last at the end. */
  readonly #devices = new Map<string, ShownDevice>();
  readonly #viewers = new Set<Viewer>();
  readonly #mostDevices: number;

  constructor(mostDevices = MOST_DEVICES) {
    this.#mostDevices = mostDevices;
  }

  /** Actors that are shown now. */
  get size(): number {
    return this.#connections.size + this.#devices.size;
  }

  /** How many look. */
  get viewers(): number {
    return this.#viewers.size;
  }

  /** Tells a viewer of every actor as it stands now, and of all that follows. `leave` ends it. */
  watch(sink: Sink): { readonly viewer: Viewer; leave(): void } {
    const viewer = new Viewer(sink, this.#actors());
    this.#viewers.add(viewer);
    return { viewer, leave: () => this.#viewers.delete(viewer) };
  }

  /** Sends what waits for viewers, as far as they have room: what happens next may be their end. */
  flush(): void {
    for (const viewer of this.#viewers) viewer.flush();
  }

  *#actors(): Iterable<WatchedActor> {
    yield* this.#connections.values();
    for (const { actor } of this.#devices.values()) yield actor;
  }

  opened(connection: TappedConnection, snapshot: ActorSnapshot): ActorWatcher {
    const { connId } = connection;
    const actor: WatchedActor = {
      sessionId: connId,
      name: `connection ${connId.slice(0, 8)}`,
      definition: 'connection',
      last: standingOf('xstate.init', snapshot, null),
      isGone: false,
    };
    this.#connections.set(connId, actor);
    this.#tellOpened(actor);
    let who: Who | null = null;
    return {
      seen: (seen) => {
        // Only from then on the connection says who speaks.
        if (seen.type === '@xstate.event' && seen.event.type === 'connect.received')
          who = claimOf(connection);
        // Not when the event is sent: an effect of `connect.received` may do that before its own snapshot is told.
        if (seen.type === '@xstate.snapshot' && seen.event.type === 'proof.accepted')
          who &&= { ...who, isClaimed: false };
        this.#heard(actor, seen, who);
      },
      gone: () => {
        this.#connections.delete(connId);
        this.#tellGone(actor);
      },
    };
  }

  /** For `onStep` of the authority. */
  readonly stepped = (step: AuthorityStep): void => {
    const { deviceId, role, event, next, revision, connId } = step;
    const who = { deviceId, role, client: null, isClaimed: false };
    const key = keyOf(deviceId, role);
    const known = this.#devices.get(key);
    // The record of a device has every role in it, also one that it never asked for.
    if (event === null && !known && next.state === 'unpaired') return;
    // What another process did since then was shown before our own commit was acknowledged. Where there is no record
    // nothing was committed, so that nothing can have come between.
    if (known && revision > 0 && revision < known.revision) return;
    const shown = (): Shown => (event ? authorizationEvent(event) : { type: 'record.read' });
    const standing: ActorStanding = {
      type: event?.type ?? 'record.read',
      atMs: Date.now(),
      snapshot: () => ({
        status: 'active',
        value: next.state,
        context: authorizationContext(who, next.record),
        tags: [],
      }),
    };
    const actor = known?.actor ?? deviceActor(who, standing);
    this.#devices.delete(key);
    this.#devices.set(key, {
      actor,
      revision: Math.max(revision, known?.revision ?? 0),
      isStranger: STRANGERS.includes(next.state),
    });
    if (!known) this.#tellOpened(actor);
    const sourceId = connId !== null && this.#connections.has(connId) ? connId : undefined;
    if (event) this.#tellEvent(actor, sourceId, shown);
    this.#tellStanding(actor, standing, shown);
    this.#forgetOne();
  };

  #heard(actor: WatchedActor, seen: InspectionEvent, who: Who | null): void {
    // An actor that wakes says so with this; for whoever looks at it, it has not slept.
    if (!('event' in seen) || seen.event.type === 'xstate.init') return;
    const { event } = seen;
    if (seen.type === '@xstate.event') {
      const source = who && event.type === 'record.read' && this.#devices.get(keyOf(who.deviceId, who.role));
      this.#tellEvent(actor, source ? source.actor.sessionId : undefined, () => connectionEvent(event));
    } else if (seen.type === '@xstate.snapshot') {
      const snapshot = seen.snapshot as unknown as ActorSnapshot;
      this.#tellStanding(actor, standingOf(event.type, snapshot, who), () => connectionEvent(event));
    }
  }

  #tellOpened(actor: WatchedActor): void {
    if (this.#viewers.size === 0) return;
    const { sessionId, name, definition, last } = actor;
    const { atMs, snapshot } = last;
    this.#tell(actor, 'actor', () => actorFrame({ sessionId, name, definition, snapshot: snapshot(), atMs }));
  }

  #tellEvent(actor: WatchedActor, sourceId: string | undefined, event: () => Shown): void {
    if (this.#viewers.size === 0) return;
    const { sessionId } = actor;
    const atMs = Date.now();
    this.#tell(actor, 'event', () =>
      eventFrame({ sessionId, atMs, event: event(), ...(sourceId !== undefined && { sourceId }) }),
    );
  }

  #tellStanding(actor: WatchedActor, standing: ActorStanding, event: () => Shown): void {
    actor.last = standing;
    if (this.#viewers.size === 0) return;
    const { sessionId } = actor;
    const { atMs, snapshot } = standing;
    this.#tell(actor, 'snapshot', () =>
      snapshotFrame({ sessionId, atMs, event: event(), snapshot: snapshot() }),
    );
  }

  #tellGone(actor: WatchedActor): void {
    const { sessionId, last } = actor;
    const atMs = Date.now();
    const type = 'xstate.stop';
    const snapshot = (): ShownSnapshot => ({ ...last.snapshot(), status: 'stopped' });
    actor.isGone = true;
    actor.last = { type, atMs, snapshot };
    if (this.#viewers.size === 0) return;
    this.#tell(actor, 'gone', () =>
      snapshotFrame({ sessionId, atMs, event: { type }, snapshot: snapshot() }),
    );
  }

  #tell(actor: WatchedActor, kind: Frame['kind'], make: () => string): void {
    const frame = new Frame(actor, kind, make);
    for (const viewer of this.#viewers) viewer.push(frame);
  }

  /** The oldest stranger, so that a flood of them pushes out no device that is known; the oldest where there is none. */
  #forgetOne(): void {
    if (this.#devices.size <= this.#mostDevices) return;
    const [oldest] = this.#devices;
    const chosen = [...this.#devices].find(([, { isStranger }]) => isStranger) ?? oldest;
    if (!chosen) return;
    const [key, { actor }] = chosen;
    this.#devices.delete(key);
    this.#tellGone(actor);
  }
}

const keyOf = (deviceId: string, role: Role): string => `${deviceId} ${role}`;

function claimOf({ deviceId, role, client }: TappedConnection): Who {
  return { deviceId, role, client: { id: client.id, mode: client.mode }, isClaimed: true };
}

function standingOf(type: string, snapshot: ActorSnapshot, who: Who | null): ActorStanding {
  return {
    type,
    atMs: Date.now(),
    snapshot: () => ({
      status: snapshot.status,
      value: snapshot.value,
      context: connectionContext(who, snapshot.context),
      tags: [...snapshot.tags],
    }),
  };
}

function deviceActor({ deviceId, role }: Who, last: ActorStanding): WatchedActor {
  const short = fingerprint(deviceId);
  return {
    sessionId: `device-${short}-${role}`,
    name: `device ${short} ${role}`,
    definition: 'authorization',
    last,
    isGone: false,
  };
}
