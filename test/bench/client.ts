/** A process full of clients. It signs and opens sockets, so that the server's process does nothing but serve. */
import { WebSocket } from 'ws';
import { newDevice, type TestDevice } from '../protocol/device.ts';
import { type Ask, connectParams } from '../support/raw-client.ts';
import { answerCommands } from './child.ts';
import { SECRET } from './house.ts';

const AUTH = { token: SECRET } as const;
const devices: TestDevice[] = [];
const open = new Set<WebSocket>();

interface Work {
  readonly url: string;
  readonly count: number;
  readonly concurrency: number;
}

interface Rate {
  readonly url: string;
  readonly count: number;
  readonly perSecond: number;
}

function askOf(device: TestDevice): Ask {
  const waits = ['antechamber.wait'];
  const scopes = ['operator.read', 'operator.write'];
  return { device, scopes, auth: AUTH, mode: 'backend', clientId: 'gateway-client', caps: waits };
}

/** Runs `task` for 0..count-1, a few at a time. */
async function several(
  { count, concurrency }: Work,
  task: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
}

/** Begins a task so many times a second, whether or not those before it are done. */
async function steadily(
  { count, perSecond }: Rate,
  task: (index: number) => Promise<unknown>,
): Promise<void> {
  const startMs = performance.now();
  const under: Promise<unknown>[] = [];
  while (under.length < count) {
    const earlyMs = startMs + (under.length * 1000) / perSecond - performance.now();
    if (earlyMs > 0) await new Promise((resolve) => setTimeout(resolve, earlyMs));
    else under.push(task(under.length));
  }
  await Promise.all(under);
}

/** Opens a socket and answers its challenge; every later frame goes to `onFrame`. */
function connect(
  url: string,
  device: TestDevice,
  onFrame: (socket: WebSocket, frame: { event?: string; ok?: boolean; payload?: unknown }) => void,
): WebSocket {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  open.add(socket);
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data));
    if (frame.event !== 'connect.challenge') return onFrame(socket, frame);
    const params = connectParams(askOf(device), frame.payload);
    socket.send(JSON.stringify({ type: 'req', id: 'c1', method: 'connect', params }));
  });
  socket.on('close', () => open.delete(socket));
  return socket;
}

/** One connect until hello, then a close from this side; gives the hello. */
function oneConnect(url: string, index: number): Promise<unknown> {
  const device = devices[index % devices.length];
  if (!device) throw new Error('make devices first');
  return new Promise((resolve, reject) => {
    let hello: unknown;
    const socket = connect(url, device, (from, frame) => {
      if (frame.event !== undefined) return;
      if (!frame.ok) return reject(new Error(`refused: ${JSON.stringify(frame)}`));
      hello = frame.payload;
      from.close();
    });
    socket.on('error', reject);
    socket.on('close', () =>
      hello === undefined ? reject(new Error('closed before hello')) : resolve(hello),
    );
  });
}

/** Resolves when the gateway says that this connect waits. */
function park(url: string, index: number): Promise<void> {
  const device = devices[index];
  if (!device) throw new Error('make devices first');
  return new Promise((resolve, reject) => {
    const socket = connect(url, device, (_socket, frame) => {
      if (frame.event === 'connect.pending') resolve();
      else if (frame.ok === false) reject(new Error(`refused: ${JSON.stringify(frame)}`));
    });
    socket.on('error', reject);
  });
}

function idle(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    open.add(socket);
    socket.once('message', () => resolve());
    socket.on('error', reject);
  });
}

answerCommands<Work & Rate>({
  devices: ({ count }) => {
    while (devices.length < count) devices.push(newDevice());
  },
  hello: ({ url }) => oneConnect(url, 0),
  arrivals: (rate) => steadily(rate, (index) => oneConnect(rate.url, index)),
  connects: (work) => several(work, (index) => oneConnect(work.url, index)),
  park: (work) => several(work, (index) => park(work.url, index)),
  idle: (work) => several(work, () => idle(work.url)),
  open: () => open.size,
  leave: async () => {
    const gone = [...open].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of open) socket.terminate();
    await Promise.all(gone);
    open.clear();
  },
});
