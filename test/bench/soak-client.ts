/** One program of a device that is not let in and comes back every second. */
import { createPrivateKey } from 'node:crypto';
import { WebSocket } from 'ws';
import { deviceOf, type TestDevice } from '../protocol/device.ts';
import { connectParams } from '../support/raw-client.ts';
import { answerCommands } from './child.ts';
import { SECRET } from './house.ts';

export interface Program {
  readonly url: string;
  readonly privateKeyPem: string;
  readonly scopes: readonly string[];
  readonly protocol: 3 | 4;
  /** Whether it drops its socket before it comes back, as a one-shot command does that ran into its own deadline. */
  readonly hangsUp: boolean;
}

export interface Attempt {
  readonly kind: 'parked' | 'refused' | 'hello';
  readonly requestId: string | null;
  readonly scopes: readonly string[];
}

let program: Program | undefined;
let device: TestDevice | undefined;
let last: WebSocket | undefined;

interface Frame {
  readonly event?: string;
  readonly ok?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the wire holds.
  readonly payload?: any;
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly error?: any;
}

/** What an attempt came to; undefined while it has come to nothing yet. */
function attemptOf({ event, ok, payload, error }: Frame): Attempt | undefined {
  if (event === 'connect.pending') return { kind: 'parked', requestId: payload.requestId, scopes: [] };
  if (ok === true) return { kind: 'hello', requestId: null, scopes: payload.auth.scopes };
  if (ok === false) return { kind: 'refused', requestId: error.details?.requestId ?? null, scopes: [] };
  return undefined;
}

function attempt(): Promise<Attempt> {
  if (!program || !device) throw new Error('start first');
  const { url, scopes, protocol, hangsUp } = program;
  const of = device;
  if (hangsUp) last?.terminate();
  const socket = new WebSocket(url, { perMessageDeflate: false });
  last = socket;
  return new Promise((resolve, reject) => {
    socket.on('message', (data) => {
      const frame: Frame = JSON.parse(String(data));
      if (frame.event !== 'connect.challenge') {
        const made = attemptOf(frame);
        if (made) resolve(made);
        return;
      }
      const auth = { token: SECRET };
      const ask = {
        device: of,
        scopes,
        auth,
        protocol,
        mode: 'backend',
        clientId: 'gateway-client',
      };
      const params = connectParams(ask, frame.payload);
      socket.send(JSON.stringify({ type: 'req', id: 'c1', method: 'connect', params }));
    });
    socket.on('error', reject);
    socket.on('close', (code, reason) => reject(new Error(`closed ${code} ${reason} before an answer`)));
  });
}

answerCommands<Program>({
  start: (args) => {
    program = args;
    device = deviceOf(createPrivateKey(args.privateKeyPem));
  },
  attempt,
  leave: () => last?.terminate(),
});
