import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import { expect, onTestFinished } from 'vitest';
import { Inspector } from '../../src/inspect/inspector.ts';
import { type InspectorServer, startInspectorServer } from '../../src/inspect/inspector-server.ts';
import { type House, type HouseOptions, openHouse } from '../support/harness.ts';

/** A frame as the package's own receiver hands it out. */
export type SeenFrame = StatelyInspectionEvent & {
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the wire holds.
  readonly snapshot?: any;
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly event?: any;
  readonly definition?: string;
  readonly name?: string;
  readonly sourceId?: string;
};

/** For what comes soon, on a machine that does much else. */
export const PATIENCE = { timeout: 20_000 } as const;

/** One who looks, through the receiver of `@statelyai/inspect`. */
export class Looker {
  readonly frames: SeenFrame[] = [];
  #wake = Promise.withResolvers<void>();

  constructor(url: string) {
    createWebSocketReceiver({ server: url }).subscribe((frame) => {
      this.frames.push(frame as SeenFrame);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    });
  }

  /** Waits until `find` gives something. */
  async until<T>(find: (frames: readonly SeenFrame[]) => T | undefined | false): Promise<T> {
    for (;;) {
      const found = find(this.frames);
      if (found) return found;
      await this.#wake.promise;
    }
  }

  of(sessionId: string): readonly SeenFrame[] {
    return this.frames.filter((frame) => frame.sessionId === sessionId);
  }

  /** Waits for an actor of this machine that stands in this state; gives its session id. */
  async standing(machine: string, value: unknown): Promise<string> {
    const wanted = JSON.stringify(value);
    const frame = await this.until((frames) =>
      frames.find(
        ({ sessionId, snapshot }) =>
          JSON.stringify(snapshot?.value) === wanted && this.machineOf(sessionId).id === machine,
      ),
    );
    return frame.sessionId;
  }

  // biome-ignore lint/suspicious/noExplicitAny: a definition is what the machine's author wrote.
  machineOf(sessionId: string): any {
    const { definition = '{}' } = this.of(sessionId).find(({ type }) => type === '@xstate.actor') ?? {};
    return JSON.parse(definition);
  }
}

export interface InspectedHouse {
  readonly house: House;
  readonly inspector: Inspector;
  readonly server: InspectorServer;
  /** One more who looks; resolves when nothing can be missed any more. */
  look(): Promise<Looker>;
}

/** A house whose actors can be looked at, over the real server. Ends with the test. */
export async function openInspected(options: HouseOptions = {}): Promise<InspectedHouse> {
  const inspector = new Inspector();
  const house = await openHouse({
    ...options,
    gateway: { inspect: inspector, ...options.gateway },
    authority: { onStep: inspector.stepped, ...options.authority },
  });
  const server = await startInspectorServer(inspector);
  onTestFinished(() => server.stop());
  const look = async (): Promise<Looker> => {
    const before = inspector.viewers;
    const looker = new Looker(server.socketUrl);
    await expect.poll(() => inspector.viewers, { ...PATIENCE, interval: 5 }).toBe(before + 1);
    return looker;
  };
  return { house, inspector, server, look };
}
