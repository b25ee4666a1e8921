import { type Case, Unjudged } from './case.ts';
import { cleanUp } from './clean.ts';
import { makeDevice, type Throwaway } from './device.ts';
import { findOwner } from './owner.ts';
import { READ, Scene } from './scene.ts';
import { type Headers, Target, type TargetOptions } from './target.ts';
import { type Entry, Trace } from './trace.ts';

export interface Result {
  readonly id: string;
  readonly invariant: string;
  readonly title: string;
  readonly expected: string;
  /** `error`: the case could not be carried out, so that nothing is known. */
  readonly verdict: 'pass' | 'fail' | 'not-applicable' | 'error';
  /** What was seen, or why nothing was. */
  readonly saw: readonly string[];
  readonly tookMs: number;
  /** Secrets, keys, signatures and other devices are replaced in it. */
  readonly frames: readonly Entry[];
}

export interface Report {
  readonly url: string;
  /** What the gateway calls itself. */
  readonly gateway: string;
  readonly protocol: number;
  /** What devices sent so that they look remote; null when they connected as they are. */
  readonly asRemote: Headers | null;
  /** Which connection decided. */
  readonly owner: 'shared-secret' | 'device';
  /** What the gateway does that the cases had to work around. */
  readonly notes: readonly string[];
  readonly results: readonly Result[];
  /** What could not be cleaned up. */
  readonly left: readonly string[];
  readonly interrupted: boolean;
  readonly tookMs: number;
}

export interface RunOptions extends TargetOptions {
  readonly cases: readonly Case[];
  /** Ms of a clock that does not go back. */
  readonly now: () => number;
  /** Ends the run; what was made is cleaned up all the same. */
  readonly signal: AbortSignal;
  readonly onResult: (result: Result) => void;
  /** The gateway's owner has to approve this request before the run can begin. */
  readonly onWaiting: (requestId: string) => void;
}

const BUDGET_MS = 15_000;

/** Runs the cases one after the other, and cleans up. Rejects with Unreachable or NoOwner when none can be judged. */
export async function conform(options: RunOptions): Promise<Report> {
  const began = options.now();
  const devices: Throwaway[] = [];
  const newTrace = (): Trace => new Trace(options.now);
  const target = new Target(options);
  const ownDevice = makeDevice('owner');
  const { signal, onWaiting } = options;
  await target.greet(newTrace(), signal);
  const ownerDevice = await findOwner(target, ownDevice, { trace: newTrace(), signal }, onWaiting);
  const newDevice = (): Throwaway => {
    const device = makeDevice(letters(devices.length));
    devices.push(device);
    return device;
  };
  const stage: Stage = { ...options, target, ownerDevice, newDevice, newTrace };
  const results: Result[] = [];
  let notes: readonly string[] = [];
  try {
    notes = await peculiarities(stage);
    for (const one of options.cases) {
      if (signal.aborted) break;
      const result = await judge(one, stage);
      results.push(result);
      options.onResult(result);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  const left = await cleanUp(target, devices, ownerDevice, newTrace());
  return {
    url: plainUrl(target.url),
    gateway: target.version,
    protocol: target.protocol,
    asRemote: target.remoteHeaders,
    owner: ownerDevice ? 'device' : 'shared-secret',
    notes,
    results,
    left,
    interrupted: signal.aborted,
    tookMs: Math.round(options.now() - began),
  };
}

interface Stage extends Pick<RunOptions, 'now' | 'signal'> {
  readonly target: Target;
  readonly ownerDevice: Throwaway | null;
  readonly newDevice: () => Throwaway;
  readonly newTrace: () => Trace;
}

async function judge(one: Case, stage: Stage): Promise<Result> {
  const began = stage.now();
  const trace = stage.newTrace();
  const budgetMs = one.budgetMs ?? BUDGET_MS;
  const late = AbortSignal.timeout(budgetMs);
  const signal = AbortSignal.any([stage.signal, late]);
  const scene = new Scene({ ...stage, trace, signal });
  const { id, invariant, title, expected } = one;
  const judged = (verdict: Result['verdict'], saw: readonly string[]): Result => {
    const tookMs = Math.round(stage.now() - began);
    return { id, invariant, title, expected, verdict, saw, tookMs, frames: trace.entries };
  };
  try {
    await one.run(scene);
    return scene.broken.length > 0 ? judged('fail', scene.broken) : judged('pass', [...new Set(scene.seen)]);
  } catch (error) {
    // What was seen before the case broke off counts.
    if (scene.broken.length > 0) return judged('fail', scene.broken);
    if (error instanceof Unjudged) return judged('not-applicable', [error.message]);
    return judged('error', [brokenOff(error, stage.signal, late, budgetMs)]);
  } finally {
    scene.end();
  }
}

function brokenOff(error: unknown, run: AbortSignal, late: AbortSignal, budgetMs: number): string {
  if (run.aborted) return 'interrupted';
  if (late.aborted) return `no verdict within ${budgetMs} ms`;
  return error instanceof Error ? error.message : String(error);
}

/** What a reader has to know of this gateway to read the verdicts. */
async function peculiarities(stage: Stage): Promise<readonly string[]> {
  const signal = AbortSignal.any([stage.signal, AbortSignal.timeout(BUDGET_MS)]);
  const scene = new Scene({ ...stage, trace: stage.newTrace(), signal });
  const notes: string[] = [];
  try {
    if (stage.target.isLoopback) {
      const local = await scene.ask(scene.device(), READ, { headers: {} });
      if (local.end === 'let-in') notes.push('it pairs a new local device by itself');
    }
    const remote = await scene.ask(scene.device(), READ);
    const byItself = stage.target.remoteHeaders ? 'although it does not look local' : 'as local';
    if (remote.end === 'let-in') {
      notes.push(
        `it pairs a new device by itself, ${byItself}: upgrades are judged in place of first pairings. To judge all ` +
          'of it, run this from another machine, or turn that off (OpenClaw: gateway.nodes.pairing.autoApproveLocal)',
      );
    }
    if (remote.end === 'held') notes.push('it holds a connect that waits');
    if (remote.end === 'refused') notes.push('it refuses a connect that waits');
  } finally {
    scene.end();
  }
  return notes;
}

/** A, B, ..., Z, AA, AB, ... */
function letters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}

/** Without what may be a secret in it: a report is made to be shown. */
function plainUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}
