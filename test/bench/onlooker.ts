/** A process that looks at the live actors of a gateway, and reads all that it is sent. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { answerCommands } from './child.ts';

let socket: WebSocket | undefined;
let frames = 0;
let bytes = 0;
let missed = 0;

answerCommands<{ readonly socketUrl: string }>({
  look: async ({ socketUrl }) => {
    socket = new WebSocket(socketUrl, { perMessageDeflate: false });
    socket.on('message', (data) => {
      const text = String(data);
      frames += 1;
      bytes += text.length;
      if (text.includes('frames.dropped')) missed += Number(JSON.parse(text).event?.count ?? 0);
    });
    await once(socket, 'open');
  },
  leave: async () => {
    const closed = socket && once(socket, 'close');
    socket?.close();
    await closed;
  },
  seen: () => ({ frames, bytes, missed }),
});
