import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { House } from '../support/harness.ts';

// biome-ignore lint/suspicious/noExplicitAny: a warp reads and changes whatever the wire holds.
export type Wire = any;

/** One socket through the warp. */
export interface Line {
  readonly house: House;
  /** Sends to the client what the gateway never said. */
  readonly say: (frame: Wire) => void;
  readonly close: (code: number, reason: string) => void;
  /** What the gateway said and the client asked on this socket so far, before any change. */
  readonly heard: Wire[];
  readonly asked: Wire[];
}

/** How a gateway is bent. What a hook gives is passed on in place of the frame; null passes nothing on. */
export interface Warp {
  readonly asked?: (frame: Wire, line: Line) => Wire | null | Promise<Wire | null>;
  readonly said?: (frame: Wire, line: Line) => Wire | null;
  /** A first message that is not JSON, or too long to be looked at. */
  readonly raw?: (text: string) => string | null;
  /** False keeps the client's socket open when the gateway closes its own. */
  readonly closed?: (code: number, reason: string) => { code: number; reason: string } | false;
  readonly headers?: (headers: IncomingMessage['headers']) => IncomingMessage['headers'];
}

const PASSED_ON = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'cf-connecting-ip', 'via', 'origin'];

/** A gateway between the client and a house: what it lets through is real, what it changes is broken. */
export async function warped(house: House, warp: Warp): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 1024 * 1024 });
  await once(server, 'listening');
  const upstreams: WebSocket[] = [];
  server.on('connection', (client, request) => {
    const sent = Object.entries(request.headers).filter(([name]) => PASSED_ON.includes(name));
    const headers = warp.headers?.(Object.fromEntries(sent)) ?? Object.fromEntries(sent);
    const upstream = new WebSocket(house.gateway.url, { headers: headers as Record<string, string> });
    upstreams.push(upstream);
    join(house, warp, client, upstream);
  });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    for (const upstream of upstreams) upstream.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function join(house: House, warp: Warp, client: WebSocket, upstream: WebSocket): void {
  const line: Line = {
    house,
    say: (frame) => client.send(JSON.stringify(frame)),
    close: (code, reason) => client.close(code, reason),
    heard: [],
    asked: [],
  };
  const isOpen = once(upstream, 'open');
  // Frames stay in order, also when a warp takes its time over one.
  let turn: Promise<void> = isOpen.then(() => {}).catch(() => {});
  client.on('message', (data) => {
    turn = turn.then(() => pass(String(data))).catch(() => {});
  });
  const pass = async (text: string): Promise<void> => {
    let frame: Wire;
    try {
      frame = JSON.parse(warp.raw?.(text) ?? text);
    } catch {
      if (warp.raw === undefined || warp.raw(text) !== null) upstream.send(text);
      return;
    }
    line.asked.push(structuredClone(frame));
    const changed = warp.asked ? await warp.asked(frame, line) : frame;
    if (changed !== null) upstream.send(JSON.stringify(changed));
  };
  upstream.on('message', (data) => {
    const frame = JSON.parse(String(data));
    line.heard.push(structuredClone(frame));
    const changed = warp.said ? warp.said(frame, line) : frame;
    if (changed !== null && client.readyState === WebSocket.OPEN) line.say(changed);
  });
  upstream.on('close', (code, reason) => {
    const told = { code, reason: reason.toString() };
    const closing = warp.closed ? warp.closed(code, told.reason) : told;
    if (closing === false) return;
    if (closing.code === 1006 || closing.code === 1005) client.terminate();
    else client.close(closing.code, closing.reason);
  });
  upstream.on('error', () => client.terminate());
  client.on('close', () => upstream.terminate());
}
