/** A refusal on the wire: the error response and the close that follows it (PROTOCOL section 6). */
import type { Close, CloseCode } from './faults.ts';
import { closeReason, type WireError } from './frames.ts';
import type { Protocol } from './version.ts';

/** Every refused connect is answered, then closed; the response must be flushed first (PROTOCOL section 6.3). */
export interface Refusal {
  readonly error: WireError;
  readonly close: Close;
}

/** Who is told: it decides the wording of hints and nothing else. */
export type ClientKind = 'cli' | 'local-cli' | 'control-ui' | 'ui' | 'other';

/** To whom a denial is told. */
export interface Peer {
  readonly protocol: Protocol;
  readonly clientKind: ClientKind;
  /** It runs once and shows a person what it was told. */
  readonly commandLine?: boolean;
  /** The device that the peer presented, if it did. */
  readonly deviceId?: string;
}

/** The id of OpenClaw's dashboard. */
export const CONTROL_UI = 'openclaw-control-ui';

/** The kind of a client; `local` as DESIGN I14 defines it. */
export function clientKindOf(
  client: { readonly id: string; readonly mode: string },
  local: boolean,
): ClientKind {
  if (client.id === 'cli') return local ? 'local-cli' : 'cli';
  if (client.id === CONTROL_UI) return 'control-ui';
  return client.mode === 'webchat' || client.mode === 'ui' ? 'ui' : 'other';
}

/** A refusal whose close reason is the message, or `reason` where the message is too long to survive the cut. */
export function refusal(error: WireError, code: CloseCode = 1008, reason: string = error.message): Refusal {
  return { error, close: { code, reason: closeReason(reason) } };
}

const LONGEST_REASON = 120;

/** Some clients read the id from the close reason only (PROTOCOL Appendix C), so the text gives way, never the id. */
export function reasonWithId(text: string, requestId: string | null): string {
  if (requestId === null) return closeReason(text);
  const id = ` (requestId: ${requestId})`;
  return closeReason(text, LONGEST_REASON - id.length) + id;
}
