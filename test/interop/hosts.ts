/** Programs that stay: the node hosts of both generations, and the client of another project. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Owner } from './people.ts';
import { Running, surroundings } from './program.ts';
import { FROM_ELSEWHERE, type Passed, Recorder } from './recorder.ts';
import type { Seen, Story } from './stories.ts';
import type { Trip } from './travel.ts';

const isHello = (passed: Passed): boolean => 'frame' in passed && passed.frame.payload?.type === 'hello-ok';
const isPending = (passed: Passed): boolean => 'frame' in passed && passed.frame.event === 'connect.pending';
const isTold = (passed: Passed): boolean => 'close' in passed && passed.from === 'gateway';

/** Longer than the slice of a node, and than the pause of a client that was told to come back. */
const PATIENCE_MS = 60_000;
const BEYOND_A_SLICE_MS = 20_000;

type Host = (trip: Trip, port: number) => Running;

/** `openclaw node run`, with the secret where its installer puts it. */
const nodeRun: Host = ({ cache, release, home, gateway }, port) =>
  new Running({
    program: cache.cli(release),
    args: ['node', 'run', '--host', '127.0.0.1', '--port', String(port)],
    root: home,
    env: {
      ...surroundings(home, join(cache.folder, 'compiled')),
      OPENCLAW_GATEWAY_TOKEN: gateway.secret,
    },
  });

/** A program that uses `openclaw-node` as its readme shows. */
function librarySource(module: string, port: number, secret: string): string {
  return `
    import { OpenClawClient } from ${JSON.stringify(module)};
    const client = new OpenClawClient({
      url: 'ws://127.0.0.1:${port}',
      token: ${JSON.stringify(secret)},
      deviceIdentityPath: './device.json',
    });
    client.on?.('error', (error) => console.error(String(error)));
    await client.connect().catch((error) => console.error(String(error)));
    setInterval(() => {}, 1000);
  `;
}

const library: Host = ({ cache, home, gateway }, port) => {
  const env = surroundings(home, join(cache.folder, 'compiled'));
  const main = join(home, 'program.mjs');
  writeFileSync(main, librarySource(cache.nodeHost.main, port, gateway.secret));
  return new Running({ program: { node: cache.nodeHost.node, main }, args: [], root: home, env });
};

/**
 * Pairs, waits longer than a slice, and is in without anybody touching it once an owner has approved: `back` after it
 * was told to come again, `held` on its first socket, because it would end or give up when it was refused.
 */
function waits(name: string, host: Host, manner: 'back' | 'held'): Story {
  return async (trip) => {
    const recorder = await Recorder.start({ port: trip.gateway.port, headers: FROM_ELSEWHERE });
    const owner = await Owner.arrive(trip.gateway, trip.release);
    const running = host(trip, recorder.port);
    const until = (wanted: (passed: Passed) => boolean, from = 0) =>
      recorder.until(wanted, from, PATIENCE_MS);
    try {
      await until(isPending);
      const told: Seen[] = [];
      if (manner === 'held') {
        await sleep(BEYOND_A_SLICE_MS);
        told.push({
          what: `${name}: still held`,
          isRight: !running.hasEnded && !recorder.passed.some(isTold),
        });
      } else {
        await until(isTold);
        const refused = recorder.passed.length;
        await until(isPending, refused);
        const ids = new Set((await owner.pending()).map(({ requestId }) => requestId));
        told.push({ what: `${name}: back by itself, ${ids.size} request`, isRight: ids.size === 1 });
      }
      const [request] = await owner.pending();
      const approvedAt = performance.now();
      await owner.approve(request?.requestId ?? '');
      const ms = (await until(isHello)).atMs - approvedAt;
      const what = `${name}: hello ${ms.toFixed(0)} ms after the approval, on the socket that waited`;
      return [...told, { what, isRight: !running.hasEnded }];
    } catch (cause) {
      const said = `${running.out}${running.err}\n${JSON.stringify(recorder.passed.slice(-6))}`;
      throw new Error(`${name}: ${(cause as Error).message}\n${said}`, { cause });
    } finally {
      await running.stop();
      await owner.leave();
      await recorder.stop();
    }
  };
}

const backOf = (manner: 'back' | 'held'): Story => waits('openclaw node run', nodeRun, manner);

/** The older one ends when it is refused, and is held for as long as can be. */
export const node: Story = (trip) => backOf(trip.release.protocol === 3 ? 'held' : 'back')(trip);

/** It gives up after ten refusals, and is held, too. */
export const otherClient: Story = waits('openclaw-node', library, 'held');
