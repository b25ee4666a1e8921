import { expect } from 'vitest';
import { connectionMachine } from '../../machines/connection.ts';
import { type Case, type ConnectionPath, caseName, placeOf, type Snapshot } from './connection-cases.ts';
import { ConnectionStage, type StageOptions } from './connection-stage.ts';
import { Expectation, inShort, type Told } from './told.ts';
import { walk } from './walk.ts';

/** What of one connection can be seen from outside, now. */
export async function told({ client, house, deeds }: ConnectionStage): Promise<Told> {
  const [session] = house.gateway.sessions();
  const { request } = await deeds.record();
  const { close } = client;
  return {
    frames: client.frames.map(inShort),
    close: close === undefined || close.code === 1006 || close.code === 1000 ? null : endOf(close),
    parked: house.gateway.parked(),
    live: session?.scopes ?? null,
    openRequests: request ? 1 : 0,
    audited: house.audit.length,
  };
}

/** A refusal's reason repeats its message, which other tests read; any other close has a reason of its own. */
function endOf({ code, reason }: { readonly code: number; readonly reason: string }): string {
  return /unauthorized|pairing required|gateway restarting|cannot decide/.test(reason)
    ? `${code}`
    : `${code} ${reason}`;
}

/** What the machine remembers, without the ids and numbers that only the store knows. */
const remembered = ({ context: { live, manner, request } }: Snapshot) => ({
  live,
  manner,
  revision: request?.revision,
});

/** Walks one path over a real socket; what its actor took and passed over is added to `seen`. */
export async function driveConnection(
  path: ConnectionPath,
  options: Omit<StageOptions, 'presentsToken'>,
  seen: { readonly taken: Set<string>; readonly passed: Set<string> },
): Promise<void> {
  const types = path.steps.map(({ event }) => event.type);
  const presentsToken = types[types.indexOf('proof.refused') - 1] === 'proof.accepted';
  const stage = await ConnectionStage.open({ ...options, presentsToken });
  const expectation = new Expectation();
  let heard = stage.log.last;
  try {
    await walk({
      machine: connectionMachine,
      steps: path.steps,
      test: (params) => path.test(params),
      cause: async (event) => {
        heard = await stage.cause(event as Case);
        expectation.after(event as Case);
      },
      reached: async (state: Snapshot) => {
        expect(placeOf(heard.after)).toBe(placeOf(state));
        // Settled is settled: the model keeps one of those states for all that it may remember.
        if (!state.hasTag('settled')) expect(remembered(heard.after)).toEqual(remembered(state));
        expect(await told(stage)).toEqual(expectation.told);
      },
    });
  } finally {
    stage.release();
  }
  for (const name of stage.log.taken) seen.taken.add(name);
  for (const name of stage.log.passed) seen.passed.add(name);
}

export function shownPath({ steps }: ConnectionPath): string {
  return steps
    .slice(1)
    .map(({ event }) => caseName(event as Case))
    .join(', ');
}
