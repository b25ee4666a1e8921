import { forgive, rotate } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { deviceIdOf } from '../../src/protocol/signature.ts';
import type { Line, Warp, Wire } from './warped.ts';

/** A way to be broken, and the cases that have to notice it. */
export interface Broken {
  readonly how: string;
  readonly noticed: readonly string[];
  /** A new one for each run: it may remember what it has seen. */
  readonly make: () => Warp;
}

const HELLO = { type: 'hello-ok', protocol: 4, server: { version: 'warped' }, auth: { role: 'operator' } };
const ok = (id: string, payload: unknown): Wire => ({ type: 'res', id, ok: true, payload });
const failed = (id: string, message: string, details = {}): Wire => {
  return { type: 'res', id, ok: false, error: { code: 'INVALID_REQUEST', message, details } };
};
const methodOf = ({ asked }: Line, id: string): Wire => asked.find((frame) => frame.id === id);
const isList = (frame: Wire): boolean => Array.isArray(frame.payload?.pending);
const ownerApproves = ({ house }: Line, requestId: string): Promise<unknown> =>
  approve(house.owner, requestId, null);

/** The id of a request without its revision. */
const baseOf = (requestId: string): string => requestId.split('.')[0] ?? '';

/** Each time an id is told it is another one; only the newest can be decided on, as in 2026.9.6. */
function movingIds(): Warp {
  const newest = new Map<string, string>();
  const real = new Map<string, string>();
  let count = 0;
  const renamed = (id: string): string => {
    const name = `moved-${++count}`;
    real.delete(newest.get(baseOf(id)) ?? '');
    newest.set(baseOf(id), name);
    real.set(name, id);
    return name;
  };
  return {
    said(frame) {
      if (frame.event === 'connect.pending') frame.payload.requestId = renamed(frame.payload.requestId);
      if (frame.error?.details?.requestId)
        frame.error.details.requestId = renamed(frame.error.details.requestId);
      if (isList(frame)) {
        for (const row of frame.payload.pending)
          row.requestId = newest.get(baseOf(row.requestId)) ?? row.requestId;
      }
      return frame;
    },
    asked(frame) {
      const named = frame.params?.requestId;
      if (named) frame.params.requestId = real.get(named) ?? named;
      return frame;
    },
  };
}

/** An approval gives what is newest, whatever was named. */
function newestApproved(): Warp {
  const newest = new Map<string, string>();
  return {
    said(frame) {
      const id = frame.payload?.requestId;
      if (frame.event === 'connect.pending') newest.set(baseOf(id), id);
      return frame;
    },
    asked(frame) {
      if (frame.method !== 'device.pair.approve') return frame;
      const { requestId } = frame.params;
      frame.params.requestId = newest.get(baseOf(requestId)) ?? requestId;
      return frame;
    },
  };
}

/** One list in five lacks a device that is there. */
function flickeringList(): Warp {
  let lists = 0;
  return {
    said(frame) {
      if (isList(frame) && frame.payload.paired.length > 20 && ++lists % 5 === 0)
        frame.payload.paired.shift();
      return frame;
    },
  };
}

/** What was decided is forgotten at once. */
function forgetful(): Warp {
  const decided = new Set<string>();
  return {
    asked(frame, { say }) {
      if (!/^device\.pair\.(approve|reject)$/.test(frame.method)) return frame;
      if (decided.has(frame.params.requestId)) {
        say(failed(frame.id, 'unknown requestId'));
        return null;
      }
      decided.add(frame.params.requestId);
      return frame;
    },
  };
}

/** Each approval ends the token that the device has. */
function tokensEnd(): Warp {
  const approved = new Map<string, number>();
  return {
    said(frame) {
      const deviceId = frame.payload?.device?.deviceId;
      if (frame.ok && deviceId) approved.set(deviceId, (approved.get(deviceId) ?? 0) + 1);
      return frame;
    },
    asked(frame, { say, close }) {
      const { auth, device } = frame.params ?? {};
      if (frame.method !== 'connect' || !auth?.deviceToken || (approved.get(device.id) ?? 0) < 2)
        return frame;
      say(failed(frame.id, 'unauthorized: device token mismatch'));
      close(1008, 'device token mismatch');
      return null;
    },
  };
}

