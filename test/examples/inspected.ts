import { attach, Inspector, openAuthority, startInspectorServer } from 'antechamber';
import type { WebSocketServer } from 'ws';

/** Devices wait in front of your server, and you see each of them in a browser, at `url`. It is for you alone. */
export async function attachInspected(server: WebSocketServer, folder: string, secret: string) {
  const inspector = new Inspector();
  const { authority, close } = await openAuthority({ folder, onStep: inspector.stepped });
  const room = attach(server, { authority, auth: { mode: 'token', secret }, inspect: inspector });
  const shown = await startInspectorServer(inspector, { port: 0 });
  const stop = async () => {
    await room.stop('the server closes');
    await shown.stop();
    await close();
  };
  return { authority, url: shown.url, socketUrl: shown.socketUrl, stop };
}
