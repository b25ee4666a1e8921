/**
 * Waiting as people meet it: an owner approves at some moment of an hour, and the client is usable so much later.
 * The gateway's code and the sockets are real. Time is virtual: one turned clock drives the gateway's deadlines and
 * the clients' delays, and it stands still while bytes are on their way.
 */
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { newDevice } from '../protocol/device.ts';
import { TestClock } from '../support/clock.ts';
import { type ClientModel, MODELS } from './clients.ts';
import { Episode } from './episode.ts';
import { type Figure, quantile } from './figures.ts';
import { type BenchHouse, openBenchHouse } from './house.ts';

const STEP_MS = 50;

export interface WaitingPlan {
  readonly episodes: number;
  readonly longestMs: number;
}

/** A client of the model, and when its owner approves. */
interface Planned {
  readonly episode: Episode;
  readonly approveAtMs: number;
  approved: boolean;
}

export interface Waited {
  /** From the approval until hello; infinite when the client had given up, or never came back. */
  readonly ms: number;
  readonly connects: number;
  readonly parkedShare: number;
}

/** Lets everything happen that does not need time to pass. */
async function settle({ gateway }: BenchHouse, planned: readonly Planned[]): Promise<void> {
  const isSettled = (): boolean => {
    const parked = planned.filter(({ episode }) => episode.isParked).length;
    return parked === gateway.parked() && !planned.some(({ episode }) => episode.isBusy);
  };
  await turnOfLoop();
  while (!isSettled()) await turnOfLoop();
}

async function approveDue(house: BenchHouse, planned: readonly Planned[], nowMs: number): Promise<void> {
  for (const plan of planned) {
    const { requestId } = plan.episode;
    if (plan.approved || plan.approveAtMs > nowMs || requestId === undefined) continue;
    plan.approved = true;
    await house.approve(requestId);
  }
}

/** Runs one model with an approval after each of these times; all clients at once, each with a device of its own. */
export async function waitVirtually(
  model: ClientModel,
  approveAfterMs: readonly number[],
): Promise<Waited[]> {
  const clock = new TestClock();
  const most = approveAfterMs.length * 2;
  const limits = { parked: most, parkedPerAddress: most };
  // The request must outlive a client that has given up, or there would be nothing to approve.
  const house = await openBenchHouse({
    clock,
    limits,
    runTimers: false,
    terms: { lifetimeMs: 24 * 3_600_000 },
  });
  const startMs = clock.now();
  const planned = approveAfterMs.map((afterMs) => ({
    episode: new Episode(house.gateway.url, model, newDevice(), () => clock.now()),
    approveAtMs: startMs + afterMs,
    approved: false,
  }));
  // Whoever has not come back two longest delays after the last approval never will.
  const endMs = startMs + Math.max(...approveAfterMs) + 120_000;
  let open: Planned[] = planned;
  while (open.length > 0 && clock.now() <= endMs) {
    await approveDue(house, open, clock.now());
    for (const { episode } of open) episode.turn();
    await settle(house, open);
    open = open.filter(({ episode }) => !episode.isOver);
    clock.advance(STEP_MS);
    await house.gateway.turn();
    await settle(house, open);
  }
  for (const { episode } of open) episode.end();
  await house.stop();
  return planned.map(({ episode, approveAtMs }) => waitedOf(episode, startMs, approveAtMs));
}

function waitedOf({ usableAtMs, connects, parkedMs }: Episode, startMs: number, approveAtMs: number): Waited {
  const lived = (usableAtMs ?? approveAtMs) - startMs;
  return {
    ms: (usableAtMs ?? Number.POSITIVE_INFINITY) - approveAtMs,
    connects,
    parkedShare: parkedMs / Math.max(1, lived),
  };
}

function figuresOf(model: ClientModel, waited: readonly Waited[], longestMs: number): Figure[] {
  const { name, protocol, mode, mostReconnects } = model;
  const seconds = waited.map(({ ms }) => ms / 1000);
  const served = seconds.filter(Number.isFinite);
  const share = (100 * waited.reduce((sum, { parkedShare }) => sum + parkedShare, 0)) / waited.length;
  const about = `${name} (${mode}, protocol ${protocol})`;
  const note = `VIRTUAL time, ${waited.length} approvals at random within ${longestMs / 60_000} min, steps of ${STEP_MS} ms`;
  const spread = served.length > 0 && { lowest: Math.min(...served), highest: Math.max(...served) };
  const fromStart = Number.isFinite(mostReconnects)
    ? [
        {
          name: `${about}: let in by itself`,
          value: (100 * served.length) / seconds.length,
          unit: '%',
          note: `the rest gave up after ${mostReconnects} reconnects, as its defaults say`,
        },
      ]
    : [];
  return [
    { name: `${about}: p50`, value: quantile(seconds, 0.5), unit: 's', note, headline: `${name} p50` },
    { name: `${about}: p99`, value: quantile(seconds, 0.99), unit: 's', ...spread, headline: `${name} p99` },
    { name: `${about}: parked`, value: share, unit: '% of its wait' },
    ...fromStart,
  ];
}

export async function measureWaiting({ episodes, longestMs }: WaitingPlan): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const model of MODELS) {
    const approveAfterMs = Array.from({ length: episodes }, () => Math.random() * longestMs);
    figures.push(...figuresOf(model, await waitVirtually(model, approveAfterMs), longestMs));
  }
  return figures;
}
