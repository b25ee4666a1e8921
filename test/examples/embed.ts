import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Authority, attach, ok, openKeyRing, refused } from 'antechamber';
import { openSqliteStore } from 'antechamber/store/sqlite';
import { WebSocketServer } from 'ws';

/** A chat server of your own on `ws`: nobody speaks before an owner has let the device in. */
export async function startChat(folder: string, secret: string, log: (line: string) => void) {
  const store = await openSqliteStore({ path: join(folder, 'devices.sqlite') });
  const keys = await openKeyRing(folder, store);
  const authority = new Authority({
    store,
    realm: keys.realm,
    // Guards against a database that is put back from a backup.
    onDecision: (seq) => keys.mark(seq),
    onAudit: log,
  });

  const http = createServer();
  const room = attach(new WebSocketServer({ server: http }), {
    authority,
    auth: { mode: 'token', secret },
    methods: {
      'chat.say': {
        scope: 'operator.write',
        handle: ({ session, params }) => {
          const { text } = (params ?? {}) as { text?: unknown };
          if (typeof text !== 'string') return refused('invalid chat.say params: text must be a string');
          room.broadcast('chat.said', { text, from: session.deviceId.slice(0, 12) });
          return ok({ told: room.sessions().length });
        },
      },
    },
    events: ['chat.said'],
    onAuthorized: (session) => log(`${session.deviceId.slice(0, 12)} may use ${session.scopes.join(' ')}`),
    onScopesChanged: (session) => log(`${session.deviceId.slice(0, 12)} now: ${session.scopes.join(' ')}`),
    onEnded: (session) => log(`${session.deviceId.slice(0, 12)} is gone`),
  });

  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const stop = async () => {
    await room.stop('the chat closes');
    http.close();
    keys.close();
    await store.close();
  };
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`, authority, stop };
}