/** After an approval there is a request for the same again. */
function phantoms(): Warp {
  return {
    said(frame) {
      if (!isList(frame)) return frame;
      const { pending, paired } = frame.payload;
      const waiting = new Set(pending.map((row: Wire) => row.deviceId));
      for (const { deviceId, tokens } of paired) {
        const scopes = tokens[0]?.scopes ?? [];
        if (!waiting.has(deviceId)) pending.push({ deviceId, requestId: `phantom-${deviceId}`, scopes });
      }
      return frame;
    },
  };
}

/** Whoever asks for more loses the sessions that it has. */
function jealous(): Warp {
  const lines = new Map<string, Line[]>();
  return {
    asked(frame, line) {
      if (frame.method !== 'connect' || !frame.params.device) return frame;
      const { id } = frame.params.device;
      const before = lines.get(id) ?? [];
      if (frame.params.scopes.length > 1) for (const { close } of before) close(1008, 'pairing required');
      lines.set(id, [...before, line]);
      return frame;
    },
  };
}

/** What a rotation took comes back with the next connect. */
function unnarrowing(): Warp {
  const before = new Map<string, string[]>();
  const rotated = new Set<string>();
  return {
    said(frame, line) {
      const auth = frame.payload?.auth;
      const device = methodOf(line, frame.id)?.params?.device;
      if (auth?.deviceToken && device) before.set(device.id, auth.scopes);
      return frame;
    },
    async asked(frame, { house }) {
      if (frame.method === 'device.token.rotate') rotated.add(frame.params.deviceId);
      const id = frame.params?.device?.id;
      const scopes = before.get(id);
      if (frame.method === 'connect' && scopes && rotated.delete(id)) {
        await rotate(house.owner, id, 'operator', scopes);
      }
      return frame;
    },
  };
}

const wordsOnly =
  (method: string): (() => Warp) =>
  () => ({
    asked(frame, { say }) {
      if (frame.method !== method) return frame;
      say(ok(frame.id, frame.params));
      return null;
    },
  });

/** Answers hello itself where `isFalse` holds for the connect: what the gateway would have refused. */
const letsIn =
  (isFalse: (device: Wire, line: Line) => boolean): (() => Warp) =>
  () => ({
    asked(frame, line) {
      if (frame.method !== 'connect' || !frame.params.device) return frame;
      if (!isFalse(frame.params.device, line)) return frame;
      line.say(ok(frame.id, HELLO));
      return null;
    },
  });

