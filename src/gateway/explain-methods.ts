import Type from 'typebox';
import { callerDevice, seesOthers } from '../authority/callers.ts';
import { explainDevice } from '../authority/explaining.ts';
import { deviceAt } from '../authority/past.ts';
import { callerOf } from './caller-of.ts';
import { method } from './device-methods.ts';
import { type Answer, type Method, ok, refused } from './method.ts';
import type { Session } from './session.ts';

const Id = Type.String({ minLength: 1, maxLength: 128 });
const Scopes = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 64 });
const Explain = Type.Object({ deviceId: Id, scopes: Type.Optional(Scopes) });
const At = Type.Object({ deviceId: Id, atMs: Type.Integer({ minimum: 0 }) });

/** A device token alone sees only its own device (PROTOCOL 5.5 rule 4). */
async function ifSeen(session: Session, deviceId: string, read: () => Promise<object>): Promise<Answer> {
  const caller = callerOf(session);
  if (!seesOthers(caller) && callerDevice(caller) !== deviceId) return refused('device history denied');
  return ok(await read());
}

/** Our own `device.explain` and `device.at`: why a device waits, and how it was. */
export function explainMethods(): readonly (readonly [string, Method])[] {
  return [
    method('device.explain', Explain, ({ deviceId, scopes }, { session }) =>
      ifSeen(session, deviceId, async () => ({
        explanation: (await explainDevice(session.core.authority, deviceId, scopes ?? null)) ?? null,
      })),
    ),
    method('device.at', At, ({ deviceId, atMs }, { session }) =>
      ifSeen(session, deviceId, async () => ({
        past: (await deviceAt(session.core.authority, deviceId, atMs)) ?? null,
      })),
    ),
  ];
}
