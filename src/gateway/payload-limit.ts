import type { WebSocket } from 'ws';

/**
 * Limits the frames of one socket. ws has one limit for a whole server, and a stranger must not be able to make us
 * buffer what only an authorized session may send (GHSA-jv4g-m82p-2j93); so the receiver's own limit is set, which
 * a test holds in place. A frame that is too long ends the socket with 1009 before it is buffered.
 */
export function limitPayload(socket: WebSocket, bytes: number): void {
  const { _receiver: receiver } = socket as unknown as { _receiver?: { _maxPayload?: unknown } };
  if (typeof receiver?._maxPayload !== 'number')
    throw new Error('this version of ws keeps its payload limit elsewhere');
  receiver._maxPayload = bytes;
}