export const BROKEN: readonly Broken[] = [
  {
    how: 'ids move',
    noticed: ['I1-retries', 'I1-ids-stay', 'I2-widening', 'I2-union'],
    make: movingIds,
  },
  { how: 'the newest is approved', noticed: ['I2-widening', 'I2-union'], make: newestApproved },
  { how: 'a list lacks a device now and then', noticed: ['I15-list'], make: flickeringList },
  { how: 'decisions are forgotten', noticed: ['I7-two-deciders', 'I7-again'], make: forgetful },
  { how: 'an approval ends the old token', noticed: ['I12-token', 'I3-token-asks'], make: tokensEnd },
  {
    how: 'an approval leaves a request',
    noticed: ['seed-21688', 'I3-released', 'I15-list', 'I17-in-flight'],
    make: phantoms,
  },
  { how: 'asking for more ends the sessions', noticed: ['I12-grant'], make: jealous },
  { how: 'a connect undoes a rotation', noticed: ['seed-21688', 'I4-narrowed'], make: unnarrowing },
  {
    how: 'a revocation is words only',
    noticed: ['I16-revoked', 'I18-revoked'],
    make: wordsOnly('device.token.revoke'),
  },
  { how: 'a removal is words only', noticed: ['I18-removed'], make: wordsOnly('device.pair.remove') },
  {
    how: 'a rotation is words only',
    noticed: ['I4-narrowed', 'I4-widened', 'I18-narrowed'],
    make: wordsOnly('device.token.rotate'),
  },
  {
    how: 'a rotation without scopes takes some',
    noticed: ['I4-kept'],
    make: () => ({
      asked(frame) {
        if (frame.method === 'device.token.rotate') frame.params.scopes ??= ['operator.read'];
        return frame;
      },
    }),
  },
  {
    how: 'sessions outlive what ended them',
    noticed: ['I18-revoked', 'I18-removed'],
    make: () => ({ closed: (code, reason) => code !== 4001 && { code, reason } }),
  },
  {
    how: 'a rotation is told as a removal',
    noticed: ['I6-rotated'],
    make: () => ({
      closed: (code, reason) => ({ code, reason: code === 4001 ? 'device removed' : reason }),
    }),
  },
  {
    how: 'a rejection is forgotten',
    noticed: ['I13-declined'],
    make: () => ({
      async asked(frame, { house }) {
        if (frame.method === 'connect' && frame.params.device)
          await forgive(house.owner, frame.params.device.id);
        return frame;
      },
    }),
  },
  {
    how: 'whoever is connected may approve',
    noticed: ['I11-self', 'I11-beyond'],
    make: () => ({
      async asked(frame, line) {
        if (frame.method !== 'device.pair.approve' || !line.asked[0].params.device) return frame;
        await ownerApproves(line, frame.params.requestId);
        line.say(ok(frame.id, {}));
        return null;
      },
    }),
  },
  {
    how: 'who waits is thrown off',
    noticed: ['seed-21688', 'I5-told'],
    make: () => ({
      said(frame, { say, close, asked }) {
        if (frame.event !== 'connect.pending') return frame;
        const { id } = asked.find(({ method }) => method === 'connect');
        say(failed(id, 'pairing required', { requestId: frame.payload.requestId }));
        close(1008, 'pairing required');
        return null;
      },
    }),
  },
  {
    how: 'who was held is never let in',
    noticed: ['I3-released'],
    make: () => ({
      said: (frame, { heard }) =>
        frame.ok && heard.some(({ event }) => event === 'connect.pending') ? null : frame,
    }),
  },
  {
    how: 'notices come twice',
    noticed: ['I8-one-notice'],
    make: () => ({
      said(frame, { say }) {
        if (frame.event === 'device.pair.requested') say(frame);
        return frame;
      },
    }),
  },
  {
    how: 'a changed request is announced as rejected',
    noticed: ['I6-superseded'],
    make: () => ({
      said(frame, { say }) {
        if (frame.event === 'device.pair.requested') {
          const { deviceId, requestId } = frame.payload;
          say({
            type: 'event',
            event: 'device.pair.resolved',
            payload: { deviceId, requestId, decision: 'rejected' },
          });
        }
        return frame;
      },
    }),
  },
  {
    how: 'large frames are read',
    noticed: ['protocol-preauth-size'],
    make: () => ({ raw: (text) => text.replace(/x{65536,}/, 'x') }),
  },
  {
    how: 'what is no frame is ignored',
    noticed: ['protocol-first-frame'],
    make: () => ({ raw: (text) => (text.startsWith('{') ? text : null) }),
  },
  {
    how: 'a second connect is let in as well',
    noticed: ['protocol-two-connects'],
    make: () => ({
      asked(frame, { asked, say }) {
        if (frame.method !== 'connect' || asked.length === 1) return frame;
        say(ok(frame.id, HELLO));
        return null;
      },
    }),
  },
  {
    how: 'the nonce is not looked at',
    noticed: ['protocol-nonce-replay'],
    make: letsIn(({ nonce }, { heard }) => nonce !== heard[0]?.payload?.nonce),
  },
  {
    how: 'the id is not compared with the key',
    noticed: ['protocol-key-and-id'],
    make: letsIn(({ id, publicKey }) => id !== deviceIdOf(Buffer.from(publicKey, 'base64url'))),
  },
  {
    how: 'forwarded sockets count as local',
    noticed: ['I14-forwarded'],
    make: () => ({ headers: () => ({}) }),
  },
];
