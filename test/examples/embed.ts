import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { attach, ok, openAuthority } from 'antechamber';
import { WebSocketServer } from 'ws';

/** A chat server of your own on `ws`: nobody speaks before an owner has let the device in. */
export async function startChat(folder: string, secret: string, log: (line: string) => void) {
  const { authority, close } = await openAuthority({ folder, onAudit: log });

  const http = createServer();
  const room = attach(new WebSocketServer({ server: http }), {
    authority,
    auth: { mode: 'token', secret },
    methods: {
      'chat.say': {
        scope: 'operator.write',
        handle: ({ session, params }) => {
          room.broadcast('chat.said', { said: params, from: session.deviceId });
          return ok({ told: room.sessions().length });
        },
      },
    },
    events: ['chat.said'],
    onAuthorized: (session) => log(`${session.deviceId} may use ${session.scopes.join(' ')}`),
    onScopesChanged: (session) => log(`${session.deviceId} may now use ${session.scopes.join(' ')}`),
    onEnded: (session) => log(`${session.deviceId} is gone`),
  });

  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const stop = async () => {
    await room.stop('the chat closes');
    http.close();
    await close();
  };
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`, authority, stop };
}
