/** The wire format of `@statelyai/inspect` 0.7.2: one JSON text for each frame, readable by its receivers as it is. */
import { authorizationMachine } from '../../machines/authorization.ts';
import { connectionMachine } from '../../machines/connection.ts';
import type { Shown } from './redact.ts';

const VERSION = '0.7.2';

/** A snapshot as it goes out; `context` and `event` have been through redact.ts. */
export interface ShownSnapshot {
  /** `stopped`: the actor is gone. */
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly value: unknown;
  readonly context: Shown;
  readonly tags: readonly string[];
}

interface Head {
  readonly sessionId: string;
  /** Epoch ms. */
  readonly atMs: number;
}

/** Functions become their names, as in the package. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'function' ? { type: value.name } : value;
}

/** A machine's definition as text, and that text as JSON: it is the same in every frame, and most of what is in one. */
function defined(config: object): { readonly text: string; readonly json: string } {
  const text = JSON.stringify(config, plain);
  return { text, json: JSON.stringify(text) };
}

const DEFINITIONS = {
  connection: defined(connectionMachine.config),
  authorization: defined(authorizationMachine.config),
  /** Tells what a viewer missed; no machine of ours. */
  inspector: defined({ id: 'inspector' }),
} as const;

export type Definition = keyof typeof DEFINITIONS;

function headOf(type: string, { sessionId, atMs }: Head): object {
  return { type, _version: VERSION, createdAt: String(atMs), id: null, rootId: sessionId, sessionId };
}

function whole(snapshot: ShownSnapshot): object {
  return { ...snapshot, children: {}, historyValue: {} };
}

export function actorFrame(
  head: Head & { readonly name: string; readonly definition: Definition; readonly snapshot: ShownSnapshot },
): string {
  const { name, definition, snapshot } = head;
  const rest = JSON.stringify({ ...headOf('@xstate.actor', head), name, snapshot: whole(snapshot) });
  return `${rest.slice(0, -1)},"definition":${DEFINITIONS[definition].json}}`;
}

/** `sourceId` is the actor that the event came from, where that is one of those which are shown. */
export function eventFrame(head: Head & { readonly event: Shown; readonly sourceId?: string }): string {
  const { event, sourceId } = head;
  return JSON.stringify({ ...headOf('@xstate.event', head), event, sourceId });
}

export function snapshotFrame(
  head: Head & { readonly event: Shown; readonly snapshot: ShownSnapshot },
): string {
  const { event, snapshot } = head;
  return JSON.stringify({ ...headOf('@xstate.snapshot', head), event, snapshot: whole(snapshot) });
}
